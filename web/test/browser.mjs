// The pages in a real browser against a running platform:
//   node test/browser.mjs BASE_URL OPERATOR_TOKEN
// It registers one application, and one device with a claim.

import mqtt from "mqtt";
import { ENGLISH_PHONE, KOREAN, openBrowser, operations, operatorsPages, portal, reference } from "./browser-checks.mjs";
import { install } from "./field-checks.mjs";

const [base, token] = process.argv.slice(2);
if (!base || !token) {
  console.error("usage: node test/browser.mjs BASE_URL OPERATOR_TOKEN");
  process.exit(2);
}
const origin = new URL(base).origin;

async function asked(path, body) {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const answer = await fetch(`${origin}${path}`, body === undefined ? { headers } : { headers, method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** A device as its maker would build it: it logs in with what the installer has
 * typed in, and sends. */
async function sendsByMqtt(id, password) {
  const { listeners } = await asked("/v1/platform");
  const client = await mqtt.connectAsync(`mqtt://${new URL(origin).hostname}:${listeners.mqtt}`, { username: id, password, clientId: id, reconnectPeriod: 0 });
  await client.publishAsync(`devices/${id}/telemetry`, JSON.stringify({ v: { speed: 43 } }), { qos: 1 });
  await client.endAsync();
}

async function installed(browser) {
  const { items: [agency] } = await asked("/v1/agencies");
  const { code } = await asked("/v1/claims", { agency: agency.id, model: "traffic.flow", note: "Pole 17" });
  const id = `installed-${Date.now()}`;
  const took = await install(browser, origin, { locale: "ko-KR" }, { code, id, firstData: (password) => sendsByMqtt(id, password) });
  console.log(`from the link to the first data: ${(took / 1000).toFixed(1)} s`);
}

const browser = await openBrowser();
try {
  for (const [name, check] of [
    ["the portal in Korean issues a key that works", () => portal(browser, origin, KOREAN, { issue: true })],
    ["the portal in English on a phone", () => portal(browser, origin, ENGLISH_PHONE, { issue: false })],
    ["the dashboard in Korean", () => operations(browser, origin, KOREAN, token)],
    ["the dashboard in English on a phone", () => operations(browser, origin, ENGLISH_PHONE, token)],
    ["the operators' pages in Korean", () => operatorsPages(browser, origin, KOREAN, token)],
    ["the operators' pages in English on a phone", () => operatorsPages(browser, origin, ENGLISH_PHONE, token)],
    ["the reference in Korean", () => reference(browser, origin, KOREAN)],
    ["the reference in English on a phone", () => reference(browser, origin, ENGLISH_PHONE)],
    ["a device is installed on a phone and sends over MQTT", () => installed(browser)],
  ]) {
    await check();
    console.log(`ok: ${name}`);
  }
} finally {
  await browser.close();
}
