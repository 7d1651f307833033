// Reads what went before for fields whose rise counts: /v1/aggregate, asked
// for many datastreams at once, the hour each minute and the week seldom.

import { get, serverNow } from "../api";
import type { Bucket, Page } from "../shapes";
import type { Before } from "./concern";
import type { Unit } from "./fleet";
import { riseOf } from "./levels";

/** Datastreams in one question: their numbers stand in the URL. */
const AT_ONCE = 400;
const WEEK_EVERY_MS = 15 * 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The last hours do not count as the week that they are compared with. */
const APART_MS = 2 * HOUR_MS;

export class BeforeReader {
  readonly known = new Map<number, Before>();
  private weekAt = 0;

  async read(units: Iterable<Unit>): Promise<void> {
    const ids: number[] = [];
    for (const unit of units) for (const stream of unit.streams) if (riseOf(unit.device.model, stream.field)) ids.push(stream.id);
    const now = serverNow();
    const week = now - this.weekAt > WEEK_EVERY_MS;
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      const some = ids.slice(from, from + AT_ONCE);
      const hour = await buckets(some, "10m", "first", now - HOUR_MS, now);
      this.takeHour(some, hour);
      if (week) this.takeWeek(some, await buckets(some, "1d", "max", now - 7 * DAY_MS, now - APART_MS));
    }
    if (week) this.weekAt = now;
  }

  private of(id: number): Before {
    let before = this.known.get(id);
    if (!before) {
      before = { then: null, week: null };
      this.known.set(id, before);
    }
    return before;
  }

  private takeHour(ids: readonly number[], found: readonly Bucket[]): void {
    for (const id of ids) this.of(id).then = null;
    for (const bucket of found) {
      if (bucket.datastream === undefined || typeof bucket.first !== "number") continue;
      const before = this.of(bucket.datastream);
      const time = Date.parse(bucket.start);
      if (!before.then || time < before.then.time) before.then = { value: bucket.first, time };
    }
  }

  private takeWeek(ids: readonly number[], found: readonly Bucket[]): void {
    for (const id of ids) this.of(id).week = null;
    for (const bucket of found) {
      if (bucket.datastream === undefined || typeof bucket.max !== "number") continue;
      const before = this.of(bucket.datastream);
      before.week = Math.max(before.week ?? -Infinity, bucket.max);
    }
  }
}

async function buckets(ids: readonly number[], bucket: string, fn: string, from: number, to: number): Promise<Bucket[]> {
  const iso = (time: number): string => encodeURIComponent(new Date(time).toISOString());
  const { items } = await get<Page<Bucket>>(`/v1/aggregate?datastream=${ids.join(",")}&bucket=${bucket}&fn=${fn}&from=${iso(from)}&to=${iso(to)}`);
  return items;
}
