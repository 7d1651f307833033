// The base map: coast and borders of /assets/map.json (made at build time from
// Natural Earth), and the projection of it. Format: see build/map-data.mjs.

import { worldX, worldY } from "./projection";
import type { View } from "./view";

export interface Line {
  points: Float64Array;
  west: number;
  east: number;
  north: number;
  south: number;
}

export interface BaseMap {
  land: Line[];
  borders: Line[];
}

interface Encoded {
  scale: number;
  land: number[][];
  borders: number[][];
}

export function decode(encoded: Encoded): BaseMap {
  const lines = (all: number[][]): Line[] => all.map((deltas) => line(absolute(deltas, encoded.scale)));
  return { land: lines(encoded.land), borders: lines(encoded.borders) };
}

export function absolute(deltas: number[], scale: number): [number, number][] {
  const places: [number, number][] = [];
  let [lon, lat] = [0, 0];
  for (let i = 0; i + 1 < deltas.length; i += 2) {
    lon += deltas[i] ?? 0;
    lat += deltas[i + 1] ?? 0;
    places.push([lat / scale, lon / scale]);
  }
  return places;
}

/** A line of [latitude, longitude] on the unit square, with its box. */
export function line(places: readonly (readonly [number, number])[]): Line {
  const points = new Float64Array(places.length * 2);
  let [west, east, north, south] = [1, 0, 1, 0];
  places.forEach(([lat, lon], i) => {
    const [x, y] = [worldX(lon), worldY(lat)];
    points[2 * i] = x;
    points[2 * i + 1] = y;
    [west, east] = [Math.min(west, x), Math.max(east, x)];
    [north, south] = [Math.min(north, y), Math.max(south, y)];
  });
  return { points, west, east, north, south };
}

/** Catmull-Rom through hand-made points, so that a river bends. */
export function smooth(places: readonly (readonly [number, number])[], steps = 6): [number, number][] {
  const at = (i: number): readonly [number, number] => places[Math.max(0, Math.min(places.length - 1, i))] ?? [0, 0];
  const curve: [number, number][] = [];
  for (let i = 0; i + 1 < places.length; i++) {
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    for (let step = 0; step < steps; step++) {
      const t = step / steps;
      const mix = (axis: 0 | 1): number =>
        0.5 * (2 * b[axis] + (c[axis] - a[axis]) * t + (2 * a[axis] - 5 * b[axis] + 4 * c[axis] - d[axis]) * t * t + (3 * b[axis] - a[axis] - 3 * c[axis] + d[axis]) * t ** 3);
      curve.push([mix(0), mix(1)]);
    }
  }
  curve.push([...at(places.length - 1)] as [number, number]);
  return curve;
}

/** Adds the lines that the view can see to the canvas path. */
export function trace(context: CanvasRenderingContext2D, view: View, lines: readonly Line[], closed: boolean): void {
  const [halfX, halfY] = [view.width / 2 / view.scale, view.height / 2 / view.scale];
  context.beginPath();
  for (const { points, west, east, north, south } of lines) {
    if (east < view.x - halfX || west > view.x + halfX || south < view.y - halfY || north > view.y + halfY) continue;
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = [view.screenX(points[i] ?? 0), view.screenY(points[i + 1] ?? 0)];
      if (i === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    if (closed) context.closePath();
  }
}
