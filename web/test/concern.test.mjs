import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { concerns, weightOf } = await load("ops/concern.ts");
const { Fleet } = await load("ops/fleet.ts");
const { matching, NO_FILTER } = await load("ops/filter.ts");

const HOUR = 3_600_000;
const NOW = Date.parse("2026-05-01T00:00:00Z");
const unit = (model, field, value, quality = "good") => ({ device: { model }, streams: [{ id: 1, field, unit: null, value, quality, time: NOW, trail: [] }] });
const kinds = (...args) => concerns(...args).map((one) => [one.kind, one.weight]);
const nothing = new Map();

test("a value beyond its level is told, and how serious it is", () => {
  assert.deepEqual(kinds(unit("safety.air", "pm25", 35), nothing), []);
  assert.deepEqual(kinds(unit("safety.air", "pm25", 36), nothing), [["beyond", 1]]);
  assert.deepEqual(kinds(unit("safety.air", "pm25", 80), nothing), [["beyond", 2]]);
  assert.equal(concerns(unit("safety.air", "pm25", 80), nothing)[0].limit, 76);
  assert.deepEqual(kinds(unit("disaster.fire", "flame", true), nothing), [["said", 2]]);
  assert.deepEqual(kinds(unit("disaster.fire", "flame", false), nothing), []);
  assert.deepEqual(kinds(unit("safety.lamp", "power_state", "fault"), nothing), [["said", 1]]);
  assert.deepEqual(kinds(unit("traffic.flow", "speed", 3), nothing), [], "nobody set a level");
});

test("what the platform doubts is no concern of the city", () => {
  for (const quality of ["uncertain", "bad", "missing"]) assert.deepEqual(kinds(unit("safety.air", "pm25", 900, quality), nothing), []);
});

test("a river's rise counts by the hour, and so does the height of its week", () => {
  const gauge = unit("disaster.water-level", "level", 2);
  const before = (value, hours, week) => new Map([[1, { then: { value, time: NOW - hours * HOUR }, week }]]);
  assert.deepEqual(kinds(gauge, before(1.6, 1, 1.9)), []);
  assert.deepEqual(kinds(gauge, before(1.5, 1, 1.9)), [["rising", 1]]);
  assert.deepEqual(kinds(gauge, before(0.4, 1, 1.9)), [["rising", 2]]);
  // Half the time, half the rise.
  assert.deepEqual(kinds(gauge, before(1.7, 0.5, 1.9)), [["rising", 1]]);
  assert.deepEqual(kinds(gauge, before(1.7, 0.1, 1.9)), [], "a few minutes are no hour");
  assert.deepEqual(kinds(gauge, before(2, 1, 1.6)), [["highest", 1]]);
  assert.deepEqual(kinds(gauge, new Map([[1, { then: null, week: null }]])), []);
});

test("who concerns comes first in the list, is marked and is counted", () => {
  const fleet = new Fleet();
  const device = (id) => ({ id, thing: id, agency: "a", model: "safety.air", name: id, location: { lat: 1, lon: 2 }, status: "active", created: "2026-05-01T00:00:00Z", last_seen: null });
  fleet.setDevices([device("calm"), device("hazy")]);
  const frame = (id, datastream, value) => ({ offset: datastream, device: id, result_time: "2026-05-01T00:00:00Z", observations: [{ datastream, field: "pm25", unit: "ug/m3", phenomenon_time: "2026-05-01T00:00:00Z", value, quality: "good", revision: 0 }] });
  fleet.apply(frame("calm", 1, 12), 0);
  fleet.apply(frame("hazy", 2, 90), 0);
  fleet.judge(NOW + 1_000);
  assert.equal(fleet.concerned(), 1);
  assert.deepEqual(matching(fleet.units.values(), NO_FILTER).map((one) => one.device.id), ["hazy", "calm"]);
  assert.equal(fleet.units.get("hazy").marker.concern, 2);
  assert.equal(weightOf(fleet.units.get("calm").concerns), 0);
  // A silent device says nothing about now.
  fleet.judge(NOW + HOUR);
  assert.equal(fleet.concerned(), 0);
});
