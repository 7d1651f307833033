// Numbers, units and times for people. No DOM and no clock: the caller passes
// the language, the time and the zone.

import type { Quality, Value } from "./shapes";

export type Language = "ko" | "en";

/** UCUM code to what a person reads. Absent here: shown as it is. */
const UNITS: Record<string, string> = {
  Cel: "°C",
  "ug/m3": "µg/m³",
  "m3/s": "m³/s",
  "m/s2": "m/s²",
  deg: "°",
  "deg/h": "°/h",
  "[ppm]": "ppm",
  "dB[SPL]": "dB",
  "dB[mW]": "dBm",
  "dB[10.nV]": "dB",
  "10*-6": "×10⁻⁶",
  "/m2": "/m²",
  "1": "",
};
/** UCUM annotations, as `{vehicle}`. */
const COUNTED: Record<Language, Record<string, string>> = {
  ko: { "{vehicle}": "대", "{person}": "명", "{people}": "명", "{space}": "면", "{count}": "건" },
  en: { "{vehicle}": "vehicles", "{person}": "people", "{people}": "people", "{space}": "spaces", "{count}": "" },
};

export function unitText(unit: string | null, language: Language): string {
  if (unit === null) return "";
  return COUNTED[language][unit] ?? UNITS[unit] ?? unit.replace(/[{}]/g, "");
}

/** Digits that a sensor's value deserves: no more than about four. */
export function numberText(value: number, language: Language): string {
  const size = Math.abs(value);
  const decimals = Number.isInteger(value) ? 0 : size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3;
  return value.toLocaleString(language === "ko" ? "ko-KR" : "en-GB", { maximumFractionDigits: decimals });
}

export interface ValueWords {
  yes: string;
  no: string;
  missing: string;
}

/** The value alone; its unit is `unitText`. */
export function valueText(value: Value, language: Language, words: ValueWords): string {
  if (value === null) return words.missing;
  if (typeof value === "number") return numberText(value, language);
  if (typeof value === "boolean") return value ? words.yes : words.no;
  return value;
}

const two = (n: number): string => String(n).padStart(2, "0");

/** `+09:00` for 540 minutes east of UTC. */
export function offsetText(minutesEast: number): string {
  const size = Math.abs(minutesEast);
  return `${minutesEast < 0 ? "−" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

const zoneOf = (time: Date): number => -time.getTimezoneOffset();

function local(time: Date, minutesEast: number): Date {
  return new Date(time.getTime() + minutesEast * 60_000);
}

/** `2026-05-01 09:00:03 +09:00`. */
export function dateTimeText(time: Date, minutesEast: number = zoneOf(time)): string {
  return `${dateText(time, minutesEast)} ${clockText(time, minutesEast)} ${offsetText(minutesEast)}`;
}

export function dateText(time: Date, minutesEast: number = zoneOf(time)): string {
  const at = local(time, minutesEast);
  return `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
}

/** `09:00:03`; the zone stands elsewhere on the page. */
export function clockText(time: Date, minutesEast: number = zoneOf(time)): string {
  const at = local(time, minutesEast);
  return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
}

/** The clock today, the date with it on another day. */
export function shortTimeText(time: Date, now: Date, minutesEast: number = zoneOf(time)): string {
  const sameDay = dateText(time, minutesEast) === dateText(now, minutesEast);
  return sameDay ? clockText(time, minutesEast) : `${dateText(time, minutesEast).slice(5)} ${clockText(time, minutesEast).slice(0, 5)}`;
}

const AGES: Record<Language, { ages: [number, string][]; ahead: string }> = {
  ko: { ages: [[86_400, "일 전"], [3_600, "시간 전"], [60, "분 전"], [1, "초 전"]], ahead: "방금" },
  en: { ages: [[86_400, " d ago"], [3_600, " h ago"], [60, " min ago"], [1, " s ago"]], ahead: "now" },
};

/** `12 s ago`, `3분 전`. */
export function ageText(milliseconds: number, language: Language): string {
  const seconds = Math.floor(milliseconds / 1000);
  const { ages, ahead } = AGES[language];
  for (const [size, word] of ages) if (seconds >= size) return `${Math.floor(seconds / size)}${word}`;
  return ahead;
}

/** One mark for each quality beside the colour. */
export const QUALITY_MARK: Record<Quality, string> = { good: "", uncertain: "?", bad: "!", missing: "∅" };

/** Agencies give names in both languages as `English · 한국어`, in either
 * order: the reader's half, or the whole where there are no two halves. */
export function nameText(name: string, language: Language): string {
  const halves = name.split(" · ");
  const hangul = halves.map((half) => /[\uac00-\ud7a3]/.test(half));
  if (halves.length !== 2 || hangul[0] === hangul[1]) return name;
  return halves[hangul.indexOf(language === "ko")] ?? name;
}
