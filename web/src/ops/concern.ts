// What a device's values say about the city: beyond a level, rising fast,
// higher than in the last week. No DOM.

import type { Stream, Unit } from "./fleet";
import { ABOVE_THE_WEEK, type Weight, levelOf, riseOf, saidOf, weigh } from "./levels";

export type Concern = { stream: Stream; weight: Weight } & (
  | { kind: "beyond"; limit: number }
  | { kind: "said" }
  | { kind: "rising"; rise: number }
  | { kind: "highest"; before: number }
);

/** What went before, of a field whose rise counts. */
export interface Before {
  /** A value of about an hour ago and its time in milliseconds. */
  then: { value: number; time: number } | null;
  /** The highest of the last seven days, without the last two hours. */
  week: number | null;
}

const HOUR_MS = 3_600_000;
/** A rise over less than this says little about an hour. */
const LEAST_MS = 15 * 60_000;

export function concerns(unit: Pick<Unit, "device" | "streams">, before: ReadonlyMap<number, Before>): Concern[] {
  const found: Concern[] = [];
  const { model } = unit.device;
  for (const stream of unit.streams) {
    // What the platform itself doubts is told as of poor quality, not here.
    if (stream.quality !== "good") continue;
    const said = saidOf(model, stream.field);
    if (said && stream.value === said.value) found.push({ kind: "said", stream, weight: said.weight });
    if (typeof stream.value !== "number") continue;
    const level = levelOf(model, stream.field);
    const weight = level ? weigh(stream.value, level) : 0;
    if (level && weight > 0) found.push({ kind: "beyond", stream, weight: weight as Weight, limit: weight === 2 ? level.serious : level.watch });
    found.push(...rising(model, stream, stream.value, before.get(stream.id)));
  }
  return found.sort((a, b) => b.weight - a.weight);
}

function rising(model: string, stream: Stream, value: number, before: Before | undefined): Concern[] {
  const level = riseOf(model, stream.field);
  if (!level || !before) return [];
  const found: Concern[] = [];
  const elapsed = before.then ? stream.time - before.then.time : 0;
  if (before.then && elapsed >= LEAST_MS) {
    const rise = ((value - before.then.value) * HOUR_MS) / elapsed;
    const weight = weigh(rise, level);
    if (weight > 0) found.push({ kind: "rising", stream, weight: weight as Weight, rise });
  }
  if (before.week !== null && value >= before.week + ABOVE_THE_WEEK) found.push({ kind: "highest", stream, weight: 1, before: before.week });
  return found;
}

/** What comes first: the weightier, and of equals what may be a disaster. */
export const urgency = (unit: Pick<Unit, "concerns" | "domain">): number => {
  const weight = weightOf(unit.concerns);
  return weight === 0 ? 0 : 2 * weight + (unit.domain === "disaster" ? 1 : 0);
};

/** 0: nothing. */
export const weightOf = (all: readonly Concern[]): 0 | Weight => all.reduce<0 | Weight>((most, one) => (one.weight > most ? one.weight : most), 0);
