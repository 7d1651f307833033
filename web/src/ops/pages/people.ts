// The people of the agencies: who they are, what they may do, and how they get in.

import { all, get, patch, post } from "../../api";
import { h } from "../../dom";
import type { Agency, Invitation, Person, Session } from "../../shapes";
import { t } from "../../text";
import { may } from "../rights";
import { setAgencies } from "../words";
import { ChangingPage } from "./changing-page";
import { ownerBody, ownerFields, ownerTitle, rolesText } from "./grants";
import { field, formValues, secretLine, table } from "./parts";

export class PeoplePage extends ChangingPage {
  constructor() {
    super("people");
  }

  protected async content(): Promise<readonly (HTMLElement | null)[]> {
    const [people, agencies, session] = await Promise.all([all<Person>("/v1/operators?limit=1000"), all<Agency>("/v1/agencies?limit=10000"), get<Session>("/v1/session")]);
    setAgencies(agencies.items);
    const manages = may(session, "manage-people");
    return [this.list(people.items, manages ? session : null), manages ? this.newPerson(agencies.items.map((one) => one.id)) : null];
  }

  /** `manager` is null for who may only read. */
  private list(people: readonly Person[], manager: Session | null): HTMLElement {
    if (people.length === 0) return h("p.empty", {}, t("people.none"));
    const columns = [t("people.person"), t("device.agency"), t("people.roles"), t("filter.state"), t("record.actions")];
    const rows = people.map((person) => [
      h("span.device-link", {}, h("b", {}, person.name), h("code", {}, person.id)),
      ownerTitle(person.agency),
      rolesText(person.roles),
      t(person.enabled ? "people.enabled" : "people.disabled"),
      manager === null || manager.id === person.id ? "–" : this.actions(person),
    ]);
    return table(t("page.people"), columns, rows);
  }

  private actions(person: Person): HTMLElement {
    const path = `/v1/operators/${encodeURIComponent(person.id)}`;
    const invite = h("button", { type: "button", disabled: !person.enabled, onclick: () => void this.change(() => this.invite(path)) }, t("people.invite"));
    const toggle = h("button", { type: "button", onclick: () => void this.change(() => patch(path, { enabled: !person.enabled })) }, t(person.enabled ? "people.disable" : "people.enable"));
    return h("span.actions", {}, invite, toggle);
  }

  private async invite(path: string): Promise<void> {
    const { url, path: page } = await post<Invitation>(`${path}/invitation`, {});
    const link = url ?? `${location.origin}${page}`;
    this.tell(() => h("div.card", {}, h("p", {}, t("people.invited")), secretLine(link)));
  }

  private newPerson(agencies: readonly string[]): HTMLElement {
    const form = h(
      "form.page-filters.card",
      {},
      field(t("login.name"), h("input", { name: "id", required: true, pattern: "[a-z0-9._\\-]{1,64}", autocomplete: "off", autocapitalize: "none", spellcheck: "false" })),
      field(t("record.name"), h("input", { name: "name", required: true, autocomplete: "off" })),
      ...ownerFields(agencies),
      h("button.primary", { type: "submit" }, t("record.add")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { id, name, ...owner } = formValues(form);
      void this.change(() => post("/v1/operators", { id, name, ...ownerBody(owner) }));
    });
    return h("section", {}, h("h2", {}, t("people.new")), form);
  }
}
