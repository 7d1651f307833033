// From which value on a reading of the city deserves an eye. Public grades and
// warnings, not anybody's rules: those an agency sets itself.

import type { Value } from "../shapes";

/** 1: worth a look; 2: serious. */
export type Weight = 1 | 2;

export interface Level {
  watch: number;
  serious: number;
  /** Below these instead of above them. */
  below?: true;
}

/** By data model and field, in the model's unit. */
const LEVELS: Record<string, Record<string, Level>> = {
  // AirKorea's grades: "bad" and "very bad".
  "safety.air": {
    pm25: { watch: 36, serious: 76 },
    pm10: { watch: 81, serious: 151 },
    o3: { watch: 0.091, serious: 0.151 },
    no2: { watch: 0.061, serious: 0.201 },
    co: { watch: 9.01, serious: 15.01 },
    cai: { watch: 101, serious: 251 },
  },
  // The same, and the Korea Meteorological Administration's advisories and
  // warnings of heat, cold and wind.
  "safety.street": {
    pm25: { watch: 36, serious: 76 },
    pm10: { watch: 81, serious: 151 },
    temperature: { watch: 33, serious: 35 },
    wind_speed: { watch: 14, serious: 21 },
  },
  // Its advisory and warning of heavy rain; in an hour: "very heavy", and what
  // it sends to every phone.
  "disaster.rain": {
    rain_1h: { watch: 30, serious: 50 },
    rain_3h: { watch: 60, serious: 90 },
    rain_12h: { watch: 110, serious: 180 },
  },
  // Felt by people at rest; light damage.
  "disaster.seismic": { intensity_mmi: { watch: 3, serious: 5 } },
  // A usual first and second alarm of detectors.
  "safety.gas": { lel: { watch: 10, serious: 25 }, co: { watch: 30, serious: 200 } },
  "disaster.fire": { smoke: { watch: 5, serious: 10 }, temperature: { watch: 60, serious: 80 } },
  // People per square metre: crowded, dangerous.
  "safety.crowd": { density: { watch: 4, serious: 5 } },
};

/** Values that are no number and say it themselves. */
const SAID: Record<string, Record<string, { value: Value; weight: Weight }>> = {
  "disaster.fire": { flame: { value: true, weight: 2 } },
  "safety.lamp": { power_state: { value: "fault", weight: 1 } },
};

/** Fields whose rise counts, and by how much in an hour. */
const RISES: Record<string, Record<string, Level>> = {
  "disaster.water-level": { level: { watch: 0.5, serious: 1.5 } },
};

/** How far above all of the last week a rising field is out of the ordinary. */
export const ABOVE_THE_WEEK = 0.3;

export const levelOf = (model: string, field: string): Level | undefined => LEVELS[model]?.[field];
export const saidOf = (model: string, field: string): { value: Value; weight: Weight } | undefined => SAID[model]?.[field];
export const riseOf = (model: string, field: string): Level | undefined => RISES[model]?.[field];

/** The weight of a number against its level; 0: none. */
export function weigh(value: number, { watch, serious, below }: Level): 0 | Weight {
  const beyond = (limit: number): boolean => (below ? value <= limit : value >= limit);
  return beyond(serious) ? 2 : beyond(watch) ? 1 : 0;
}
