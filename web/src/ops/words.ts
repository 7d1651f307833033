// Names and values as the dashboard writes them, in the language that is on.

import { h, svg } from "../dom";
import { QUALITY_MARK, nameText, unitText, valueText } from "../format";
import { markOf, svgPath } from "../map/marks";
import type { Agency, Model, Quality, Value } from "../shapes";
import { language, t, word } from "../text";

let models = new Map<string, Model>();
let agencies = new Map<string, string>();

export function setModels(list: readonly Model[]): void {
  models = new Map(list.map((model) => [model.id, model]));
}

export function setAgencies(list: readonly Agency[]): void {
  agencies = new Map(list.map((agency) => [agency.id, agency.name]));
}

/** The public has ids only: agencies are listed to operators. */
export const agencyTitle = (id: string): string => nameText(agencies.get(id) ?? "", language()) || id;

export const deviceTitle = (device: { id: string; name: string }): string => nameText(device.name, language()) || device.id;

/** `KOGL-1` is known to Koreans as 공공누리 제1유형; SPDX names stay. */
export const licenceTitle = (licence: string): string => {
  const type = /^KOGL-([1-4])$/.exec(licence)?.[1];
  return type === undefined ? licence : t("licence.kogl", { type });
};

export const modelTitle = (id: string): string => models.get(id)?.title[language()] || id;

export function fieldTitle(model: string, field: string): string {
  return models.get(model)?.fields.find((one) => one.name === field)?.title[language()] || field;
}

/** As the model lists them; what it does not know comes last. */
export function inModelOrder(model: string, fields: readonly string[]): string[] {
  const order = models.get(model)?.fields.map((one) => one.name) ?? [];
  const place = (field: string): number => (order.includes(field) ? order.indexOf(field) : order.length);
  return [...fields].sort((a, b) => place(a) - place(b));
}

export const domainTitle = (domain: string): string => word("domain", domain);

export function valueWords(value: Value, unit: string | null): string {
  // A code of the built-in models; any other text stays as it is.
  if (typeof value === "string") return word("value", value);
  const text = valueText(value, language(), { yes: t("yes"), no: t("no"), missing: t("missing") });
  const after = value === null ? "" : unitText(unit, language());
  return after === "" ? text : `${text} ${after}`;
}

/** The value with a mark of its quality that does not need colour. */
export function valueElement(value: Value, unit: string | null, quality: Quality): HTMLElement {
  const mark = QUALITY_MARK[quality];
  return h(
    "span.value",
    quality === "good" ? {} : { class: `value ${quality}`, title: t(`quality.${quality}`) },
    valueWords(value, unit),
    mark !== "" && h("b.mark", { role: "img", "aria-label": t(`quality.${quality}`) }, mark),
  );
}

export function domainIcon(domain: string, hollow = false): SVGElement {
  const { shape, variable } = markOf(domain);
  const tone = variable.slice(2);
  return svg("svg", { viewBox: "0 0 16 16", class: `shape ${tone}${hollow ? " hollow" : ""}`, "aria-hidden": "true" }, svg("path", { d: svgPath(shape) }));
}

const SPARK_WIDTH = 64;
const SPARK_HEIGHT = 20;

/** A line of the newest values; nothing below two. */
export function sparkline(trail: readonly number[]): SVGElement {
  const low = Math.min(...trail);
  const span = Math.max(...trail) - low || 1;
  const x = (i: number): number => (i / Math.max(1, trail.length - 1)) * (SPARK_WIDTH - 4) + 2;
  const y = (value: number): number => SPARK_HEIGHT - 3 - ((value - low) / span) * (SPARK_HEIGHT - 6);
  const points = trail.length < 2 ? "" : trail.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  return svg("svg", { viewBox: `0 0 ${SPARK_WIDTH} ${SPARK_HEIGHT}`, class: "spark", "aria-hidden": "true" }, svg("polyline", { points }));
}
