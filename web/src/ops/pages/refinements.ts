// What an agency says otherwise of the platform's data models, for its own
// devices. The address names the agency, and the model that is being refined.

import { all, get, put } from "../../api";
import { h } from "../../dom";
import type { Refinement, RefinementEntry, Session } from "../../record-shapes";
import type { Agency, Model } from "../../shapes";
import { learn, t } from "../../text";
import { refinementsTexts } from "../../texts/ops/refinements";
import { may } from "../rights";
import { routeHash } from "../route";
import { agencyTitle, modelTitle, setAgencies, setModels } from "../words";
import { ChangingPage } from "./changing-page";
import { chosenOne, field, formValues, table } from "./parts";
import { refinementBody } from "./refinement";
import { refinementFields } from "./refinement-form";
import { otherwiseList } from "./refinement-words";

learn(refinementsTexts);

/** A model that an agency refines: as the platform has it, and as the agency has it. */
interface Refined {
  model: Model;
  refined: Model;
  said: Refinement;
}

export class RefinementsPage extends ChangingPage {
  private query = new URLSearchParams();

  constructor() {
    super("refinements");
  }

  override show(host: HTMLElement, query: URLSearchParams): void {
    if (query.get("agency") !== this.query.get("agency")) this.tell(null);
    this.query = query;
    super.show(host, query);
  }

  protected async content(): Promise<readonly (HTMLElement | null)[]> {
    const [models, agencies, session] = await Promise.all([all<Model>("/v1/models?limit=1000"), all<Agency>("/v1/agencies?limit=10000"), get<Session>("/v1/session")]);
    setAgencies(agencies.items);
    setModels(models.items);
    const ids = agencies.items.map((one) => one.id);
    const agency = this.query.get("agency") ?? ids.find((id) => may(session, "manage-agency", id)) ?? ids[0];
    const lead = [h("a", { href: routeHash("models") }, t("refine.models")), h("p.note", {}, t("refine.lead"))];
    if (agency === undefined) return [...lead, h("p.empty", {}, t("refine.no-agency"))];
    const refinable = models.items.filter((one) => one.agency === null);
    const refined = await this.refined(agency, refinable);
    const manages = may(session, "manage-agency", agency);
    const choice = agencyChoice(agency, ids, this.query.get("model") ?? "");
    return [...lead, choice, this.list(agency, refined, manages), manages ? this.editor(agency, refinable, refined) : null];
  }

  /** One that was taken back says nothing, and is left out. */
  private async refined(agency: string, models: readonly Model[]): Promise<Refined[]> {
    const { items } = await all<RefinementEntry>(`${refinementsPath(agency)}?limit=1000`);
    const read = items
      .filter((one) => Object.keys(one.refinement).length > 0)
      .map(async ({ model: id, refinement: said }): Promise<Refined[]> => {
        const model = models.find((one) => one.id === id);
        const refined = await get<Model>(`/v1/models/${encodeURIComponent(id)}?${new URLSearchParams({ agency })}`);
        return model === undefined ? [] : [{ model, refined, said }];
      });
    return (await Promise.all(read)).flat();
  }

  private list(agency: string, refined: readonly Refined[], manages: boolean): HTMLElement {
    if (refined.length === 0) return h("p.empty", {}, t("refine.none", { agency: agencyTitle(agency) }));
    const columns = [t("device.model"), t("refine.version"), t("refine.otherwise"), ...(manages ? [t("record.actions")] : [])];
    const rows = refined.map(({ model, refined: now }) => [
      h("span.device-link", {}, h("b", {}, modelTitle(model.id)), h("code", {}, model.id)),
      String(now.version),
      otherwiseList(model, now),
      ...(manages ? [this.changes(agency, model)] : []),
    ]);
    return table(t("page.refinements"), columns, rows);
  }

  private changes(agency: string, model: Model): HTMLElement {
    const names = { agency: agencyTitle(agency), model: modelTitle(model.id) };
    const end = (): void => {
      if (!confirm(t("refine.end.sure", names))) return;
      void this.change(async () => {
        await put(`${refinementsPath(agency)}/${encodeURIComponent(model.id)}`, {});
        this.tell(() => h("p.card", {}, t("refine.ended", names)));
      });
    };
    const change = h("a.button", { href: routeHash("refinements", { agency, model: model.id }) }, t("refine.change"));
    return h("span.actions", {}, change, h("button", { type: "button", onclick: end }, t("refine.end")));
  }

  /** The model that the address names, or a choice of one. */
  private editor(agency: string, models: readonly Model[], refined: readonly Refined[]): HTMLElement {
    const model = models.find((one) => one.id === this.query.get("model"));
    const choice = chosenOne("model", models.map((one) => [one.id, `${modelTitle(one.id)} (${one.id})`]));
    choice.value = model?.id ?? "";
    choice.addEventListener("change", () => (location.hash = routeHash("refinements", { agency, model: choice.value })));
    const said = refined.find((one) => one.model.id === model?.id)?.said ?? {};
    return h("section", {}, h("h2", {}, t("refine.new")), h("div.page-filters", {}, field(t("device.model"), choice)), model !== undefined && this.form(agency, model, said));
  }

  private form(agency: string, model: Model, said: Refinement): HTMLElement {
    const names = { agency: agencyTitle(agency), model: modelTitle(model.id) };
    const form = h(
      "form.page-filters.card.refine",
      {},
      h("h3", {}, t("refine.of", names)),
      h("p.note", {}, t("refine.empty")),
      ...refinementFields(model, said),
      h("p.note", {}, t("refine.retention.note")),
      h("button.primary", { type: "submit" }, t("record.keep")),
      h("a.clear", { href: routeHash("refinements", { agency }) }, t("refine.cancel")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const body = refinementBody(formValues(form), model);
      if (confirm(t("refine.sure", names))) void this.change(() => this.refine(agency, model, body));
    });
    return form;
  }

  private async refine(agency: string, model: Model, body: Refinement): Promise<void> {
    const refined = await put<Model>(`${refinementsPath(agency)}/${encodeURIComponent(model.id)}`, body);
    const told = (): HTMLElement => {
      const names = { agency: agencyTitle(agency), model: modelTitle(model.id), version: refined.version };
      return h("div.card", {}, h("p", {}, t("refine.now", names)), otherwiseList(model, refined));
    };
    this.tell(told);
    location.hash = routeHash("refinements", { agency });
  }
}

const refinementsPath = (agency: string): string => `/v1/agencies/${encodeURIComponent(agency)}/refinements`;

function agencyChoice(agency: string, ids: readonly string[], model: string): HTMLElement {
  const choice = chosenOne("agency", ids.map((id) => [id, agencyTitle(id)]));
  choice.value = agency;
  choice.addEventListener("change", () => (location.hash = routeHash("refinements", { agency: choice.value, model })));
  return h("div.page-filters", {}, field(t("device.agency"), choice));
}
