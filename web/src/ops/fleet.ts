// What the dashboard knows: devices, their newest values and how they fare.
// No DOM. The picture of the platform is GET /v1/latest, kept up by the stream.

import type { Marker } from "../map/draw";
import { isPlace, worldX, worldY } from "../map/projection";
import { type Before, type Concern, concerns, weightOf } from "./concern";
import type { Device, Frame, Latest, Quality, Value } from "../shapes";

/** A device is silent after this, or after five of its own intervals. */
export const SILENT_AFTER_MS = 5 * 60_000;
const SILENT_INTERVALS = 5;
/** Newest values that a sparkline shows. */
const TRAIL = 40;
/** Frames that the live list remembers. */
const RECENT_FRAMES = 60;
/** Window of the rate, in seconds. */
const RATE_SECONDS = 10;
const ORDER = new Intl.Collator("ko", { numeric: true });
/** Fields that tell about the device and not about the world. */
const ABOUT_DEVICE = new Set(["battery", "rssi", "snr", "firmware", "lane", "gauge_datum"]);

const NOTHING_BEFORE: ReadonlyMap<number, Before> = new Map();

export type DeviceState = "live" | "silent" | "never" | "revoked" | "expired";

export interface Stream {
  id: number;
  field: string;
  unit: string | null;
  value: Value;
  quality: Quality;
  /** Phenomenon time in milliseconds. */
  time: number;
  /** Newest numbers, oldest first. */
  trail: number[];
}

export interface Unit {
  device: Device;
  domain: string;
  marker: Marker | null;
  /** Receipt of the newest message in milliseconds; 0: never. */
  seen: number;
  /** Smoothed time between its messages in milliseconds; 0: not known. */
  interval: number;
  streams: Stream[];
  /** What its values say about the city, the weightiest first. */
  concerns: Concern[];
  state: DeviceState;
  /** What the search looks through, in lower case. */
  words: string;
}

export const domainOf = (model: string): string => model.split(".")[0] ?? "";

export class Fleet {
  readonly units = new Map<string, Unit>();
  readonly recent: Frame[] = [];
  private readonly streams = new Map<number, Stream>();
  private readonly perSecond = new Map<number, number>();

  /** Takes the registry's list; what is known of values stays. */
  setDevices(devices: readonly Device[]): void {
    const listed = new Set(devices.map((device) => device.id));
    for (const id of this.units.keys()) if (!listed.has(id)) this.units.delete(id);
    for (const device of devices) this.setDevice(device);
  }

  /** Keeps the map in the order of shown names, as a reader counts: 2 before 10. */
  order(shown: (device: Device) => string): void {
    const sorted = [...this.units].sort(([, a], [, b]) => ORDER.compare(shown(a.device), shown(b.device)));
    this.units.clear();
    for (const [id, unit] of sorted) this.units.set(id, unit);
  }

  private setDevice(device: Device): void {
    const domain = domainOf(device.model);
    const words = `${device.id} ${device.name} ${device.model} ${device.agency}`.toLowerCase();
    const seen = device.last_seen === null ? 0 : Date.parse(device.last_seen);
    const known = this.units.get(device.id);
    if (!known) {
      const marker = isPlace(device.location)
        ? { id: device.id, domain, x: worldX(device.location.lon), y: worldY(device.location.lat), silent: false, poor: false, concern: 0 as const, pulse: -Infinity }
        : null;
      this.units.set(device.id, { device, domain, marker, seen, interval: 0, streams: [], concerns: [], state: "never", words });
      return;
    }
    Object.assign(known, { device, domain, words, seen: Math.max(seen, known.seen) });
    if (!isPlace(device.location)) known.marker = null;
    else if (known.marker) Object.assign(known.marker, { x: worldX(device.location.lon), y: worldY(device.location.lat) });
    else known.marker = { id: device.id, domain, x: worldX(device.location.lon), y: worldY(device.location.lat), silent: false, poor: false, concern: 0 as const, pulse: -Infinity };
  }

  setLatest(items: readonly Latest[]): void {
    for (const item of items) {
      const unit = this.units.get(item.device);
      if (!unit) continue;
      unit.seen = Math.max(unit.seen, Date.parse(item.result_time));
      this.put(unit, item.id, item.field, item.unit, item.value, item.quality, Date.parse(item.phenomenon_time));
    }
  }

  /** False: the device is not known, the list must be read again. */
  apply(frame: Frame, pulse: number): boolean {
    const unit = this.units.get(frame.device);
    const received = Date.parse(frame.result_time);
    const second = Math.floor(received / 1000);
    this.perSecond.set(second, (this.perSecond.get(second) ?? 0) + frame.observations.length);
    if (!unit) return false;
    if (unit.seen > 0 && received > unit.seen) {
      const gap = received - unit.seen;
      unit.interval = unit.interval === 0 ? gap : unit.interval * 0.8 + gap * 0.2;
    }
    unit.seen = Math.max(unit.seen, received);
    for (const one of frame.observations) {
      this.put(unit, one.datastream, one.field, one.unit, one.value, one.quality, Date.parse(one.phenomenon_time));
    }
    if (unit.marker) unit.marker.pulse = pulse;
    this.recent.unshift(frame);
    if (this.recent.length > RECENT_FRAMES) this.recent.length = RECENT_FRAMES;
    return true;
  }

  /** The newest by phenomenon time holds, not the last to arrive. */
  private put(unit: Unit, id: number, field: string, unitCode: string | null, value: Value, quality: Quality, time: number): void {
    let stream = this.streams.get(id);
    if (!stream) {
      stream = { id, field, unit: unitCode, value, quality, time, trail: [] };
      this.streams.set(id, stream);
    } else if (time < stream.time) {
      return;
    } else {
      const repeated = time === stream.time;
      Object.assign(stream, { value, quality, time, unit: unitCode });
      if (repeated) stream.trail.pop();
    }
    if (!unit.streams.includes(stream)) {
      unit.streams.push(stream);
      unit.streams.sort((a, b) => a.id - b.id);
    }
    if (typeof value === "number") stream.trail.push(value);
    if (stream.trail.length > TRAIL) stream.trail.shift();
  }

  /** Brings states up to date; called every second or so. `before`: what went
   * before of fields whose rise counts. */
  judge(now: number, before: ReadonlyMap<number, Before> = NOTHING_BEFORE): void {
    for (const unit of this.units.values()) {
      unit.state = stateOf(unit, now);
      unit.concerns = unit.state === "live" ? concerns(unit, before) : [];
      if (!unit.marker) continue;
      unit.marker.silent = unit.state !== "live";
      unit.marker.poor = isPoor(unit);
      unit.marker.concern = weightOf(unit.concerns);
    }
    const oldest = Math.floor(now / 1000) - RATE_SECONDS * 6;
    for (const second of this.perSecond.keys()) if (second < oldest) this.perSecond.delete(second);
  }

  /** Observations a second over the last ten whole seconds. */
  rate(now: number): number {
    const last = Math.floor(now / 1000);
    let sum = 0;
    for (let second = last - RATE_SECONDS; second < last; second++) sum += this.perSecond.get(second) ?? 0;
    return sum / RATE_SECONDS;
  }

  /** Devices whose values deserve an eye. */
  concerned(): number {
    let count = 0;
    for (const unit of this.units.values()) if (unit.concerns.length > 0) count += 1;
    return count;
  }

  count(state: DeviceState): number {
    let count = 0;
    for (const unit of this.units.values()) if (unit.state === state) count += 1;
    return count;
  }
}

export function stateOf(unit: Pick<Unit, "device" | "seen" | "interval">, now: number): DeviceState {
  if (unit.device.status !== "active") return unit.device.status;
  if (unit.seen === 0) return "never";
  return now - unit.seen > Math.max(SILENT_AFTER_MS, SILENT_INTERVALS * unit.interval) ? "silent" : "live";
}

export const isPoor = (unit: Pick<Unit, "streams">): boolean => unit.streams.some((stream) => stream.quality !== "good");

/** The value that stands for the device: the first of its world's fields. */
export function mainStream(unit: Pick<Unit, "streams">): Stream | undefined {
  return unit.streams.find((stream) => !ABOUT_DEVICE.has(stream.field)) ?? unit.streams[0];
}

/** What the history shows first: the main value, or else a number beside it. */
export function chartStream(unit: Pick<Unit, "streams">): Stream | undefined {
  const main = mainStream(unit);
  if (typeof main?.value === "number") return main;
  return unit.streams.find((stream) => typeof stream.value === "number" && !ABOUT_DEVICE.has(stream.field)) ?? main;
}
