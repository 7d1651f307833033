// All devices as a table. The address holds filters and place in the list.

import { all, get } from "../../api";
import { h } from "../../dom";
import { nameText } from "../../format";
import type { Group, Hit, Session } from "../../record-shapes";
import type { Agency, Device, Model, Page } from "../../shapes";
import { language, t } from "../../text";
import { may } from "../rights";
import type { PageView } from "../shell";
import { routeHash } from "../route";
import { agencyTitle, deviceTitle, modelTitle, setAgencies, setModels } from "../words";
import { loading } from "../loading";
import { ROWS, deviceLink, deviceTable } from "./device-table";
import { faultBox, field, formValues, paging, redraw, select, table } from "./parts";

const STATES = ["active", "revoked", "expired"] as const;

export class DevicesPage implements PageView {
  private host: HTMLElement | null = null;
  private query = new URLSearchParams();
  private agencies: readonly string[] = [];
  private models: readonly string[] = [];
  private groups: readonly Group[] = [];
  private mayRegister = false;
  /** Answers of a question that is no longer asked are dropped. */
  private asked = 0;

  show(host: HTMLElement, query: URLSearchParams): void {
    this.host = host;
    this.query = query;
    void this.read();
  }

  private async read(): Promise<void> {
    const asked = ++this.asked;
    this.draw(loading());
    try {
      if (this.agencies.length === 0) await this.readWords();
      // Read each time: the page beside makes new ones.
      this.groups = (await all<Group>("/v1/groups?limit=10000")).items;
      const content = this.value("q") === "" ? await this.list() : await this.search();
      if (asked === this.asked) this.draw(content);
    } catch (error) {
      if (asked === this.asked) this.draw(faultBox(error, () => void this.read()));
    }
  }

  private async readWords(): Promise<void> {
    const [agencies, models, session] = await Promise.all([all<Agency>("/v1/agencies?limit=10000"), all<Model>("/v1/models?limit=10000"), get<Session>("/v1/session")]);
    this.mayRegister = may(session, "install-devices");
    setAgencies(agencies.items);
    setModels(models.items);
    this.agencies = agencies.items.map((one) => one.id);
    this.models = models.items.map((one) => one.id);
  }

  private async list(): Promise<HTMLElement> {
    const wanted = new URLSearchParams({ limit: String(ROWS) });
    for (const name of ["agency", "model", "status", "group", "cursor"]) if (this.value(name) !== "") wanted.set(name, this.value(name));
    const page = await get<Page<Device>>(`/v1/devices?${wanted}`);
    return this.result(page.items.length === 0 ? null : deviceTable(t("page.devices"), page.items), page.next);
  }

  private async search(): Promise<HTMLElement> {
    const wanted = new URLSearchParams({ q: this.value("q"), kind: "thing", limit: String(ROWS) });
    if (this.value("cursor") !== "") wanted.set("cursor", this.value("cursor"));
    const page = await get<Page<Hit>>(`/v1/search?${wanted}`);
    const rows = page.items.flatMap((hit) => {
      const id = hit.devices.at(-1);
      return id === undefined ? [] : [[deviceLink(id, deviceTitle({ id, name: hit.name })), agencyTitle(hit.agency ?? ""), hit.address ?? "–"]];
    });
    const columns = [t("record.device"), t("device.agency"), t("record.address")];
    return this.result(rows.length === 0 ? null : table(t("page.devices"), columns, rows), page.next);
  }

  /** Null: nothing was found. */
  private result(found: HTMLElement | null, next: string | null): HTMLElement {
    const none = (): HTMLElement => h("p.empty", {}, t(this.isFiltered() ? "list.none" : "record.devices.none"));
    return h("div", {}, found ?? none(), paging(this.value("cursor"), next, (cursor) => this.address({ cursor })));
  }

  private draw(content: HTMLElement): void {
    const searching = this.value("q") !== "";
    const agency = select("agency", this.value("agency"), t("filter.agency.all"), this.agencies.map((id) => [id, agencyTitle(id)]));
    const model = select("model", this.value("model"), t("filter.model.all"), this.models.map((id) => [id, modelTitle(id)]));
    const status = select("status", this.value("status"), t("filter.state.all"), STATES.map((state) => [state, t(`record.state.${state}`)]));
    const group = select("group", this.value("group"), t("record.group.all"), this.groups.map((one) => [one.id, nameText(one.name, language())]));
    for (const one of [agency, model, status, group]) one.disabled = searching;
    const form = h(
      "form.page-filters",
      { role: "search" },
      field(t("record.search"), h("input", { name: "q", type: "search", maxlength: 64, value: this.value("q"), autocomplete: "off" })),
      field(t("filter.agency"), agency),
      field(t("filter.model"), model),
      field(t("filter.state"), status),
      field(t("record.group"), group),
      h("button", { type: "submit" }, t("record.apply")),
      this.isFiltered() && h("a.clear", { href: routeHash("devices") }, t("filter.clear")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      location.hash = routeHash("devices", formValues(form));
    });
    const head = h("div.head-row", {}, h("h1", {}, t("page.devices")), this.mayRegister && h("a", { href: routeHash("register") }, t("page.register")));
    if (this.host) redraw(this.host, head, form, searching && h("p.note", {}, t("record.search.note")), content);
  }

  private value(name: string): string {
    return this.query.get(name) ?? "";
  }

  private isFiltered(): boolean {
    return ["q", "agency", "model", "status", "group"].some((name) => this.value(name) !== "");
  }

  private address(change: Record<string, string>): string {
    return routeHash("devices", { ...Object.fromEntries(this.query), ...change });
  }
}
