// Web Mercator on the unit square: x grows east, y grows south, 0..1.

import type { Place } from "../shapes";

/** Beyond it the projection runs away, in degrees. */
const MAX_LATITUDE = 85.05;
/** Metres around the equator, WGS 84. */
const EQUATOR_METRES = 40_075_016.7;
/** Pixels of the whole world at zoom 0, as in other web maps. */
export const TILE = 256;

export const worldX = (lon: number): number => (lon + 180) / 360;

export function worldY(lat: number): number {
  const bounded = Math.max(-MAX_LATITUDE, Math.min(MAX_LATITUDE, lat));
  const sine = Math.sin((bounded * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
}

export const longitude = (x: number): number => x * 360 - 180;

export const latitude = (y: number): number => (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;

/** Metres that one pixel spans at this latitude. */
export function metresPerPixel(lat: number, zoom: number): number {
  return (EQUATOR_METRES * Math.cos((lat * Math.PI) / 180)) / (TILE * 2 ** zoom);
}

/** The longest round length (1, 2, 5 x 10^n metres) that fits into `pixels`. */
export function scaleLength(perPixel: number, pixels: number): number {
  const longest = perPixel * pixels;
  const power = 10 ** Math.floor(Math.log10(longest));
  return ([5, 2, 1].find((step) => step * power <= longest) ?? 1) * power;
}

export const isPlace = (place: Place | null): place is Place =>
  place !== null && Number.isFinite(place.lat) && Number.isFinite(place.lon);
