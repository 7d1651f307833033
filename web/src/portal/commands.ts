// The lines that a developer copies, for the host that the page came from.

import type { Platform } from "../shapes";

export interface Commands {
  curl: string;
  sse: string;
  /** null: the platform tells of no MQTT listener. */
  mqtt: string | null;
}

const MQTT_PORT = 1883;
const MQTTS_PORT = 8883;

/** `origin` and `host` as the browser has them; `host` may be `[::1]`. */
export function commands(origin: string, host: string, platform: Platform, key: string): Commands {
  const header = `-H "Authorization: Bearer ${key}"`;
  return {
    curl: `curl -s ${header} "${origin}/v1/latest?limit=5"`,
    sse: `curl -sN ${header} "${origin}/v1/stream"`,
    mqtt: mqttLine(host.replace(/^\[|\]$/g, ""), platform.listeners, key),
  };
}

function mqttLine(host: string, listeners: Record<string, number>, key: string): string | null {
  const [plain, tls] = [listeners["mqtt"], listeners["mqtts"]];
  const port = plain ?? tls;
  if (port === undefined) return null;
  const usual = plain !== undefined ? MQTT_PORT : MQTTS_PORT;
  const ports = port === usual && plain !== undefined ? "" : ` -p ${port}`;
  const secured = plain === undefined ? " --tls-use-os-certs" : "";
  return `mosquitto_sub -h ${host}${ports}${secured} -u app -P "${key}" -t "open/#" -v`;
}
