// What an agency says otherwise of a data model, from what was typed in, and what
// that changes of the model. No DOM.

import type { RefinedField, Refinement } from "../../record-shapes";
import type { Model, ModelField, Titles } from "../../shapes";

type Values = Record<string, string>;

/** The name of a field's input. */
export const inputName = (what: string, field: string): string => `${what}:${field}`;

/** What is left empty is as the model says; a name needs both languages, and takes
 * the other one from the model. */
export function refinementBody(values: Values, model: Model): Refinement {
  const fields = model.fields.map((field) => refinedField(values, field)).filter((one) => Object.keys(one).length > 1);
  return {
    ...titles("title", values["title.en"], values["title.ko"], model.title),
    ...titles("purpose", values["purpose.en"], values["purpose.ko"], model.purpose),
    ...number("expected_interval_s", values["interval"]),
    ...number("retention_days", values["retention"]),
    ...(fields.length === 0 ? {} : { fields }),
  };
}

function refinedField(values: Values, { name, title }: ModelField): RefinedField {
  const value = (what: string): string | undefined => values[inputName(what, name)];
  return {
    name,
    ...titles("title", value("title.en"), value("title.ko"), title),
    ...number("min", value("min")),
    ...number("max", value("max")),
    ...number("expected_interval_s", value("interval")),
  };
}

const number = <K extends string>(name: K, text = ""): { [P in K]?: number } => (text === "" ? {} : ({ [name]: Number(text) } as { [P in K]: number }));

function titles<K extends string>(name: K, en = "", ko = "", own: Titles | null): { [P in K]?: Titles } {
  if (en === "" && ko === "") return {};
  return { [name]: { en: en || (own?.en ?? ""), ko: ko || (own?.ko ?? "") } } as { [P in K]: Titles };
}

/** `field` is null for what is the model's own. */
export interface Otherwise {
  field: ModelField | null;
  what: "title" | "purpose" | "interval" | "retention" | "range";
}

/** What the agency's devices have otherwise than the model says. */
export function otherwise(model: Model, refined: Model): Otherwise[] {
  const differs = (one: unknown, other: unknown): boolean => JSON.stringify(one) !== JSON.stringify(other);
  const found: Otherwise[] = [];
  const note = (field: ModelField | null, what: Otherwise["what"], one: unknown, other: unknown): void => {
    if (differs(one, other)) found.push({ field, what });
  };
  const titlesOf = (titles: Titles | null): unknown => titles && [titles.en, titles.ko];
  note(null, "title", titlesOf(model.title), titlesOf(refined.title));
  note(null, "purpose", titlesOf(model.purpose), titlesOf(refined.purpose));
  note(null, "interval", model.expected_interval_s, refined.expected_interval_s);
  note(null, "retention", model.retention_days, refined.retention_days);
  for (const field of refined.fields) {
    const own = model.fields.find((one) => one.name === field.name);
    if (own === undefined) continue;
    note(field, "title", titlesOf(own.title), titlesOf(field.title));
    note(field, "range", [own.min, own.max], [field.min, field.max]);
    // A field's own, not the one that it has of its model.
    const usual = refined.expected_interval_s;
    if (field.expected_interval_s !== usual) note(field, "interval", own.expected_interval_s, field.expected_interval_s);
  }
  return found;
}
