// Which devices are in a group: listed, or by what they need to be.

import { h } from "../../dom";
import type { GroupQuery } from "../../record-shapes";
import { t } from "../../text";
import { modelTitle } from "../words";
import { field, select } from "./parts";

const BOX = " *-?\\d+(\\.\\d+)?( *, *-?\\d+(\\.\\d+)?){3} *";

/** Of boundaries, by name. */
export type AreaTitles = ReadonlyMap<string, string>;

export interface GroupChoices {
  /** Whose devices may be grouped. */
  agencies: readonly string[];
  models: readonly string[];
  areas: AreaTitles;
}

/** What a group has now. */
export interface Members {
  query: GroupQuery | null;
  listed: readonly string[];
}

/** The inputs `by`, and those of a list or of a query. */
export function memberFields({ models, areas }: GroupChoices, members: Members | null): HTMLElement[] {
  const query = members?.query ?? null;
  const ids = h("textarea", { name: "devices", required: true, rows: 4, spellcheck: "false", autocapitalize: "none" }, members?.listed.join("\n"));
  const listed = h("fieldset", { "aria-label": t("groups.by.list") }, field(t("groups.devices"), ids));
  const asked = h(
    "fieldset",
    { "aria-label": t("groups.by.query") },
    field(t("device.model"), select("model", query?.model ?? "", t("groups.any"), models.map((id) => [id, modelTitle(id)]))),
    field(t("groups.tag"), h("input", { name: "tag", value: query?.tag ?? "", autocomplete: "off" })),
    field(t("groups.boundary"), select("boundary", query?.boundary ?? "", t("groups.any"), [...areas])),
    field(t("groups.bbox.form"), h("input", { name: "bbox", value: query?.bbox?.join(",") ?? "", pattern: BOX, title: t("groups.bbox.form"), placeholder: "126,37,127,38", autocomplete: "off" })),
    field(t("groups.text"), h("input", { name: "text", value: query?.text ?? "", maxlength: 64, autocomplete: "off" })),
  );
  const by = h("select", { name: "by" }, h("option", { value: "list" }, t("groups.by.list")), h("option", { value: "query" }, t("groups.by.query")));
  by.value = query === null ? "list" : "query";
  const choose = (): void => {
    listed.hidden = listed.disabled = by.value !== "list";
    asked.hidden = asked.disabled = by.value !== "query";
  };
  by.addEventListener("change", choose);
  choose();
  return [field(t("groups.members"), by), listed, asked];
}
