// What will be sent, once more before it is.

import { h } from "../dom";
import { type Key, t } from "../text";
import type { Draft } from "./draft";

const KEY_SHOWN = 12;

export function summary(draft: Draft): HTMLElement[] {
  const { code, id, key, place, proof } = draft;
  const proofText = proof === "key" ? `${t("field.check.key")} ${key.trim().slice(0, KEY_SHOWN)}…` : t("field.check.password");
  const rows: [Key, string][] = [
    ["field.check.code", code],
    ["field.check.device", id],
    ["field.check.proof", proofText],
    ["field.check.place", place === null ? "" : `${place.lat}, ${place.lon}`],
  ];
  return rows.flatMap(([name, text]) => [h("dt", {}, t(name)), h("dd", {}, text)]);
}
