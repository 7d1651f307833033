import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { load } from "./load.mjs";

const projection = await load("map/projection.ts");
const { View } = await load("map/view.ts");
const { cluster, separable } = await load("map/cluster.ts");
const { decode } = await load("map/base.ts");

const near = (a, b, slack) => assert.ok(Math.abs(a - b) <= slack, `${a} is not ${b}`);
const view = (width = 800, height = 600) => Object.assign(new View(), { width, height });
const points = (count) => Array.from({ length: count }, (_, i) => ({ id: i, x: 0.85 + ((i * 7919) % 1000) / 1e5, y: 0.387 + ((i * 104729) % 1000) / 1e5 }));

test("the projection is Web Mercator, and its inverse comes back", () => {
  near(projection.worldX(0), 0.5, 1e-12);
  near(projection.worldY(0), 0.5, 1e-12);
  near(projection.worldY(85.0511287798), 0, 1e-4);
  for (const [lat, lon] of [[37.5665, 126.978], [-33.9, 18.4], [56.15, 10.21]]) {
    near(projection.latitude(projection.worldY(lat)), lat, 1e-9);
    near(projection.longitude(projection.worldX(lon)), lon, 1e-9);
  }
});

test("a scale bar has a round length that fits", () => {
  for (const perPixel of [0.3, 1, 7.7, 152.9, 40_000]) {
    const length = projection.scaleLength(perPixel, 110);
    assert.ok(length <= perPixel * 110 && length > perPixel * 110 * 0.39);
    assert.match(String(length / 10 ** Math.floor(Math.log10(length) + 1e-9)), /^(1|2|5)$/);
  }
  near(projection.metresPerPixel(0, 0), 156_543, 1);
});

test("fitting shows every place, wherever the fleet lies", () => {
  for (const places of [[{ lat: 37.4, lon: 126.7 }, { lat: 35.1, lon: 129.1 }], [{ lat: 56.1, lon: 10.1 }, { lat: 56.25, lon: 10.2 }], [{ lat: 1, lon: 2 }]]) {
    const fitted = view();
    fitted.fit(places);
    for (const { lat, lon } of places) {
      const [x, y] = [fitted.screenX(projection.worldX(lon)), fitted.screenY(projection.worldY(lat))];
      assert.ok(x >= 30 && x <= 770 && y >= 30 && y <= 570, `${x} ${y}`);
    }
  }
});

test("without devices the map shows South Korea", () => {
  const empty = view();
  empty.fit([]);
  const corner = empty.placeAt(0, 0);
  const other = empty.placeAt(800, 600);
  assert.ok(corner.lon < 126 && other.lon > 129.4 && corner.lat > 38 && other.lat < 33.2);
});

test("zooming keeps the place under the pointer", () => {
  const zoomed = view();
  const before = zoomed.placeAt(123, 456);
  zoomed.zoomAt(2.3, 123, 456);
  const after = zoomed.placeAt(123, 456);
  near(after.lat, before.lat, 1e-9);
  near(after.lon, before.lon, 1e-9);
});

test("clusters hold every point once, and fall apart as one zooms in", () => {
  const all = points(2_000);
  let last = 0;
  for (const zoom of [5, 8, 11, 14]) {
    const clusters = cluster(all, zoom, projection.TILE);
    assert.deepEqual(clusters.flatMap((one) => one.members.map((point) => point.id)).sort((a, b) => a - b), all.map((point) => point.id));
    assert.ok(clusters.length >= last);
    last = clusters.length;
  }
});

test("ten thousand markers are clustered within a frame or two", () => {
  const all = points(10_000);
  cluster(all, 9, projection.TILE);
  const begun = performance.now();
  for (let i = 0; i < 5; i++) cluster(all, 9 + i, projection.TILE);
  assert.ok((performance.now() - begun) / 5 < 250);
});

test("devices at one place cannot be pulled apart", () => {
  assert.equal(separable([{ x: 0.5, y: 0.5 }, { x: 0.5, y: 0.5 }], 2e-8), false);
  assert.equal(separable([{ x: 0.5, y: 0.5 }, { x: 0.5, y: 0.5001 }], 2e-8), true);
});

test("the built base map holds Korea in detail", () => {
  const base = decode(JSON.parse(readFileSync(new URL("../dist/assets/map.json", import.meta.url), "utf8")));
  const seoul = [projection.worldX(126.98), projection.worldY(37.56)];
  const holds = base.land.filter((line) => inside(line.points, seoul));
  assert.equal(holds.length, 1);
  assert.ok(base.land.some((line) => line.west > projection.worldX(126.1) && line.east < projection.worldX(127) && line.north > projection.worldY(33.6) && line.south < projection.worldY(33.1)), "Jeju");
  assert.ok(base.borders.length > 10);
});

/** Even-odd rule. */
function inside(flat, [x, y]) {
  let odd = false;
  for (let i = 0, j = flat.length - 2; i < flat.length; j = i, i += 2) {
    const crosses = flat[i + 1] > y !== flat[j + 1] > y && x < ((flat[j] - flat[i]) * (y - flat[i + 1])) / (flat[j + 1] - flat[i + 1]) + flat[i];
    if (crosses) odd = !odd;
  }
  return odd;
}
