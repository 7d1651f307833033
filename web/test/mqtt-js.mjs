// MQTT.js in a real browser, over WebSocket, against a running platform:
//   node test/mqtt-js.mjs '{"ws": ..., "api": ..., "device": ..., "token": ...}'
// `ws` and `api` are URLs, `token` the device's JWT. It makes one application
// and publishes the device's values 1 to 6; every check prints a line.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { PATIENCE_MS, openBrowser } from "./browser-checks.mjs";

const { ws, api, device, token } = JSON.parse(process.argv[2] ?? "{}");
if (!ws || !api || !device || !token) {
  console.error(`usage: node test/mqtt-js.mjs '{"ws": URL, "api": URL, "device": ID, "token": JWT}'`);
  process.exit(2);
}

const LIBRARY = new URL("../node_modules/mqtt/dist/mqtt.min.js", import.meta.url);
const PAGE = `<!doctype html><meta charset="utf-8"><title>MQTT.js</title><link rel="icon" href="data:,"><script src="/mqtt.js"></script>`;

/** A server of one page and the library; its URL is the page's origin. */
async function servePage() {
  const library = await readFile(LIBRARY);
  const server = createServer((request, response) => {
    const script = request.url === "/mqtt.js";
    response.setHeader("Content-Type", script ? "text/javascript" : "text/html; charset=utf-8");
    response.end(script ? library : PAGE);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

async function post(path, body, key) {
  const headers = { "Content-Type": "application/json", ...(key && { Authorization: `Bearer ${key}` }) };
  const answer = await fetch(`${api}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  assert.equal(answer.status, 201, `POST ${path}: ${await answer.clone().text()}`);
  return answer.json();
}

/** A page of an origin that can say what an MQTT client of it does. */
async function open(browser, origin) {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(`${origin}/`);
  await page.evaluate((patience) => {
    /** Resolves with the code of the CONNACK, and keeps the client under a name. */
    window.login = (name, url, options) =>
      new Promise((resolve, reject) => {
        const client = window.mqtt.connect(url, { reconnectPeriod: 0, connectTimeout: patience, ...options });
        window[name] = { client, messages: [] };
        client.on("message", (topic, payload, packet) => {
          window[name].messages.push({ topic, text: new TextDecoder().decode(payload), retain: packet.retain });
        });
        client.on("connect", () => resolve(0));
        client.on("error", (error) => resolve(error.code ?? String(error)));
        client.on("close", () => setTimeout(() => reject(new Error("closed before a CONNACK")), 100));
      });
  }, PATIENCE_MS);
  return page;
}

const login = (page, name, options) => page.evaluate(([name, url, options]) => window.login(name, url, options), [name, ws, options]);

const subscribe = (page, name, filter) => page.evaluate(([name, filter]) => window[name].client.subscribeAsync(filter, { qos: 1 }).then((granted) => granted[0].qos), [name, filter]);

/** The error that a publish ends with, or null. */
const publish = (page, name, topic, payload, qos) =>
  page.evaluate(
    ([name, topic, payload, qos]) =>
      window[name].client.publishAsync(topic, payload, { qos }).then(
        () => null,
        (error) => ({ code: error.code, text: String(error) }),
      ),
    [name, topic, payload, qos],
  );

/** Waits for the live message that carries a value. */
const live = (page, name, value) =>
  page
    .waitForFunction(([name, value]) => window[name].messages.find(({ text, retain }) => !retain && JSON.parse(text).v === value), [name, value])
    .then((found) => found.jsonValue());

const here = await servePage();
const elsewhere = await servePage();
const browser = await openBrowser();
try {
  const application = await post("/v1/applications", { name: "MQTT.js", contact: "dev@example.kr" });
  const { key } = await post(`/v1/applications/${application.id}/keys`, { kind: "publishable", origins: [here.origin] }, application.key.key);
  const [page, foreign] = [await open(browser, here.origin), await open(browser, elsewhere.origin)];

  let value = 0;
  for (const [protocolVersion, version] of [[4, "3.1.1"], [5, "5"]]) {
    const [reader, sender] = [`reader${protocolVersion}`, `sender${protocolVersion}`];
    assert.equal(await login(page, reader, { protocolVersion, username: "page", password: key }), 0);
    assert.equal(await subscribe(page, reader, `open/+/+/+/${device}/+`), 1);
    assert.equal(await login(page, sender, { protocolVersion, clientId: device, username: device, password: token }), 0);
    for (const qos of [0, 1, 2]) {
      value += 1;
      const payload = JSON.stringify({ t: 1_777_593_600 + value, v: { pm25: value } });
      assert.equal(await publish(page, sender, `devices/${device}/telemetry`, payload, qos), null);
      const { topic } = await live(page, reader, value);
      assert.ok(topic.endsWith(`/${device}/pm25`), topic);
      console.log(`ok: MQTT ${version}: a page publishes with QoS ${qos} and another page follows`);
    }
    await page.evaluate((name) => window[name].client.endAsync(), sender);

    const refused = await login(foreign, reader, { protocolVersion, username: "page", password: key });
    assert.equal(refused, protocolVersion === 5 ? 0x87 : 5, "a page of another origin is not authorized");
    console.log(`ok: MQTT ${version}: the key opens nothing on a page of another origin`);
  }
  const denied = await publish(page, "reader5", `devices/${device}/telemetry`, "{}", 1);
  assert.equal(denied?.code, 0x87, `a page's key may only read: ${JSON.stringify(denied)}`);
  console.log("ok: MQTT 5: a page's key publishes nothing");
} finally {
  await browser.close();
  here.close();
  elsewhere.close();
}
