// Libraries for Node against a Madang that ../run.py has started: each connects,
// publishes, and verifies the receipt where there is one. A line of JSON for each.

import { createHash, createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import * as cose from "@auth0/cose";
import coap from "coap";
import { createSigner } from "fast-jwt";
import * as jose from "jose";
import jsonwebtoken from "jsonwebtoken";
import mqtt from "mqtt";

const peer = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { ed25519: ed, es256: es } = peer;
// For one step; long enough for a busy machine.
const PATIENCE = 30_000;
// How long a library is watched that may do nothing at all.
const WATCH = 4_000;
let counter = peer.base;
let sequence = 0;

const version = (library) => {
  const file = createRequire(import.meta.url).resolve.paths("")[0] + `/${library}/package.json`;
  return JSON.parse(readFileSync(file, "utf8")).version;
};
const within = (promise, what) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing in ${PATIENCE / 1000} s`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function report(library, does, work) {
  const line = { library, version: version(library), does, ok: true };
  try {
    const [value, note] = await work();
    if (value !== null) line.value = value;
    line.note = note;
  } catch (error) {
    line.ok = false;
    line.note = `${error.name}: ${error.message}`.slice(0, 300);
  }
  console.log(JSON.stringify(line));
}

const claims = (device) => {
  const now = Math.floor(Date.now() / 1000);
  return { sub: device, aud: peer.audience, iat: now, exp: now + 3600 };
};
const compact = (value) => JSON.stringify({ v: { pm25: value } });
const topic = (key) => `devices/${key.device}/telemetry`;

// JWT

const overHttp = (key, make) => async () => {
  const token = await make(key);
  const value = counter++;
  const answer = await fetch(`${peer.http}/v1/devices/${key.device}/telemetry`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: compact(value),
  });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}: ${await answer.text()}`);
  const { alg } = JSON.parse(Buffer.from(token.split(".")[0], "base64url"));
  return [value, `alg ${alg}`];
};
const byJose = (alg) => async (key) =>
  new jose.SignJWT(claims(key.device))
    .setProtectedHeader({ alg })
    .sign(await jose.importJWK(key.jwk, alg));
const byJsonwebtoken = async (key) =>
  jsonwebtoken.sign(claims(key.device), key.pem, { algorithm: "ES256" });
const byFastJwt = async (key) =>
  createSigner({ key: key.pem, algorithm: "EdDSA" })(claims(key.device));

// MQTT

const options = (key, protocolVersion, token) => ({
  host: peer.host,
  port: peer.mqtt,
  protocolVersion,
  clientId: key.device,
  username: key.device,
  password: token ?? key.token,
});

const publish = (protocolVersion, more) => async () => {
  const client = await within(
    mqtt.connectAsync({ ...options(ed, protocolVersion), ...more }), "CONNACK");
  try {
    const value = counter++;
    const puback = await within(client.publishAsync(topic(ed), compact(value), { qos: 1 }), "PUBACK");
    const offset = puback?.properties?.userProperties?.offset;
    return [value, offset ? `PUBACK has offset ${offset}` : ""];
  } finally {
    await client.endAsync();
  }
};

const refused = (protocolVersion) => async () => {
  const client = mqtt.connect(options(ed, protocolVersion, es.token));
  let connects = 0;
  let said = "no error";
  client.on("error", (error) => {
    said = error.message;
  });
  client.stream.on("connect", () => {
    connects++;
  });
  client.on("reconnect", () => {
    connects++;
  });
  await sleep(WATCH);
  await client.endAsync(true);
  return [null, `error: ${said}; ${connects} attempt(s) in ${WATCH / 1000} s`];
};

// A publish that is not allowed must not stop what comes after it.
const elsewhere = (protocolVersion) => async () => {
  const client = await within(mqtt.connectAsync(options(ed, protocolVersion)), "CONNACK");
  let connects = 1;
  client.on("connect", () => {
    connects++;
  });
  const outcome = (promise) => promise.then(() => "success", (error) => error.message);
  try {
    const foreign = outcome(client.publishAsync(topic(es), compact(1), { qos: 1 }));
    const large = outcome(client.publishAsync(topic(ed), " ".repeat(80_000), { qos: 1 }));
    const value = counter++;
    await within(client.publishAsync(topic(ed), compact(value), { qos: 1 }), "the next publish");
    return [
      value,
      `another's topic: ${await foreign}; 80,000 bytes: ${await large}; ${connects} connect(s)`,
    ];
  } finally {
    await client.endAsync(true);
  }
};

// CoAP and COSE

const post = (key, body) =>
  within(
    new Promise((resolve, reject) => {
      const request = coap.request({
        hostname: peer.host,
        port: peer.coap,
        method: "POST",
        pathname: `/devices/${key.device}/telemetry`,
        confirmable: true,
        options: { "Content-Format": Buffer.from([18]) },
      });
      // Above 1,280 bytes it throws unless it is asked for blocks.
      if (body.length > 1024) request.setOption("Block1", Buffer.from([6]));
      request.on("response", (answer) => {
        answer.code === "2.04"
          ? resolve(Buffer.from(answer.payload))
          : reject(new Error(`${answer.code} ${answer.payload}`));
      });
      request.on("error", reject);
      request.end(body);
    }),
    "a CoAP answer",
  );

const text = (words) => {
  const bytes = Buffer.from(words);
  const head = bytes.length < 24 ? [0x60 | bytes.length] : [0x78, bytes.length];
  return Buffer.concat([Buffer.from(head), bytes]);
};
const externalAad = (key) =>
  Buffer.concat([
    Buffer.from([0x83]),
    text("madang/1"),
    text("POST"),
    text(`/devices/${key.device}/telemetry`),
  ]);

const ES256 = -7;
const EDDSA = -8;

// @auth0/cose has no external_aad when it signs: what it would sign is made here,
// and its own verification of the receipt is what is looked at.
async function message(key, value, pad) {
  const { Encoder } = await import("cbor-x");
  const encoder = new Encoder({ mapsAsObjects: false, tagUint8Array: false, useRecords: false });
  const algorithm = key === ed ? EDDSA : ES256;
  const protectedHeader = encoder.encode(
    new Map([[1, algorithm], [3, 110], [4, Buffer.from(key.device)], [-70001, 1], [-70002, ++sequence]]),
  );
  const payload = Buffer.from(" ".repeat(pad) + JSON.stringify([{ n: "pm25", v: value }]));
  const signed = encoder.encode(["Signature1", protectedHeader, externalAad(key), payload]);
  const { sign, createPrivateKey } = await import("node:crypto");
  const signature = sign(key === ed ? null : "sha256", signed, {
    key: createPrivateKey(key.pem),
    dsaEncoding: "ieee-p1363",
  });
  return Buffer.concat([
    Buffer.from([0xd2]),
    encoder.encode([protectedHeader, new Map(), payload, signature]),
  ]);
}

function platformKey(key) {
  if (key === ed) {
    return createPublicKey({
      format: "jwk", key: { kty: "OKP", crv: "Ed25519", x: peer.platform.EdDSA } });
  }
  const point = Buffer.from(peer.platform.ES256, "base64url");
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString("base64url"));
  return createPublicKey({ format: "jwk", key: { kty: "EC", crv: "P-256", x, y } });
}

const auth0Receipt = (key, pad = 0) => async () => {
  const { decode } = await import("cbor-x");
  const value = counter++;
  const body = await message(key, value, pad);
  const answer = await post(key, body);
  const receipt = cose.Sign1.decode(answer);
  await receipt.verify(platformKey(key));
  const said = decode(receipt.payload);
  const digest = Buffer.from(said[2] ?? said.get(2));
  if (!digest.equals(createHash("sha256").update(body).digest())) {
    throw new Error("the receipt is another message's");
  }
  return [value, `${body.length} bytes; receipt verified, offset ${said[1] ?? said.get(1)}`];
};

await report("jose", "JWT, EdDSA", overHttp(ed, byJose("EdDSA")));
await report("jose", "JWT, Ed25519", overHttp(ed, byJose("Ed25519")));
await report("jose", "JWT, ES256", overHttp(es, byJose("ES256")));
await report("jsonwebtoken", "JWT, ES256", overHttp(es, byJsonwebtoken));
await report("fast-jwt", "JWT, EdDSA", overHttp(ed, byFastJwt));
await report("mqtt", "MQTT 3.1.1, QoS 1", publish(4));
await report("mqtt", "MQTT 5, QoS 1", publish(5));
await report("mqtt", "MQTT 5 over WebSocket", publish(5, { protocol: "ws", port: peer.ws, path: "/mqtt" }));
await report("mqtt", "MQTT 3.1.1, wrong token", refused(4));
await report("mqtt", "MQTT 5, wrong token", refused(5));
await report("mqtt", "MQTT 3.1.1, refused publishes", elsewhere(4));
await report("mqtt", "MQTT 5, refused publishes", elsewhere(5));
await report("@auth0/cose", "COSE receipt, EdDSA, by coap", auth0Receipt(ed));
await report("@auth0/cose", "COSE receipt, ES256, by coap", auth0Receipt(es));
await report("coap", "CoAP, 3,000 bytes", auth0Receipt(ed, 3_000));
process.exit(0);
