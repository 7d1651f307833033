import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { PAGES, REACHED_FROM, boxOf, parseRoute, routeHash } = await load("ops/route.ts");
const { may, opens } = await load("ops/rights.ts");
const { ImportAnswer, faultsCsv, mediaType } = await load("ops/pages/import-answer.ts");
const { changedGroupBody, newGroupBody } = await load("ops/pages/group-body.ts");
const { newShareBody } = await load("ops/pages/share-body.ts");
const { newCalibrationBody, newSensorBody } = await load("ops/pages/sensor-body.ts");
const { modelFile, ownId } = await load("ops/pages/model-file.ts");
const { otherwise, refinementBody } = await load("ops/pages/refinement.ts");
const { newDeviceBody } = await load("ops/pages/register-body.ts");
const { differences } = await load("ops/pages/difference.ts");

test("the address holds page and filters, and what is no page is the map", () => {
  const { page, query } = parseRoute(routeHash("devices", { agency: "seoul", q: "한강 1", model: "" }));
  assert.deepEqual([page, [...query]], ["devices", [["agency", "seoul"], ["q", "한강 1"]]]);
  for (const hash of ["", "#devices", "#/nothing?x=1", "#token=x"]) assert.equal(parseRoute(hash).page, "map", hash);
});

test("the navigation offers what the roles open", () => {
  const who = (...roles) => ({ principal: "person", id: "kim", roles: roles.map((role) => ({ role, agency: null })) });
  const offered = (session) => PAGES.filter((page) => opens(session, page) && !(page in REACHED_FROM));
  assert.deepEqual(offered(who("viewer")), ["map", "devices", "health", "groups", "models"]);
  assert.deepEqual(offered(who("viewer", "operator")), ["map", "devices", "health", "groups", "import", "claims", "batches", "models"]);
  assert.deepEqual(offered(who("auditor")), ["map", "devices", "groups", "people", "tokens", "models", "audit"]);
  assert.deepEqual(offered({ principal: "operator", id: null, roles: [] }), ["map", "devices", "health", "groups", "import", "claims", "batches", "people", "tokens", "agencies", "shares", "models", "audit"]);
});

test("an agency's administrator shares, and reads the agency's audit", () => {
  const park = { principal: "person", id: "park", roles: [{ role: "agency-administrator", agency: "seoul" }] };
  assert.deepEqual(["shares", "audit", "agencies", "people"].map((page) => opens(park, page)), [true, true, true, true]);
  assert.equal(opens({ ...park, roles: [{ role: "operator", agency: "seoul" }] }, "shares"), false);
});

test("a role in one agency permits nothing in another", () => {
  const kim = { principal: "person", id: "kim", roles: [{ role: "operator", agency: "seoul" }, { role: "viewer", agency: "busan" }] };
  assert.deepEqual(["seoul", "busan", undefined].map((agency) => may(kim, "manage-devices", agency)), [true, false, true]);
  assert.equal(may(kim, "manage-people"), false);
  assert.equal(may({ ...kim, roles: [{ role: "agency-administrator", agency: "seoul" }] }, "manage-people", null), false, "nothing of the platform's");
  assert.ok(may({ ...kim, roles: [{ role: "platform-administrator", agency: null }] }, "manage-devices", "busan"));
});

test("an installer registers a device; who only reads does not", () => {
  const who = (role) => ({ principal: "person", id: "kim", roles: [{ role, agency: "seoul" }] });
  assert.deepEqual(["installer", "operator", "viewer", "auditor"].map((role) => opens(who(role), "register")), [true, true, false, false]);
  assert.deepEqual(["seoul", "busan"].map((agency) => may(who("installer"), "install-devices", agency)), [true, false]);
});

test("the map's address may name a box", () => {
  const box = (text) => boxOf(new URLSearchParams({ box: text }));
  assert.deepEqual(box("126.9,37.5,127,37.6"), [126.9, 37.5, 127, 37.6]);
  for (const none of ["", "1,2,3", "1,2,3,4,5", "1,2,3,x"]) assert.equal(box(none), null, none);
});

test("an import's lines add up", () => {
  const answer = new ImportAnswer();
  const fault = { line: 3, device: null, column: "agency", code: "unknown-agency", message: "no agency x", cure: "create it" };
  for (const line of [{ progress: { read: 1000 } }, { progress: { checked: 900 } }, { error: fault }, { report: { rows: 1000, faults: 1 } }]) answer.take(line);
  assert.deepEqual([answer.read, answer.checked, answer.registered, answer.faults, answer.report.rows], [1000, 900, 0, [fault], 1000]);
});

test("faults as a table: quoted, and no formula", () => {
  const text = faultsCsv([{ line: 2, device: "=1+1", column: null, code: "c", message: 'say "no", twice', cure: "x" }]);
  assert.equal(text, '\ufeffline,column,device,code,reason,cure\r\n2,,\'=1+1,c,"say ""no"", twice",x\r\n');
  const device = (id) => /\n2,,([^]*),c,m,x\r\n$/.exec(faultsCsv([{ line: 2, device: id, column: null, code: "c", message: "m", cure: "x" }]))[1];
  // As open-api/text-formats/src/csv.rs has them.
  for (const [given, cell] of [["plain", "plain"], ["+82", "'+82"], ["-sensor", "'-sensor"], ["@cmd", "'@cmd"], ["＝１", "'＝１"], ["＋１", "'＋１"], ["－１", "'－１"], ["＠a", "'＠a"], ["\tx", "'\tx"], ["\rx", '"\'\rx"'], ["\nx", '"\'\nx"'], ["'", "''"], ["a=1", "a=1"], ["한강", "한강"]]) {
    assert.equal(device(given), cell, JSON.stringify(given));
  }
  assert.deepEqual(["a.CSV", "a.ndjson", "a.xlsx"].map(mediaType), ["text/csv", "application/x-ndjson", null]);
});

test("a group is made of what was typed in: a list, or what a query asks for", () => {
  const named = { id: "g", agency: "seoul", name: "한강" };
  assert.deepEqual(newGroupBody({ ...named, by: "list", devices: "a-1,  a-2\r\na-3\n" }), { ...named, devices: ["a-1", "a-2", "a-3"] });
  const asked = { model: "", tag: "하천", boundary: "", bbox: "126.9, 37.5,127,-37", text: "" };
  assert.deepEqual(newGroupBody({ ...named, by: "query", ...asked }), { ...named, query: { tag: "하천", bbox: [126.9, 37.5, 127, -37] } });
  assert.deepEqual(newGroupBody({ ...named, by: "query", model: "", tag: "", boundary: "", bbox: "", text: "" }), { ...named, query: {} });
});

test("a changed group says its devices only where they are others", () => {
  const before = { name: "A", by: "list", devices: "a-1\na-2" };
  assert.deepEqual(changedGroupBody(before, { ...before, name: "B", devices: "a-1, a-2" }), { name: "B" });
  assert.deepEqual(changedGroupBody(before, { ...before, devices: "a-1" }), { name: "A", devices: ["a-1"] });
  assert.deepEqual(changedGroupBody(before, { name: "A", by: "query", model: "", tag: "x", boundary: "", bbox: "", text: "" }), { name: "A", query: { tag: "x" } });
});

test("a device is registered with what was filled in, and with a key only where it has one", () => {
  const values = { id: "d-1", agency: "seoul", model: "traffic.flow", name: "", address: "세종대로 1", proof: "password", key: "x", lat: "1", lon: "2" };
  assert.deepEqual(newDeviceBody(values, null), { id: "d-1", agency: "seoul", model: "traffic.flow", address: "세종대로 1" });
  assert.deepEqual(newDeviceBody({ ...values, proof: "key", name: "One" }, { lat: 1, lon: 2 }), { id: "d-1", agency: "seoul", model: "traffic.flow", name: "One", address: "세종대로 1", location: { lat: 1, lon: 2 }, keys: [{ public_key: "x" }] });
});

test("a share is of a model or of a group, and ends with a day", () => {
  const values = { agency: "seoul", to: "busan", what: "group:han:river", position: "coarse", until: "" };
  assert.deepEqual(newShareBody(values), { agency: "seoul", to: "busan", group: "han:river", position: "coarse" });
  const { until, ...rest } = newShareBody({ ...values, what: "model:traffic.flow", until: "2027-02-28" });
  assert.deepEqual(rest, { agency: "seoul", to: "busan", model: "traffic.flow", position: "coarse" });
  assert.equal(until, new Date("2027-02-28T23:59:59").toISOString());
});

test("a sensor says what it measures, and a calibration its days", () => {
  const values = { name: "PM", serial: "", maker: "S", model: "", installed_at: "", "datastream.5": "on", "datastream.6": "on" };
  assert.deepEqual(newSensorBody(values), { name: "PM", maker: "S", datastreams: [5, 6] });
  assert.deepEqual(newCalibrationBody({ at: "2026-04-20", by: "KTL", certificate: "", valid_until: "2027-04-20", result: "" }), {
    by: "KTL",
    at: new Date("2026-04-20T00:00").toISOString(),
    valid_until: new Date("2027-04-20T23:59:59").toISOString(),
  });
});

test("a model's file says what the model says, and no more", () => {
  const field = (name) => ({ name, kind: "number", unit: "m", codes: [], min: null, max: 3, expected_interval_s: null, title: { en: name, ko: name } });
  const model = { id: "traffic.flow", domain: "traffic", agency: null, version: 3, title: { en: "F", ko: "흐름" }, purpose: null, owner: "Roads", licence: null, expected_interval_s: 60, retention_days: null, fields: [field("speed"), field("battery")] };
  assert.equal(ownId("traffic.flow", "seoul"), "traffic.flow~seoul");
  assert.equal(ownId("traffic.flow~busan", "seoul"), "traffic.flow~seoul");
  assert.deepEqual(JSON.parse(modelFile(model, "traffic.flow~seoul")), {
    id: "traffic.flow~seoul", title: { en: "F", ko: "흐름" }, owner: "Roads", expected_interval_s: 60,
    fields: [{ name: "speed", kind: "number", unit: "m", max: 3, title: { en: "speed", ko: "speed" } }],
  });
});

test("a refinement says what was filled in, and is told against its model", () => {
  const field = (name, more = {}) => ({ name, kind: "number", unit: "m", min: 0, max: 250, expected_interval_s: null, title: { en: name, ko: "속도" }, ...more });
  const model = { id: "traffic.flow", title: { en: "Flow", ko: "흐름" }, purpose: null, expected_interval_s: 60, retention_days: null, fields: [field("speed"), field("volume")] };
  const values = { interval: "30", retention: "", "title.en": "", "title.ko": "교통", "purpose.en": "", "purpose.ko": "", "min:speed": "0", "max:speed": "120", "interval:speed": "", "title.en:speed": "", "title.ko:speed": "", "max:volume": "" };
  assert.deepEqual(refinementBody(values, model), { title: { en: "Flow", ko: "교통" }, expected_interval_s: 30, fields: [{ name: "speed", min: 0, max: 120 }] });
  assert.deepEqual(refinementBody({}, model), {}, "nothing is otherwise");
  const refined = { ...model, expected_interval_s: 30, fields: [field("speed", { max: 120, expected_interval_s: 10 }), field("volume", { expected_interval_s: 30 })] };
  assert.deepEqual(otherwise(model, refined).map(({ field, what }) => [field?.name ?? null, what]), [[null, "interval"], ["speed", "range"], ["speed", "interval"]], "an interval of the model is told once");
  assert.deepEqual(otherwise(model, model), []);
});

test("a difference leaves out what is alike, and tells none from null", () => {
  assert.deepEqual(differences({ name: "a", place: null, same: [1] }, { name: "b", same: [1], new: 2 }), [
    { member: "name", before: "a", after: "b" },
    { member: "place", before: "null", after: null },
    { member: "new", before: null, after: "2" },
  ]);
  assert.deepEqual(differences(null, null), []);
});
