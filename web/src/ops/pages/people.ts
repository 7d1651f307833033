// People: who they are, which roles they have, and their invitations. The
// address names the person that is looked at.

import { all, get, patch, post, remove } from "../../api";
import { h } from "../../dom";
import type { Invitation, Person, Role, Session } from "../../record-shapes";
import type { Agency } from "../../shapes";
import { t } from "../../text";
import { may } from "../rights";
import { routeHash } from "../route";
import { setAgencies } from "../words";
import { ChangingPage } from "./changing-page";
import { ownerBody, ownerFields, ownerTitle, roleText, rolesText } from "./grants";
import { field, formValues, secretLine, table } from "./parts";

export class PeoplePage extends ChangingPage {
  private query = new URLSearchParams();

  constructor() {
    super("people");
  }

  override show(host: HTMLElement, query: URLSearchParams): void {
    if (query.get("id") !== this.query.get("id")) this.tell(null);
    this.query = query;
    super.show(host, query);
  }

  protected async content(): Promise<readonly (HTMLElement | null)[]> {
    const [people, agencies, session] = await Promise.all([all<Person>("/v1/operators?limit=1000"), all<Agency>("/v1/agencies?limit=10000"), get<Session>("/v1/session")]);
    setAgencies(agencies.items);
    const ids = agencies.items.map((one) => one.id);
    const looked = people.items.find((one) => one.id === this.query.get("id"));
    if (looked && manages(session, looked)) return this.one(looked, ids);
    return [this.list(people.items, session), may(session, "manage-people") ? this.newPerson(ids) : null];
  }

  private list(people: readonly Person[], session: Session): HTMLElement {
    if (people.length === 0) return h("p.empty", {}, t("people.none"));
    const columns = [t("people.person"), t("device.agency"), t("people.roles"), t("filter.state"), t("record.actions")];
    const rows = people.map((person) => {
      const who = [h("b", {}, person.name), h("code", {}, person.id)];
      const managed = manages(session, person);
      return [
        managed ? h("a.device-link", { href: routeHash("people", { id: person.id }) }, ...who) : h("span.device-link", {}, ...who),
        ownerTitle(person.agency),
        rolesText(person.roles),
        t(person.enabled ? "people.enabled" : "people.disabled"),
        managed ? h("span.actions", {}, ...this.actions(person)) : "–",
      ];
    });
    return table(t("page.people"), columns, rows);
  }

  private actions(person: Person): HTMLElement[] {
    const path = personPath(person);
    const invite = h("button", { type: "button", disabled: !person.enabled, onclick: () => void this.change(() => this.invite(path)) }, t("people.invite"));
    const toggle = h("button", { type: "button", onclick: () => void this.change(() => patch(path, { enabled: !person.enabled })) }, t(person.enabled ? "people.disable" : "people.enable"));
    return [invite, toggle];
  }

  private async invite(path: string): Promise<void> {
    const { url, path: page } = await post<Invitation>(`${path}/invitation`, {});
    const link = url ?? `${location.origin}${page}`;
    this.tell(() => h("div.card", {}, h("p", {}, t("people.invited")), secretLine(link)));
  }

  private one(person: Person, agencies: readonly string[]): HTMLElement[] {
    const end = (): void => {
      if (confirm(t("people.sure", { name: person.name }))) void this.change(() => this.remove(person));
    };
    const state = `${ownerTitle(person.agency)} · ${t(person.enabled ? "people.enabled" : "people.disabled")}`;
    return [
      h("a", { href: routeHash("people") }, t("people.all")),
      h("h2", {}, person.name, " ", h("code", {}, person.id)),
      h("p.note", {}, state),
      h("span.actions", {}, ...this.actions(person), h("button", { type: "button", onclick: end }, t("people.remove"))),
      h("h3", {}, t("people.roles")),
      this.roles(person),
      this.newRole(person, agencies),
    ];
  }

  private async remove(person: Person): Promise<void> {
    await remove(personPath(person));
    location.hash = routeHash("people");
  }

  private roles(person: Person): HTMLElement {
    if (person.roles.length === 0) return h("p.empty", {}, t("people.roles.none"));
    const without = (role: Role): void => void this.change(() => patch(personPath(person), { roles: person.roles.filter((one) => one !== role) }));
    const rows = person.roles.map((role) => [roleText(role), h("span.actions", {}, h("button", { type: "button", onclick: () => without(role) }, t("people.role.take")))]);
    return table(t("people.roles"), [t("people.role"), t("record.actions")], rows);
  }

  /** Who belongs to an agency has roles there alone. */
  private newRole(person: Person, agencies: readonly string[]): HTMLElement {
    const form = h("form.page-filters.card", {}, ...ownerFields(person.agency === null ? agencies : [person.agency], person.agency), h("button.primary", { type: "submit" }, t("people.role.give")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { roles } = ownerBody(formValues(form));
      if (roles.length > 0) void this.change(() => patch(personPath(person), { roles: [...person.roles, ...roles] }));
    });
    return form;
  }

  private newPerson(agencies: readonly string[]): HTMLElement {
    const form = h(
      "form.page-filters.card",
      {},
      field(t("login.name"), h("input", { name: "id", required: true, pattern: "[a-z0-9._\\-]{1,64}", autocomplete: "off", autocapitalize: "none", spellcheck: "false" })),
      field(t("record.name"), h("input", { name: "name", required: true, autocomplete: "off" })),
      ...ownerFields(agencies, null),
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

const personPath = ({ id }: Person): string => `/v1/operators/${encodeURIComponent(id)}`;

/** Nobody changes itself here. */
const manages = (session: Session, person: Person): boolean => session.id !== person.id && may(session, "manage-people", person.agency);
