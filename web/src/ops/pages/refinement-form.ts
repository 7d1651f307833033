// The inputs of what an agency says otherwise of a model. What the model says
// stands in each that is empty.

import { h } from "../../dom";
import { numberText, unitText } from "../../format";
import type { RefinedField, Refinement } from "../../record-shapes";
import type { Model, ModelField } from "../../shapes";
import { language, t } from "../../text";
import { field, table } from "./parts";
import { inputName } from "./refinement";

const MAX_INTERVAL_S = 31 * 86_400;
const MAX_DAYS = 36_500;

interface Ends {
  min: number | null;
  max: number | null;
  step: number | "any";
}

function numberInput(name: string, value: number | undefined, model: number | null, { min, max, step }: Ends): HTMLInputElement {
  const placeholder = model === null ? "" : numberText(model, language());
  return h("input", { name, type: "number", inputmode: "decimal", value: value ?? null, placeholder, min, max, step });
}

function textInput(name: string, value: string | undefined, model: string | undefined): HTMLInputElement {
  return h("input", { name, value: value ?? null, placeholder: model ?? "", autocomplete: "off" });
}

/** It is a sentence. */
function purposeInput(name: string, value: string | undefined, model: string | undefined): HTMLTextAreaElement {
  return h("textarea", { name, rows: 2, placeholder: model ?? "" }, value);
}

const SECONDS = { min: 1, max: MAX_INTERVAL_S, step: 1 };

/** `said` is what the agency says now. */
export function refinementFields(model: Model, said: Refinement): HTMLElement[] {
  const { title, purpose } = said;
  const days = numberInput("retention", said.retention_days, model.retention_days, { min: 1, max: MAX_DAYS, step: 1 });
  return [
    field(t("refine.interval.s"), numberInput("interval", said.expected_interval_s, model.expected_interval_s, SECONDS)),
    field(t("refine.retention.days"), days),
    field(t("refine.title.ko"), textInput("title.ko", title?.ko, model.title.ko)),
    field(t("refine.title.en"), textInput("title.en", title?.en, model.title.en)),
    field(t("refine.purpose.ko"), purposeInput("purpose.ko", purpose?.ko, model.purpose?.ko)),
    field(t("refine.purpose.en"), purposeInput("purpose.en", purpose?.en, model.purpose?.en)),
    fieldTable(model, said.fields ?? []),
  ];
}

function fieldTable(model: Model, said: readonly RefinedField[]): HTMLElement {
  const columns = [t("refine.field"), t("refine.min"), t("refine.max"), t("refine.every"), t("refine.title.ko"), t("refine.title.en")];
  const rows = model.fields.map((one) => {
    const name = h("span", {}, h("b", {}, one.title[language()]), " ", h("code", {}, one.name), unitOf(one));
    const inputs = fieldInputs(one, said.find((own) => own.name === one.name) ?? { name: one.name });
    const cells = inputs.map((input, at) => {
      input?.setAttribute("aria-label", `${one.title[language()]}: ${columns[at + 1] ?? ""}`);
      return input ?? "–";
    });
    return [name, ...cells];
  });
  return table(t("refine.field"), columns, rows);
}

/** Behind a field's name. */
function unitOf({ unit }: ModelField): HTMLElement | null {
  const text = unitText(unit, language());
  return text === "" ? null : h("small", {}, ` (${text})`);
}

/** Only numbers have a range. */
function fieldInputs(one: ModelField, own: RefinedField): (HTMLInputElement | null)[] {
  const name = (what: string): string => inputName(what, one.name);
  const ends: Ends = { min: one.min, max: one.max, step: "any" };
  const isNumber = one.unit !== null;
  return [
    isNumber ? numberInput(name("min"), own.min, one.min, ends) : null,
    isNumber ? numberInput(name("max"), own.max, one.max, ends) : null,
    numberInput(name("interval"), own.expected_interval_s, one.expected_interval_s, SECONDS),
    textInput(name("title.ko"), own.title?.ko, one.title.ko),
    textInput(name("title.en"), own.title?.en, one.title.en),
  ];
}
