// Groups: devices of one agency under one name, listed or by a query. The
// address names the group whose devices are shown, and the place in their list.

import { all, get, patch, post, remove } from "../../api";
import { h } from "../../dom";
import { nameText, numberText } from "../../format";
import type { Boundary, Group, GroupQuery, Session } from "../../record-shapes";
import type { Agency, Device, Model, Page } from "../../shapes";
import { language, learn, t } from "../../text";
import { groupsTexts } from "../../texts/ops/groups";
import { may } from "../rights";
import { routeHash } from "../route";
import { agencyTitle, modelTitle, setAgencies, setModels } from "../words";
import { ChangingPage } from "./changing-page";
import { ROWS, deviceTable } from "./device-table";
import { changedGroupBody, newGroupBody } from "./group-body";
import { type AreaTitles, type GroupChoices, memberFields } from "./group-form";
import { chosenOne, field, formValues, idInput, paging, table } from "./parts";

learn(groupsTexts);

export class GroupsPage extends ChangingPage {
  private query = new URLSearchParams();

  constructor() {
    super("groups");
  }

  override show(host: HTMLElement, query: URLSearchParams): void {
    if (query.get("id") !== this.query.get("id")) this.tell(null);
    this.query = query;
    super.show(host, query);
  }

  protected async content(): Promise<readonly (HTMLElement | null)[]> {
    const [agencies, models, boundaries] = await Promise.all([all<Agency>("/v1/agencies?limit=10000"), all<Model>("/v1/models?limit=10000"), all<Boundary>("/v1/boundaries?limit=10000")]);
    setAgencies(agencies.items);
    setModels(models.items);
    const areas = new Map(boundaries.items.map(({ name, title }) => [name, title[language()] || name]));
    const id = this.query.get("id");
    const session = await get<Session>("/v1/session");
    const managed = agencies.items.map((one) => one.id).filter((agency) => may(session, "manage-devices", agency));
    const choices = { agencies: managed, models: models.items.map((one) => one.id), areas };
    if (id !== null) return this.one(id, choices);
    const groups = await all<Group>("/v1/groups?limit=10000");
    const form = managed.length === 0 ? null : this.newGroup(choices);
    return [form, h("h2", {}, t("groups.list")), this.list(groups.items, managed, areas)];
  }

  private list(groups: readonly Group[], managed: readonly string[], areas: AreaTitles): HTMLElement {
    if (groups.length === 0) return h("p.empty", {}, t("groups.none"));
    const rows = groups.map((group) => [
      h("a.device-link", { href: routeHash("groups", { id: group.id }) }, h("b", {}, title(group)), h("code", {}, group.id)),
      agencyTitle(group.agency),
      membersText(group, areas),
      managed.includes(group.agency) ? this.removal(group) : "–",
    ]);
    return table(t("page.groups"), [t("record.group"), t("device.agency"), t("groups.members"), t("record.actions")], rows);
  }

  private removal(group: Group): HTMLElement {
    const run = (): void => {
      if (confirm(t("groups.sure", { name: title(group) }))) void this.change(() => remove(groupPath(group.id)));
    };
    return h("span.actions", {}, h("button", { type: "button", onclick: run }, t("groups.remove")));
  }

  /** The devices that are in it now. */
  private async one(id: string, choices: GroupChoices): Promise<readonly (HTMLElement | null)[]> {
    const cursor = this.query.get("cursor") ?? "";
    const wanted = new URLSearchParams({ limit: String(ROWS), ...(cursor === "" ? {} : { cursor }) });
    const [group, devices] = await Promise.all([get<Group>(groupPath(id)), get<Page<Device>>(`${groupPath(id)}/devices?${wanted}`)]);
    const name = title(group);
    return [
      h("a", { href: routeHash("groups") }, t("record.group.all")),
      h("h2", {}, name),
      h("p.note", {}, `${agencyTitle(group.agency)} · ${membersText(group, choices.areas)}`),
      choices.agencies.includes(group.agency) ? await this.edit(group, choices) : null,
      devices.items.length === 0 ? h("p.empty", {}, t("groups.empty")) : deviceTable(name, devices.items),
      paging(cursor, devices.next, (other) => routeHash("groups", { id, cursor: other })),
    ];
  }

  private newGroup(choices: GroupChoices): HTMLElement {
    const form = h(
      "form.page-filters.card",
      {},
      field(t("device.agency"), chosenOne("agency", choices.agencies.map((id) => [id, agencyTitle(id)]))),
      field(t("groups.id"), idInput("id", true)),
      field(t("record.name"), h("input", { name: "name", required: true, autocomplete: "off" })),
      ...memberFields(choices, null),
      h("button.primary", { type: "submit" }, t("groups.make")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.change(() => post("/v1/groups", newGroupBody(formValues(form))));
    });
    return h("section", {}, h("h2", {}, t("groups.new")), h("p.note", {}, t("groups.lead")), form);
  }

  /** Its name, and which devices are in it. */
  private async edit(group: Group, choices: GroupChoices): Promise<HTMLElement> {
    const listed = group.query === null ? (await all<Device>(`${groupPath(group.id)}/devices?limit=10000`)).items.map((one) => one.id) : [];
    const form = h(
      "form.page-filters.card",
      {},
      field(t("record.name"), h("input", { name: "name", required: true, value: group.name, autocomplete: "off" })),
      ...memberFields(choices, { query: group.query, listed }),
      h("button.primary", { type: "submit" }, t("record.keep")),
    );
    const before = formValues(form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.change(() => patch(groupPath(group.id), changedGroupBody(before, formValues(form))));
    });
    return h("details.edit", {}, h("summary", {}, t("groups.edit")), form);
  }
}

const groupPath = (id: string): string => `/v1/groups/${encodeURIComponent(id)}`;

const title = (group: Group): string => nameText(group.name, language());

function membersText(group: Group, areas: AreaTitles): string {
  if (group.query === null) return t("groups.listed", { count: numberText(group.listed ?? 0, language()) });
  return queryText(group.query, areas) || t("groups.everything");
}

function queryText({ model, tag, boundary, bbox, text }: GroupQuery, areas: AreaTitles): string {
  const parts: [string, string | null][] = [
    [t("device.model"), model === null ? null : modelTitle(model)],
    [t("groups.tag"), tag],
    [t("groups.boundary"), boundary === null ? null : (areas.get(boundary) ?? boundary)],
    [t("groups.bbox"), bbox === null ? null : bbox.join(", ")],
    [t("groups.text"), text],
  ];
  return parts.flatMap(([name, value]) => (value === null ? [] : `${name}: ${value}`)).join(" · ");
}
