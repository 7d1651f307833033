// The catalogue of public datastreams: one row per data model and agency.

import { all } from "../api";
import { h } from "../dom";
import { faultText } from "../faults";
import { numberText } from "../format";
import { domainIcon, domainTitle, fieldTitle, inModelOrder, licenceTitle, modelTitle } from "../ops/words";
import type { Summary } from "../shapes";
import { language, t } from "../text";

/** Fields named in a row; the rest is counted. */
const FIELDS = 5;
/** Fields that every model carries and nobody looks for. */
const COMMON = new Set(["battery", "rssi", "snr", "firmware"]);

/** What a row shows: the summary without the fields that nobody looks for. */
export const entries = (summaries: readonly Summary[]): Summary[] =>
  summaries.map((one) => ({ ...one, fields: one.fields.filter((field) => !COMMON.has(field)) }));

export class Catalogue {
  private found: Summary[] = [];
  private fault: unknown = null;
  private loaded = false;

  /** `chosen` is told of each row that is to be drawn, and once of the list. */
  constructor(
    private readonly host: HTMLElement,
    private readonly count: HTMLElement,
    private readonly onList: (entries: readonly Summary[]) => void,
    private readonly onChart: (entry: Summary) => void,
  ) {
    void this.load();
  }

  private async load(): Promise<void> {
    this.fault = null;
    this.show();
    try {
      // An operator's session would count what is not public too.
      const { items } = await all<Summary>("/v1/datastreams/summary", undefined, { credentials: "omit" });
      Object.assign(this, { found: entries(items), loaded: true });
      this.onList(this.found);
    } catch (error) {
      this.fault = error;
    }
    this.show();
  }

  show(): void {
    const sum = (of: (entry: Summary) => number): string => numberText(this.found.reduce((total, entry) => total + of(entry), 0), language());
    const counted = { things: sum((entry) => entry.things), datastreams: sum((entry) => entry.datastreams) };
    this.count.textContent = this.found.length === 0 ? "" : t("catalogue.count", counted);
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
      h("table.catalogue-table", {}, h("thead", {}, h("tr", {}, ...heads, h("th", {}, ""))), h("tbody", {}, ...this.found.map((entry) => this.row(entry)))),
    );
  }

  private row(entry: Summary): HTMLElement {
    const cell = (name: "domain" | "model" | "agency" | "fields" | "things" | "datastreams" | "licence", ...children: (Node | string)[]): HTMLElement =>
      h("td", { "data-label": t(`catalogue.${name}`) }, ...children);
    const fields = inModelOrder(entry.model, entry.fields).slice(0, FIELDS).map((field) => fieldTitle(entry.model, field));
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
      h("td", {}, h("a", { href: latest }, t("catalogue.try")), " ", h("button.quiet.chart-it", { type: "button", onclick: () => this.onChart(entry) }, t("catalogue.chart"))),
    );
  }
}
