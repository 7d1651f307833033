// The invented city of a simulated platform, drawn over the base map. Its file
// is made from the simulator's own by build/map-data.mjs.

import { type Line, absolute, line, smooth } from "./base";
import type { Label } from "./places";

export interface CityMap {
  land: Line[];
  districts: Line[];
  river: Line[];
  labels: Label[];
}

interface Named {
  en: string;
  ko: string;
}

export interface CityFile {
  scale: number;
  name: Named;
  land: number[][];
  river: number[][];
  districts: number[][];
  labels: (Named & { at: [number, number] })[];
}

/** Zooms from which names are shown, and until which the city's is. */
const CITY_FROM = 5;
const CITY_UNTIL = 11;
const DISTRICT_FROM = 11;

export function cityMap({ scale, name, land, river, districts, labels }: CityFile): CityMap {
  const lines = (all: number[][]): Line[] => all.map((deltas) => line(absolute(deltas, scale)));
  const middle = (axis: 0 | 1): number => labels.reduce((sum, { at }) => sum + at[axis] / labels.length, 0);
  return {
    land: lines(land),
    districts: lines(districts),
    river: river.map((deltas) => line(smooth(absolute(deltas, scale)))),
    labels: [{ ...name, at: [middle(0), middle(1)], from: CITY_FROM, until: CITY_UNTIL }, ...labels.map((label): Label => ({ ...label, from: DISTRICT_FROM }))],
  };
}
