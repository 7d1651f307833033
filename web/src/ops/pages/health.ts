// The devices by their health, worst first. The address holds filters and place
// in the list.

import { all, get } from "../../api";
import { h } from "../../dom";
import { dateTimeText, numberText } from "../../format";
import type { Agency, AgencyHealth, Band, KeptHealth, Model, Page } from "../../shapes";
import { type Key, language, learn, t, word } from "../../text";
import { healthTexts } from "../../texts/ops/health";
import { reasonText } from "../health";
import { routeHash } from "../route";
import type { PageView } from "../shell";
import { agencyTitle, deviceTitle, modelTitle, setAgencies, setModels } from "../words";
import { loading } from "../loading";
import { ROWS, deviceLink } from "./device-table";
import { faultBox, field, formValues, paging, redraw, select, table } from "./parts";

learn(healthTexts);

/** As docs/health.md has them. */
const CAUSES = ["never", "silent", "missed", "clock-ahead", "clock-late", "implausible", "stuck", "drift", "repeated", "refused", "battery-low", "signal-weak"] as const;
/** Where the bands begin: what is below is not good, or poor. */
const BELOW = ["80", "50"] as const;
const BANDS: readonly (Band | "unknown")[] = ["good", "fair", "poor", "unknown"];
const FILTERS = ["agency", "model", "reason", "below"] as const;

export class HealthPage implements PageView {
  private host: HTMLElement | null = null;
  private query = new URLSearchParams();
  private agencies: readonly string[] = [];
  private models: readonly string[] = [];
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
      const [agencies, models, summary, page] = await Promise.all([
        all<Agency>("/v1/agencies?limit=10000"),
        all<Model>("/v1/models?limit=10000"),
        get<Page<AgencyHealth>>("/v1/health/summary"),
        get<Page<KeptHealth>>(`/v1/health/devices?${this.wanted()}`),
      ]);
      if (asked !== this.asked) return;
      setAgencies(agencies.items);
      setModels(models.items);
      this.agencies = agencies.items.map((one) => one.id);
      this.models = models.items.map((one) => one.id);
      this.draw(...this.counts(summary.items), this.list(page));
    } catch (error) {
      if (asked === this.asked) this.draw(faultBox(error, () => void this.read()));
    }
  }

  private wanted(): URLSearchParams {
    const wanted = new URLSearchParams({ limit: String(ROWS) });
    for (const name of [...FILTERS, "cursor"]) if (this.value(name) !== "") wanted.set(name, this.value(name));
    return wanted;
  }

  /** Of the chosen agency, or of all that are seen. */
  private counts(summary: readonly AgencyHealth[]): HTMLElement[] {
    const agency = this.value("agency");
    const shown = summary.filter((one) => agency === "" || one.agency === agency);
    const tile = (band: Band | "unknown"): HTMLElement => {
      const count = shown.reduce((sum, one) => sum + one[band], 0);
      return h("div", {}, h("dt", {}, word("health.band", band)), h("dd", {}, numberText(count, language())));
    };
    const oldest = shown.flatMap((one) => (one.oldest === null ? [] : [Date.parse(one.oldest)]));
    const age = oldest.length === 0 ? t("health.oldest.none") : t("health.oldest", { time: dateTimeText(new Date(Math.min(...oldest))) });
    return [h("dl.facts.tiles", {}, ...BANDS.map(tile)), h("p.note", {}, age)];
  }

  private list(page: Page<KeptHealth>): HTMLElement {
    const columns = [t("record.device"), t("device.agency"), t("device.model"), t("health.score"), t("health.cause"), t("health.at")];
    const rows = page.items.map((one) => [
      deviceLink(one.device, deviceTitle({ id: one.device, name: one.name })),
      agencyTitle(one.agency),
      modelTitle(one.model),
      h("span", {}, h("b", {}, numberText(one.score, language())), ` ${word("health.band", one.band)}`),
      causes(one),
      dateTimeText(new Date(one.at)),
    ]);
    const none = (): HTMLElement => h("p.empty", {}, t(this.isFiltered() ? "list.none" : "health.none"));
    return h("div", {}, rows.length === 0 ? none() : table(t("page.health"), columns, rows), paging(this.value("cursor"), page.next, (cursor) => this.address({ cursor })));
  }

  private draw(...content: HTMLElement[]): void {
    const form = h(
      "form.page-filters",
      { role: "search" },
      field(t("filter.agency"), select("agency", this.value("agency"), t("filter.agency.all"), this.agencies.map((id) => [id, agencyTitle(id)]))),
      field(t("filter.model"), select("model", this.value("model"), t("filter.model.all"), this.models.map((id) => [id, modelTitle(id)]))),
      field(t("health.cause"), select("reason", this.value("reason"), t("health.cause.all"), CAUSES.map((code) => [code, t(`health.cause.${code}` as Key)]))),
      field(t("health.score"), select("below", this.value("below"), t("health.below.all"), BELOW.map((score) => [score, t("health.below", { score })]))),
      h("button", { type: "submit" }, t("record.apply")),
      this.isFiltered() && h("a.clear", { href: routeHash("health") }, t("filter.clear")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      location.hash = routeHash("health", formValues(form));
    });
    if (this.host) redraw(this.host, h("h1", {}, t("page.health")), form, ...content);
  }

  private value(name: string): string {
    return this.query.get(name) ?? "";
  }

  private isFiltered(): boolean {
    return FILTERS.some((name) => this.value(name) !== "");
  }

  private address(change: Record<string, string>): string {
    return routeHash("health", { ...Object.fromEntries(this.query), ...change });
  }
}

/** Why points were taken, the most first. */
function causes(one: KeptHealth): HTMLElement | string {
  if (one.reasons.length > 0) return h("ul", {}, ...one.reasons.map((reason) => h("li", {}, reasonText(reason, one.model))));
  return one.score === 0 ? t("health.never") : "–";
}
