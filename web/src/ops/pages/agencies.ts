// The agencies, and how long each keeps its data.

import { all, get, patch, post } from "../../api";
import { h } from "../../dom";
import { numberText } from "../../format";
import type { Session } from "../../record-shapes";
import type { Agency, Model } from "../../shapes";
import { language, learn, t } from "../../text";
import { agenciesTexts } from "../../texts/ops/agencies";
import { may } from "../rights";
import { agencyTitle, modelTitle, setAgencies, setModels } from "../words";
import { ChangingPage } from "./changing-page";
import { chosenOne, field, formValues, idInput, table } from "./parts";

learn(agenciesTexts);

const MAX_DAYS = 36_500;

export class AgenciesPage extends ChangingPage {
  constructor() {
    super("agencies");
  }

  protected async content(): Promise<readonly (HTMLElement | null)[]> {
    const [agencies, models, session] = await Promise.all([all<Agency>("/v1/agencies?limit=10000"), all<Model>("/v1/models?limit=10000"), get<Session>("/v1/session")]);
    setAgencies(agencies.items);
    setModels(models.items);
    const managed = agencies.items.map((one) => one.id).filter((id) => may(session, "manage-agency", id));
    return [
      list(agencies.items),
      managed.length === 0 ? null : this.retention(managed, models.items.map((one) => one.id)),
      may(session, "manage-platform") ? this.newAgency() : null,
    ];
  }

  private retention(agencies: readonly string[], models: readonly string[]): HTMLElement {
    const form = h(
      "form.page-filters.card.retention",
      {},
      field(t("device.agency"), chosenOne("agency", agencies.map((id) => [id, agencyTitle(id)]))),
      field(t("device.model"), chosenOne("model", models.map((id) => [id, modelTitle(id)]))),
      field(t("agencies.days"), h("input", { name: "days", type: "number", min: 1, max: MAX_DAYS, step: 1 })),
      h("button.primary", { type: "submit" }, t("record.keep")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { agency = "", model = "", days = "" } = formValues(form);
      const sure = confirm(t("agencies.sure", { agency: agencyTitle(agency), model: modelTitle(model) }));
      if (sure) void this.change(() => patch(`/v1/agencies/${encodeURIComponent(agency)}`, { retention_days: { [model]: days === "" ? null : Number(days) } }));
    });
    return h("section", {}, h("h2", {}, t("agencies.retention")), h("p.note", {}, t("agencies.retention.note")), form);
  }

  private newAgency(): HTMLElement {
    const form = h(
      "form.page-filters.card",
      {},
      field(t("agencies.id"), idInput("id", true)),
      field(t("record.name"), h("input", { name: "name", required: true, autocomplete: "off" })),
      h("button.primary", { type: "submit" }, t("record.add")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.change(() => post("/v1/agencies", formValues(form)));
    });
    return h("section", {}, h("h2", {}, t("agencies.new")), form);
  }
}

function list(agencies: readonly Agency[]): HTMLElement {
  if (agencies.length === 0) return h("p.empty", {}, t("agencies.none"));
  const days = (count: number): string => t("record.kept.days", { days: numberText(count, language()) });
  const rows = agencies.map((agency) => [
    h("span.device-link", {}, h("b", {}, agencyTitle(agency.id)), h("code", {}, agency.id)),
    Object.entries(agency.retention_days).map(([model, count]) => `${modelTitle(model)}: ${days(count)}`).join(", ") || t("agencies.as-models"),
  ]);
  return table(t("page.agencies"), [t("device.agency"), t("agencies.kept")], rows);
}
