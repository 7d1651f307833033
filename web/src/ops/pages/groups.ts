// Groups: devices of one agency under one name, listed or by a query. The
// address names the group whose devices are shown, and the place in their list.

import { all, get, post, remove } from "../../api";
import { h } from "../../dom";
import { nameText, numberText } from "../../format";
import type { Agency, Boundary, Device, Group, GroupQuery, Model, Page, Session } from "../../shapes";
import { language, learn, t } from "../../text";
import { groupsTexts } from "../../texts/ops/groups";
import { may } from "../rights";
import { routeHash } from "../route";
import { agencyTitle, modelTitle, setAgencies, setModels } from "../words";
import { ChangingPage } from "./changing-page";
import { ROWS, deviceTable } from "./device-table";
import { newGroupBody } from "./group-body";
import { chosenOne, field, formValues, paging, select, table } from "./parts";

learn(groupsTexts);

const ID = "[A-Za-z0-9._~\\-]{1,64}";
const BOX = " *-?\\d+(\\.\\d+)?( *, *-?\\d+(\\.\\d+)?){3} *";

/** Of boundaries, by name. */
type AreaTitles = ReadonlyMap<string, string>;

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
    if (id !== null) return this.one(id, areas);
    const [groups, session] = await Promise.all([all<Group>("/v1/groups?limit=10000"), get<Session>("/v1/session")]);
    const managed = agencies.items.map((one) => one.id).filter((agency) => may(session, "manage-devices", agency));
    const form = managed.length === 0 ? null : this.newGroup(managed, models.items.map((one) => one.id), areas);
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
  private async one(id: string, areas: AreaTitles): Promise<readonly HTMLElement[]> {
    const cursor = this.query.get("cursor") ?? "";
    const wanted = new URLSearchParams({ limit: String(ROWS), ...(cursor === "" ? {} : { cursor }) });
    const [group, devices] = await Promise.all([get<Group>(groupPath(id)), get<Page<Device>>(`${groupPath(id)}/devices?${wanted}`)]);
    const name = title(group);
    return [
      h("a", { href: routeHash("groups") }, t("record.group.all")),
      h("h2", {}, name),
      h("p.note", {}, `${agencyTitle(group.agency)} · ${membersText(group, areas)}`),
      devices.items.length === 0 ? h("p.empty", {}, t("groups.empty")) : deviceTable(name, devices.items),
      paging(cursor, devices.next, (other) => routeHash("groups", { id, cursor: other })),
    ];
  }

  private newGroup(agencies: readonly string[], models: readonly string[], areas: AreaTitles): HTMLElement {
    const listed = h("fieldset", { "aria-label": t("groups.by.list") }, field(t("groups.devices"), h("textarea", { name: "devices", required: true, rows: 4, spellcheck: "false", autocapitalize: "none" })));
    const asked = h(
      "fieldset",
      { "aria-label": t("groups.by.query") },
      field(t("device.model"), select("model", "", t("groups.any"), models.map((id) => [id, modelTitle(id)]))),
      field(t("groups.tag"), h("input", { name: "tag", autocomplete: "off" })),
      field(t("groups.boundary"), select("boundary", "", t("groups.any"), [...areas])),
      field(t("groups.bbox.form"), h("input", { name: "bbox", pattern: BOX, title: t("groups.bbox.form"), placeholder: "126,37,127,38", autocomplete: "off" })),
      field(t("groups.text"), h("input", { name: "text", maxlength: 64, autocomplete: "off" })),
    );
    const by = h("select", { name: "by" }, h("option", { value: "list" }, t("groups.by.list")), h("option", { value: "query" }, t("groups.by.query")));
    const choose = (): void => {
      listed.hidden = listed.disabled = by.value !== "list";
      asked.hidden = asked.disabled = by.value !== "query";
    };
    by.addEventListener("change", choose);
    choose();
    const form = h(
      "form.page-filters.card",
      {},
      field(t("device.agency"), chosenOne("agency", agencies.map((id) => [id, agencyTitle(id)]))),
      field(t("groups.id"), h("input", { name: "id", required: true, pattern: ID, autocomplete: "off", autocapitalize: "none", spellcheck: "false" })),
      field(t("record.name"), h("input", { name: "name", required: true, autocomplete: "off" })),
      field(t("groups.members"), by),
      listed,
      asked,
      h("button.primary", { type: "submit" }, t("groups.make")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.change(() => post("/v1/groups", newGroupBody(formValues(form))));
    });
    return h("section", {}, h("h2", {}, t("groups.new")), h("p.note", {}, t("groups.lead")), form);
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
