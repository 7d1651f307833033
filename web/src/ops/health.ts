// One device's health: the score, the parts that it is made of, and the reasons
// in words.

import { h } from "../dom";
import { numberText } from "../format";
import type { DeviceHealth, HealthPart, HealthReason } from "../shapes";
import { language, t, word } from "../text";
import { fieldTitle } from "./words";

/** Shown once it was read; before that there is nothing to say. */
export function healthSection(health: DeviceHealth | null, model: string): HTMLElement {
  if (health === null) return h("section.health", { hidden: true });
  const reasons = health.reasons.map((reason) =>
    h("li", { class: reason.points >= 10 ? "alert" : "calm" }, reasonText(reason, model), " ", h("small", {}, t("health.points", { points: numberText(reason.points, language()) }))),
  );
  const gaps = health.left_out.map((gap) => `${word("health.part", gap.part)}: ${word("health.why", gap.code)}`);
  return h(
    "section.health",
    {},
    h("h3", {}, t("health.head", { score: health.score })),
    reasons.length === 0 ? h("p.empty", {}, t(health.parts.length === 0 ? "health.never" : "health.well")) : h("ul.log", {}, ...reasons),
    h("dl.facts", {}, ...health.parts.map(partFact)),
    gaps.length > 0 && h("p.note", {}, gaps.join(" · ")),
  );
}

function partFact({ part, score, value, unit }: HealthPart): HTMLElement {
  return h("div", {}, h("dt", {}, word("health.part", part)), h("dd", {}, `${numberText(score, language())} (${measure(value, unit)})`));
}

/** The reason in the language of the page, with what was seen. */
export function reasonText({ code, value, unit, field }: HealthReason, model: string): string {
  const seen = measure(code === "clock-ahead" ? -value : value, unit);
  const named = field === null ? "" : `${fieldTitle(model, field)}: `;
  return named + word("health.reason", code).replace("{value}", seen);
}

/** A value as people say it: long times in minutes, hours and days. */
function measure(value: number, unit: string): string {
  const number = (count: number): string => numberText(Math.round(count * 10) / 10, language());
  if (unit === "h") return t("health.hours", { count: number(value) });
  if (unit !== "s") return unit === "1" ? number(value) : `${number(value)} ${unit === "dB[mW]" ? "dBm" : unit}`;
  const length = Math.abs(value);
  if (length < 120) return t("health.seconds", { count: number(value) });
  if (length < 7_200) return t("health.minutes", { count: number(value / 60) });
  if (length < 172_800) return t("health.hours", { count: number(value / 3_600) });
  return t("health.days", { count: number(value / 86_400) });
}
