// What an agency has otherwise than a model says, in words.

import { h } from "../../dom";
import { numberText, unitText } from "../../format";
import type { Model, ModelField } from "../../shapes";
import { language, t } from "../../text";
import { type Otherwise, otherwise } from "./refinement";

/** A line for each difference, with what the model says. */
export function otherwiseList(model: Model, refined: Model): HTMLElement {
  return h("ul", {}, ...otherwise(model, refined).map((one) => h("li", {}, otherwiseText(one, model, refined))));
}

function otherwiseText({ field, what }: Otherwise, model: Model, refined: Model): string {
  const of = (one: Model): Model | ModelField | undefined => (field === null ? one : one.fields.find(({ name }) => name === field.name));
  const name = field === null ? t(`refine.${what}`) : t("refine.of-field", { field: fieldName(field.name, model), what: t(`refine.${what}`) });
  return t("refine.was", { what: name, now: said(what, of(refined)), model: said(what, of(model)) });
}

const fieldName = (name: string, model: Model): string => model.fields.find((one) => one.name === name)?.title[language()] ?? name;

function said(what: Otherwise["what"], of: Model | ModelField | undefined): string {
  if (of === undefined) return t("refine.unsaid");
  const days = "retention_days" in of ? of.retention_days : null;
  const seconds = of.expected_interval_s;
  switch (what) {
    case "title":
      return of.title[language()];
    case "purpose":
      return ("purpose" in of && of.purpose?.[language()]) || t("refine.unsaid");
    case "interval":
      return seconds === null ? t("refine.unsaid") : t("refine.seconds", { count: numberText(seconds, language()) });
    case "retention":
      return days === null ? t("refine.ever") : t("refine.days", { count: numberText(days, language()) });
    case "range":
      return "min" in of ? rangeText(of) : t("refine.unsaid");
  }
}

/** `0 ~ 120 km/h`; an open end is an ellipsis. */
export function rangeText({ min, max, unit }: ModelField): string {
  if (min === null && max === null) return "–";
  const end = (value: number | null): string => (value === null ? "…" : numberText(value, language()));
  return `${end(min)} ~ ${end(max)} ${unitText(unit, language())}`.trim();
}
