// The data models: which fields devices send, in which unit and range; their
// versions; and new ones, the platform's or an agency's own.

import { all, get, request } from "../../api";
import { h } from "../../dom";
import { dateTimeText, numberText, unitText } from "../../format";
import type { Session } from "../../record-shapes";
import type { Agency, Model, ModelChange, ModelVersion } from "../../shapes";
import { language, learn, t, word } from "../../text";
import { modelsTexts } from "../../texts/ops/models";
import { may } from "../rights";
import { routeHash } from "../route";
import { agencyTitle, domainIcon, domainTitle, licenceTitle, setAgencies } from "../words";
import { loading } from "../loading";
import { ChangingPage } from "./changing-page";
import { modelFile, ownId } from "./model-file";
import { faultBox, field, select, table } from "./parts";

learn(modelsTexts);

export class ModelsPage extends ChangingPage {
  private readonly file = h("textarea", { name: "file", required: true, rows: 16, spellcheck: "false", autocapitalize: "none" });

  constructor() {
    super("models");
  }

  protected async content(): Promise<readonly (HTMLElement | null)[]> {
    const [models, agencies, session] = await Promise.all([all<Model>("/v1/models?limit=1000"), all<Agency>("/v1/agencies?limit=10000"), get<Session>("/v1/session")]);
    setAgencies(agencies.items);
    const mine = agencies.items.map((one) => one.id).filter((agency) => may(session, "manage-agency", agency));
    const adds = mine.length > 0 || may(session, "manage-platform", null);
    return [h("a", { href: routeHash("refinements") }, t("page.refinements")), ...models.items.map((model) => this.model(model, mine, session)), adds ? this.newModel() : null];
  }

  /** Each name in both languages, the reader's first. */
  private model(model: Model, mine: readonly string[], session: Session): HTMLElement {
    const other = language() === "ko" ? "en" : "ko";
    const versions = h("div");
    const manages = model.agency === null ? may(session, "manage-platform", null) : mine.includes(model.agency);
    const section = h(
      "details.model",
      {},
      h("summary", {}, domainIcon(model.domain), " ", h("b", {}, model.title[language()]), " ", h("small", { lang: other }, model.title[other]), " ", h("code", {}, model.id)),
      model.purpose === null ? null : h("p", {}, model.purpose[language()]),
      h("p.note", {}, facts(model)),
      fieldTable(model),
      versions,
      this.changes(model, manages, mine),
    );
    section.addEventListener("toggle", () => section.open && versions.childElementCount === 0 && void showVersions(model, versions));
    return section;
  }

  /** What may be made of it: its next version, an agency's own model, or what an
   * agency says otherwise of it. */
  private changes(model: Model, manages: boolean, mine: readonly string[]): HTMLElement {
    const begin = (id: string): void => {
      this.file.value = modelFile(model, id);
      this.file.scrollIntoView({ block: "center" });
      this.file.focus();
    };
    const next = h("button", { type: "button", onclick: () => begin(model.id) }, t("model.next"));
    const agency = select("own", "", t("model.own"), mine.map((id) => [id, agencyTitle(id)]));
    agency.setAttribute("aria-label", t("model.own"));
    agency.addEventListener("change", () => agency.value !== "" && begin(ownId(model.id, agency.value)));
    const refine = h("a.button", { href: routeHash("refinements", { model: model.id }) }, t("model.refine"));
    return h("div.actions", {}, manages && next, mine.length > 0 && agency, mine.length > 0 && model.agency === null && refine);
  }

  private newModel(): HTMLElement {
    const form = h("form.page-filters.card", {}, field(t("model.file"), this.file), h("button.primary", { type: "submit" }, t("record.add")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.change(() => this.add(this.file.value));
    });
    return h("section", {}, h("h2", {}, t("model.new")), h("p.note", {}, t("model.lead")), form);
  }

  private async add(file: string): Promise<void> {
    const added = await request<Model>("/v1/models", { method: "POST", body: file, headers: { "Content-Type": "application/json" } });
    this.file.value = "";
    const changes = added.changes ?? [];
    this.tell(() => h("div.card", {}, h("p", {}, t("model.added", { id: added.id, version: added.version })), changeList(added, changes)));
  }
}

function facts(model: Model): string {
  const kept = model.retention_days === null ? t("model.kept.ever") : t("record.kept.days", { days: numberText(model.retention_days, language()) });
  const interval = model.expected_interval_s === null ? "" : t("model.interval", { seconds: numberText(model.expected_interval_s, language()) });
  const whose = model.agency === null ? "" : t("model.agency", { name: agencyTitle(model.agency) });
  return [domainTitle(model.domain), t("model.version", { version: model.version }), kept, interval, whose, model.owner ?? "", licenceTitle(model.licence ?? "")].filter((one) => one !== "").join(" · ");
}

function fieldTable(model: Model): HTMLElement {
  const other = language() === "ko" ? "en" : "ko";
  const number = (value: number | null): string => (value === null ? "…" : numberText(value, language()));
  const rows = model.fields.map((one) => [
    h("span", {}, h("b", {}, one.title[language()]), h("br"), h("small", { lang: other }, one.title[other])),
    h("code", {}, one.name),
    t(one.kind === "number" ? "model.kind.number" : one.kind === "boolean" ? "model.kind.boolean" : "model.kind.text"),
    unitText(one.unit, language()) || "–",
    one.min === null && one.max === null ? "–" : `${number(one.min)} ~ ${number(one.max)}`,
  ]);
  return table(model.title[language()], [t("model.field"), t("model.name"), t("model.kind"), t("model.unit"), t("model.range")], rows);
}

/** The newest first, each with what it changed. */
async function showVersions(model: Model, host: HTMLElement): Promise<void> {
  host.replaceChildren(loading());
  try {
    const { items } = await all<ModelVersion>(`/v1/models/${encodeURIComponent(model.id)}/versions`);
    const rows = items.reverse().map((one) => h("li", {}, h("b", {}, t("model.version", { version: one.version })), " ", h("time", { datetime: one.created }, dateTimeText(new Date(one.created))), one.agency !== null && ` · ${t("model.refined-by", { name: agencyTitle(one.agency) })}`, changeList(model, one.changes)));
    host.replaceChildren(h("h3", {}, t("model.versions")), h("ol.log", {}, ...rows));
  } catch (error) {
    host.replaceChildren(faultBox(error, () => void showVersions(model, host)));
  }
}

/** The platform tells it in English; who reads Korean is told first what it is about. */
function changeList(model: Model, changes: readonly ModelChange[]): HTMLElement {
  const about = ({ change, field }: ModelChange): string => {
    const title = model.fields.find((one) => one.name === field)?.title[language()] ?? field;
    return [word("model.change", change), title].filter((one) => one !== null).join(": ");
  };
  const item = (one: ModelChange): HTMLElement =>
    language() === "en" ? h("li", {}, one.message) : h("li", {}, about(one), " ", h("small", { lang: "en" }, one.message));
  return h("ul", {}, ...changes.map(item));
}
