// The data models: which fields devices send, in which unit and range.

import { all } from "../../api";
import { h } from "../../dom";
import { numberText, unitText } from "../../format";
import type { Model } from "../../shapes";
import { language, learn, t } from "../../text";
import { modelsTexts } from "../../texts/ops/models";
import type { PageView } from "../shell";
import { domainIcon, domainTitle } from "../words";
import { faultBox, loading, table } from "./parts";

learn(modelsTexts);

export class ModelsPage implements PageView {
  private asked = 0;

  show(host: HTMLElement): void {
    void this.read(host);
  }

  private async read(host: HTMLElement): Promise<void> {
    const asked = ++this.asked;
    const draw = (...content: HTMLElement[]): void => host.replaceChildren(h("h1", {}, t("page.models")), ...content);
    draw(loading());
    try {
      const { items } = await all<Model>("/v1/models?limit=1000");
      if (asked === this.asked) draw(...items.map(modelSection));
    } catch (error) {
      if (asked === this.asked) draw(faultBox(error, () => void this.read(host)));
    }
  }
}

/** Each name in both languages, the reader's first. */
function modelSection(model: Model): HTMLElement {
  const other = language() === "ko" ? "en" : "ko";
  const number = (value: number | null): string => (value === null ? "…" : numberText(value, language()));
  const rows = model.fields.map((field) => [
    h("span", {}, h("b", {}, field.title[language()]), h("br"), h("small", { lang: other }, field.title[other])),
    h("code", {}, field.name),
    t(field.kind === "number" ? "model.kind.number" : field.kind === "boolean" ? "model.kind.boolean" : "model.kind.text"),
    unitText(field.unit, language()) || "–",
    field.min === null && field.max === null ? "–" : `${number(field.min)} ~ ${number(field.max)}`,
  ]);
  const columns = [t("model.field"), t("model.name"), t("model.kind"), t("model.unit"), t("model.range")];
  const kept = model.retention_days === null ? t("model.kept.ever") : t("record.kept.days", { days: numberText(model.retention_days, language()) });
  return h(
    "details.model",
    {},
    h("summary", {}, domainIcon(model.domain), " ", h("b", {}, model.title[language()]), " ", h("small", { lang: other }, model.title[other]), " ", h("code", {}, model.id)),
    h("p.note", {}, `${domainTitle(model.domain)} · ${t("model.version", { version: model.version })} · ${kept}`),
    table(model.title[language()], columns, rows),
  );
}
