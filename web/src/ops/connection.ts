// One device's connection: from where, how, how busily, and what went wrong
// last. Whether it is there stands above, among the facts.

import { h } from "../dom";
import { dateTimeText, numberText, shortTimeText } from "../format";
import type { DeviceConnection, DeviceEvent } from "../shapes";
import { language, t, word } from "../text";

/** Shown once it was read; before that there is nothing to say. */
export function connectionSection(connection: DeviceConnection | null): HTMLElement {
  if (connection === null) return h("section.connection", { hidden: true });
  const facts = connection.connected ? standing(connection) : [];
  if (connection.gateway) facts.push(fact("connection.gateway", gatewayText(connection.gateway)));
  return h(
    "section.connection",
    {},
    h("h3", {}, t("connection.head")),
    h("dl.facts", {}, ...facts),
    facts.length === 0 && !connection.last_disconnect && !connection.last_error && h("p.empty", {}, t("connection.empty")),
    h(
      "ul.log",
      {},
      connection.last_disconnect && eventItem("connection.disconnect", connection.last_disconnect, "calm"),
      connection.last_error && eventItem("connection.error", connection.last_error, "alert"),
    ),
  );
}

function standing(connection: DeviceConnection): HTMLElement[] {
  const facts = [
    fact("connection.address", `${connection.address ?? ""} · ${connection.listener ?? ""}`),
    fact("connection.protocol", `MQTT ${connection.protocol ?? ""}`),
    fact("connection.client", connection.client_id ?? ""),
    fact("connection.keepalive", keepAliveText(connection)),
    fact("connection.assurance", assuranceText(connection.assurance)),
    fact("connection.rate", rateText(connection)),
  ];
  const { dropped, queued } = connection;
  if ((dropped ?? 0) > 0 || (queued ?? 0) > 0) facts.push(fact("connection.queue", t("connection.queue.text", { queued: queued ?? 0, dropped: dropped ?? 0 })));
  return facts;
}

function fact(name: Parameters<typeof t>[0], value: string): HTMLElement {
  return h("div", {}, h("dt", {}, t(name)), h("dd", {}, value));
}

function keepAliveText({ keep_alive, session_expiry }: DeviceConnection): string {
  const alive = (keep_alive ?? 0) === 0 ? t("connection.keepalive.none") : t("connection.seconds", { count: keep_alive ?? 0 });
  return (session_expiry ?? 0) === 0 ? alive : `${alive} · ${t("connection.session", { count: session_expiry ?? 0 })}`;
}

function assuranceText(assurance: string | null): string {
  switch (assurance) {
    case "key":
      return t("connection.by.key");
    case "password":
      return t("connection.by.password");
    default:
      return assurance ?? "–";
  }
}

function rateText({ message_rate, messages_in, messages_out }: DeviceConnection): string {
  const rate = message_rate === null ? "–" : numberText(message_rate, language());
  const count = (number: number | null): string => numberText(number ?? 0, language());
  return t("connection.rate.text", { rate, in: count(messages_in), out: count(messages_out) });
}

function gatewayText({ device, connected, since }: NonNullable<DeviceConnection["gateway"]>): string {
  const state = connected && since !== null ? t("device.connection.since", { time: dateTimeText(new Date(since)) }) : t("device.connection.none");
  return `${device} · ${state}`;
}

/** Reasons and cures come from the platform in English. */
function eventItem(head: Parameters<typeof t>[0], event: DeviceEvent, mood: string): HTMLElement {
  const at = new Date(event.time);
  return h(
    "li",
    { class: mood },
    h("div.log-head", {}, h("b", {}, t(head)), h("time", { datetime: event.time, title: dateTimeText(at) }, shortTimeText(at, new Date())), h("small", {}, word("event", event.kind))),
    event.reason !== "" && h("div", { lang: "en" }, event.reason),
    event.cure !== "" && h("div.cure", {}, t("refused.cure", { cure: event.cure })),
  );
}
