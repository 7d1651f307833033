// Makes the base map from the npm package world-atlas (Natural Earth, public
// domain; the packaging is ISC). The world is coarse; the boxes below, where
// the project's fleets lie, are fine. Arcs are simplified before polygons are
// assembled, so that neighbours keep a common border.
//
// Format: {"scale": 1000, "land": [[x0, y0, dx, dy, ...], ...], "borders": [...]}
// in thousandths of a degree (about 100 m), each point relative to the last.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { merge, mesh } from "topojson-client";

const SCALE = 1000;
/** west, south, east, north in degrees. */
const FINE = [
  [124.0, 32.8, 132.2, 39.2],
  [9.2, 55.6, 11.2, 56.8],
];
const FINE_TOLERANCE = 0.004;
const COARSE_TOLERANCE = 0.34;
/** Islands whose box is smaller, in degrees across, are left out. */
const FINE_ISLAND = 0.012;
const COARSE_ISLAND = 1.2;

const isFine = ([x, y]) => FINE.some(([w, s, e, n]) => x >= w && x <= e && y >= s && y <= n);
const tolerance = (point) => (isFine(point) ? FINE_TOLERANCE : COARSE_TOLERANCE);

/** Distance of p from the segment a-b in degrees, longitude shortened by latitude. */
function distance(p, a, b) {
  const shrink = Math.cos((p[1] * Math.PI) / 180);
  const [px, py] = [(p[0] - a[0]) * shrink, p[1] - a[1]];
  const [bx, by] = [(b[0] - a[0]) * shrink, b[1] - a[1]];
  const length = bx * bx + by * by;
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, (px * bx + py * by) / length));
  return Math.hypot(px - t * bx, py - t * by);
}

/** Douglas-Peucker with the tolerance of each place. */
function simplify(points) {
  const keep = new Uint8Array(points.length);
  keep[0] = keep[points.length - 1] = 1;
  const spans = [[0, points.length - 1]];
  while (spans.length > 0) {
    const [from, to] = spans.pop();
    let worst = 1;
    let at = -1;
    for (let i = from + 1; i < to; i++) {
      const excess = distance(points[i], points[from], points[to]) / tolerance(points[i]);
      if (excess > worst) [worst, at] = [excess, i];
    }
    if (at >= 0) {
      keep[at] = 1;
      spans.push([from, at], [at, to]);
    }
  }
  return points.filter((_, i) => keep[i]);
}

/** The topology with absolute, simplified arcs. */
function simplified(topology) {
  const { scale, translate } = topology.transform;
  const arcs = topology.arcs.map((arc) => {
    let x = 0;
    let y = 0;
    const points = arc.map(([dx, dy]) => {
      x += dx;
      y += dy;
      return [x * scale[0] + translate[0], y * scale[1] + translate[1]];
    });
    return simplify(points);
  });
  return { type: "Topology", objects: topology.objects, arcs };
}

function largeEnough(ring) {
  const xs = ring.map((p) => p[0]);
  const ys = ring.map((p) => p[1]);
  const across = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
  return ring.length >= 4 && across >= (ring.some(isFine) ? FINE_ISLAND : COARSE_ISLAND);
}

function encode(line, scale = SCALE) {
  const out = [];
  let [lastX, lastY] = [0, 0];
  for (const [lon, lat] of line) {
    const [x, y] = [Math.round(lon * scale), Math.round(lat * scale)];
    if (out.length > 0 && x === lastX && y === lastY) continue;
    out.push(x - lastX, y - lastY);
    [lastX, lastY] = [x, y];
  }
  return out;
}

export function baseMap() {
  const path = createRequire(import.meta.url).resolve("world-atlas/countries-10m.json");
  const topology = simplified(JSON.parse(readFileSync(path, "utf8")));
  const countries = topology.objects.countries.geometries;
  const land = merge(topology, countries).coordinates.flat().filter(largeEnough).map((ring) => encode(ring));
  const borders = mesh(topology, topology.objects.countries, (a, b) => a !== b)
    .coordinates.map((line) => encode(line))
    .filter((line) => line.length >= 4);
  return JSON.stringify({ scale: SCALE, land, borders });
}

/** Places of the city are told to a ten-thousandth of a degree. */
const CITY_SCALE = 10_000;

/** The simulator's invented city, in the same format, without what only the
 * simulator needs. */
export function inventedCity() {
  const file = new URL("../../firmware-sim/city/gaon.json", import.meta.url);
  const { name, coast, river, districts } = JSON.parse(readFileSync(file, "utf8"));
  const line = (corners) => encode(corners, CITY_SCALE);
  return JSON.stringify({
    scale: CITY_SCALE,
    name,
    land: [line(coast)],
    river: [line(river.course)],
    districts: districts.map(({ ring }) => line(ring)),
    labels: districts.map(({ en, ko, label }) => ({ en, ko, at: [label[1], label[0]] })),
  });
}
