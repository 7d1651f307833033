import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { load } from "./load.mjs";

const { commands } = await load("portal/commands.ts");
const { Reader } = await load("docs/schema.ts");
const { curl, target } = await load("docs/request.ts");
const { samePlace } = await load("api.ts");
const document = JSON.parse(readFileSync(new URL("./openapi.json", import.meta.url), "utf8"));

test("the lines to copy name the real host and ports", () => {
  const platform = { listeners: { mqtt: 11883, http: 8080 } };
  const lines = commands("http://[::1]:8080", "[::1]", platform, "mdk_x");
  assert.equal(lines.curl, 'curl -s -H "Authorization: Bearer mdk_x" "http://[::1]:8080/v1/latest?limit=5"');
  assert.equal(lines.sse, 'curl -sN -H "Authorization: Bearer mdk_x" "http://[::1]:8080/v1/stream"');
  assert.equal(lines.mqtt, 'mosquitto_sub -h ::1 -p 11883 -u app -P "mdk_x" -t "open/#" -v');
  assert.match(commands("https://a.kr", "a.kr", { listeners: { mqtts: 8883 } }, "k").mqtt, /-p 8883 --tls-use-os-certs/);
  assert.equal(commands("https://a.kr", "a.kr", { listeners: {} }, "k").mqtt, null);
});

test("the next page stays on this origin", () => {
  assert.equal(samePlace("http://inner:8080/v1/things?limit=2&cursor=a%2Bb", "https://city.kr"), "/v1/things?limit=2&cursor=a%2Bb");
});

test("an example of a body is made from its schema", () => {
  const reader = new Reader(document);
  const media = document.paths["/v1/datastreams/{id}/observations"].get.responses["200"].content["application/json"];
  assert.deepEqual(reader.bodyExample(media), { items: [{ phenomenon_time: "2026-05-01T09:00:00+09:00", value: 1.5, quality: "good" }], next: "text" });
  assert.equal(reader.typeText({ type: "integer", minimum: 1, maximum: 10000 }), "integer 1..10000");
});

test("a schema that holds itself ends", () => {
  const reader = new Reader({ components: { schemas: { Node: { type: "object", properties: { child: { $ref: "#/components/schemas/Node" } } } } } });
  assert.ok(JSON.stringify(reader.example({ $ref: "#/components/schemas/Node" })).length < 200);
});

test("a curl line quotes for the shell and leaves out what is empty", () => {
  const draft = { method: "POST", path: "/v1/a/{id}", inPath: { id: "x/y" }, inQuery: { near: "37.5,127,100", to: "" }, body: `{"name":"it's"}`, contentType: "application/json", key: "k" };
  assert.equal(target(draft), "/v1/a/x%2Fy?near=37.5,127,100");
  assert.equal(curl(draft, "http://h"), `curl -s -X POST -H 'Authorization: Bearer k' -H 'Content-Type: application/json' -d '{"name":"it'\\''s"}' 'http://h/v1/a/x%2Fy?near=37.5,127,100'`);
});
