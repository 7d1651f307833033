import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { Fleet, chartStream, mainStream } = await load("ops/fleet.ts");
const { matching, NO_FILTER, isFiltered } = await load("ops/filter.ts");
const { ticks, runs } = await load("ops/chart.ts");

const T0 = Date.parse("2026-05-01T00:00:00Z");
const iso = (seconds) => new Date(T0 + seconds * 1000).toISOString();
const device = (id, more = {}) => ({ id, thing: id, agency: "seoul", model: "traffic.flow", name: id, location: { lat: 37.5, lon: 127 }, status: "active", created: iso(0), last_seen: null, ...more });
const frame = (id, offset, seconds, value, more = {}) => ({
  offset,
  device: id,
  result_time: iso(seconds),
  observations: [{ datastream: 2, field: "speed", unit: "km/h", phenomenon_time: iso(seconds), value, quality: "good", revision: 0, ...more }],
});
const fleetOf = (...devices) => {
  const fleet = new Fleet();
  fleet.setDevices(devices);
  return fleet;
};

test("the newest by phenomenon time holds, not the last to arrive", () => {
  const fleet = fleetOf(device("a"));
  fleet.apply(frame("a", 1, 100, 50), 0);
  fleet.apply(frame("a", 2, 101, 99, { phenomenon_time: iso(40) }), 0);
  assert.equal(fleet.units.get("a").streams[0].value, 50);
  fleet.apply(frame("a", 3, 102, 51, { phenomenon_time: iso(100), revision: 1 }), 0);
  assert.equal(fleet.units.get("a").streams[0].value, 51);
  assert.deepEqual(fleet.units.get("a").streams[0].trail, [51]);
});

test("a frame of an unknown device is told", () => {
  assert.equal(fleetOf(device("a")).apply(frame("b", 1, 1, 1), 0), false);
});

test("silence is five minutes, or five of the device's own intervals", () => {
  const fleet = fleetOf(device("fast"), device("slow"), device("never"), device("gone", { status: "revoked" }));
  fleet.apply(frame("fast", 1, 0, 1), 0);
  fleet.apply(frame("fast", 2, 10, 1), 0);
  fleet.apply(frame("slow", 3, -590, 1), 0);
  fleet.apply(frame("slow", 4, 10, 1), 0);
  const states = (seconds) => {
    fleet.judge(T0 + seconds * 1000);
    return ["fast", "slow", "never", "gone"].map((id) => fleet.units.get(id).state);
  };
  assert.deepEqual(states(309), ["live", "live", "never", "revoked"]);
  assert.deepEqual(states(311), ["silent", "live", "never", "revoked"]);
  assert.deepEqual(states(3_011), ["silent", "silent", "never", "revoked"]);
});

test("the rate counts observations of the last ten whole seconds", () => {
  const fleet = fleetOf(device("a"));
  for (let second = 0; second < 20; second++) fleet.apply(frame("a", second, second, second), 0);
  assert.equal(fleet.rate(T0 + 20_000), 1);
});

test("the value that stands for a device is one of the world", () => {
  const streams = [{ id: 1, field: "battery" }, { id: 2, field: "speed" }];
  assert.equal(mainStream({ streams }).field, "speed");
  assert.equal(mainStream({ streams: streams.slice(0, 1) }).field, "battery");
  const lamp = [{ id: 1, field: "power_state", value: "on" }, { id: 2, field: "power", value: 60 }];
  assert.equal(mainStream({ streams: lamp }).field, "power_state");
  assert.equal(chartStream({ streams: lamp }).field, "power");
});

test("filters and words narrow together; what is silent comes first", () => {
  const fleet = fleetOf(device("flow-10"), device("flow-2"), device("air-1", { model: "safety.air", agency: "busan" }));
  fleet.setLatest([]);
  fleet.apply(frame("flow-2", 1, 0, 1), 0);
  fleet.apply(frame("flow-10", 2, -600, 1), 0);
  fleet.judge(T0);
  const ids = (filter) => matching(fleet.units.values(), { ...NO_FILTER, ...filter }).map((unit) => unit.device.id);
  assert.deepEqual(ids({}), ["flow-10", "flow-2", "air-1"]);
  assert.deepEqual(ids({ domain: "safety" }), ["air-1"]);
  assert.deepEqual(ids({ search: "FLOW seoul" }), ["flow-10", "flow-2"]);
  assert.deepEqual(ids({ agency: "busan", search: "flow" }), []);
  assert.deepEqual(ids({ ids: new Set(["flow-2"]) }), ["flow-2"]);
  assert.equal(isFiltered(NO_FILTER), false);
});

test("names are in the order in which people count", () => {
  const fleet = fleetOf(device("x-10"), device("x-9"), device("x-100"));
  fleet.order((one) => one.name);
  assert.deepEqual([...fleet.units.keys()], ["x-9", "x-10", "x-100"]);
});

test("a chart has round marks, and a hole breaks its line", () => {
  assert.deepEqual(ticks(0, 10, 5), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(ticks(-0.013, 0.021, 4), [-0.01, 0, 0.01, 0.02]);
  const at = (time) => ({ time, mean: 1, low: 1, high: 1 });
  assert.deepEqual(runs([at(0), at(10), at(60), at(70)], 10).map((run) => run.length), [2, 2]);
});
