// The catalogue of public datastreams: one row per data model and agency.

import { all } from "../api";
import { h } from "../dom";
import { faultText } from "../faults";
import { numberText } from "../format";
import { domainIcon, domainTitle, fieldTitle, licenceTitle, modelTitle } from "../ops/words";
import type { Datastream } from "../shapes";
import { language, t } from "../text";

const PAGE = 10_000;
/** Fields named in a row; the rest is counted. */
const FIELDS = 5;
/** Fields that every model carries and nobody looks for. */
const COMMON = new Set(["battery", "rssi", "snr", "firmware"]);

export interface Entry {
  domain: string;
  model: string;
  agency: string;
  fields: string[];
  things: number;
  datastreams: number;
  licences: string[];
}

export function entries(datastreams: readonly Datastream[]): Entry[] {
  const groups = new Map<string, Datastream[]>();
  for (const one of datastreams) {
    if (one.visibility !== "public") continue;
    const key = `${one.model} ${one.agency}`;
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, group]) => {
      const { domain, model, agency } = group[0] as Datastream;
      const distinct = (of: (one: Datastream) => string): string[] => [...new Set(group.map(of))];
      return {
        domain,
        model,
        agency,
        fields: distinct((one) => one.field).filter((field) => !COMMON.has(field)),
        things: distinct((one) => one.thing).length,
        datastreams: group.length,
        licences: distinct((one) => one.licence).sort(),
      };
    });
}

export class Catalogue {
  private found: Entry[] = [];
  private complete = true;
  private fault: unknown = null;
  private loaded = false;

  constructor(private readonly host: HTMLElement, private readonly count: HTMLElement) {
    void this.load();
  }

  private async load(): Promise<void> {
    this.fault = null;
    this.show();
    try {
      const { items, complete } = await all<Datastream>(`/v1/datastreams?limit=${PAGE}`);
      Object.assign(this, { found: entries(items), complete, loaded: true });
    } catch (error) {
      this.fault = error;
    }
    this.show();
  }

  show(): void {
    const sum = (of: (entry: Entry) => number): string => numberText(this.found.reduce((total, entry) => total + of(entry), 0), language());
    const counted = { things: sum((entry) => entry.things), datastreams: sum((entry) => entry.datastreams) };
    this.count.textContent = this.found.length === 0 ? "" : t(this.complete ? "catalogue.count" : "catalogue.partial", counted);
    if (this.fault !== null) {
      const again = h("button", { type: "button", onclick: () => void this.load() }, t("retry"));
      this.host.replaceChildren(h("p.fault", { role: "alert" }, faultText(this.fault)), again);
      return;
    }
    if (this.found.length === 0) {
      this.host.replaceChildren(h("p.empty", {}, this.loaded ? t("catalogue.empty") : t("loading")));
      return;
    }
    const heads = (["domain", "model", "agency", "fields", "things", "datastreams", "licence"] as const).map((name) => h("th", { scope: "col" }, t(`catalogue.${name}`)));
    this.host.replaceChildren(
      h("table.catalogue-table", {}, h("thead", {}, h("tr", {}, ...heads, h("th", {}, ""))), h("tbody", {}, ...this.found.map(row))),
    );
  }
}

function row(entry: Entry): HTMLElement {
  const cell = (name: "domain" | "model" | "agency" | "fields" | "things" | "datastreams" | "licence", ...children: (Node | string)[]): HTMLElement =>
    h("td", { "data-label": t(`catalogue.${name}`) }, ...children);
  const fields = entry.fields.slice(0, FIELDS).map((field) => fieldTitle(entry.model, field));
  if (entry.fields.length > FIELDS) fields.push(`+${entry.fields.length - FIELDS}`);
  const latest = `/v1/latest?model=${encodeURIComponent(entry.model)}&agency=${encodeURIComponent(entry.agency)}`;
  return h(
    "tr",
    {},
    cell("domain", h("span.with-icon", {}, domainIcon(entry.domain), domainTitle(entry.domain))),
    cell("model", h("span", {}, modelTitle(entry.model), " ", h("code", {}, entry.model))),
    cell("agency", entry.agency),
    cell("fields", h("span", {}, fields.join(", "))),
    cell("things", numberText(entry.things, language())),
    cell("datastreams", numberText(entry.datastreams, language())),
    cell("licence", entry.licences.map(licenceTitle).join(", ")),
    h("td", {}, h("a", { href: latest }, t("catalogue.try"))),
  );
}
