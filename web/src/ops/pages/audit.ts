// Who changed what: the audit's entries, newest first.

import { csv, get } from "../../api";
import { h } from "../../dom";
import { dateTimeText } from "../../format";
import type { AuditEntry } from "../../record-shapes";
import type { Page } from "../../shapes";
import { learn, t, word } from "../../text";
import { auditTexts } from "../../texts/ops/audit";
import { routeHash } from "../route";
import type { PageView } from "../shell";
import { loading } from "../loading";
import { dayBegin } from "./day";
import { type Difference, differences } from "./difference";
import { faultBox, field, formValues, paging, redraw, saveFile, select } from "./parts";

learn(auditTexts);

const ENTRIES = 50;
/** Of what kind an entry's object may be. */
const KINDS = ["agency", "application", "backup", "batch", "boundary", "claim", "device", "feature", "group", "key", "model", "person", "refinement", "service-token", "share", "thing"] as const;
const FILTERS = ["actor", "kind", "object", "agency", "from", "to"] as const;

export class AuditPage implements PageView {
  private host: HTMLElement | null = null;
  private query = new URLSearchParams();
  private asked = 0;
  /** What a download has told. */
  private readonly told = h("div", { "aria-live": "polite" });

  show(host: HTMLElement, query: URLSearchParams): void {
    this.host = host;
    this.query = query;
    void this.read();
  }

  private async read(): Promise<void> {
    const asked = ++this.asked;
    this.draw(loading());
    try {
      const page = await get<Page<AuditEntry>>(`/v1/audit?${this.wanted({ order: "desc", limit: String(ENTRIES), cursor: this.value("cursor") })}`);
      if (asked === this.asked) this.draw(this.entries(page));
    } catch (error) {
      if (asked === this.asked) this.draw(faultBox(error, () => void this.read()));
    }
  }

  /** The filters, with the days in the reader's zone. */
  private wanted(more: Record<string, string>): URLSearchParams {
    const values: Record<string, string> = { ...more };
    for (const name of FILTERS) {
      const value = this.value(name);
      values[name] = name === "from" || name === "to" ? dayBegin(value) : value;
    }
    return new URLSearchParams(Object.entries(values).filter(([, value]) => value !== ""));
  }

  private entries(page: Page<AuditEntry>): HTMLElement {
    const values = Object.fromEntries(this.query);
    return h(
      "div",
      {},
      page.items.length === 0 ? h("p.empty", {}, t("audit.none")) : h("ol.audit", {}, ...page.items.map(entryItem)),
      paging(this.value("cursor"), page.next, (cursor) => routeHash("audit", { ...values, cursor })),
    );
  }

  private draw(content: HTMLElement): void {
    const text = (name: (typeof FILTERS)[number]): HTMLElement =>
      name === "kind" ? this.kinds() : field(t(`audit.${name}`), h("input", { name, type: name === "from" || name === "to" ? "date" : "text", value: this.value(name), autocomplete: "off", spellcheck: "false" }));
    const form = h("form.page-filters", { role: "search" }, ...FILTERS.map(text), h("button", { type: "submit" }, t("record.apply")), FILTERS.some((name) => this.value(name) !== "") && h("a.clear", { href: routeHash("audit") }, t("filter.clear")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      location.hash = routeHash("audit", formValues(form));
    });
    const whole = `/v1/audit?${this.wanted({ limit: "10000" })}`;
    const table = h("button", { type: "button", onclick: () => void this.download(table, whole) }, t("audit.csv"));
    const exports = h("span.actions", {}, table, h("a", { href: whole, download: "audit.json" }, t("audit.export")));
    if (this.host) redraw(this.host, h("div.head-row", {}, h("h1", {}, t("page.audit")), exports), this.told, form, content);
  }

  /** One that the address names and this page does not know stays chosen. */
  private kinds(): HTMLElement {
    const chosen = this.value("kind");
    const known: readonly string[] = chosen === "" || KINDS.some((kind) => kind === chosen) ? KINDS : [...KINDS, chosen];
    return field(t("audit.kind"), select("kind", chosen, t("audit.kind.all"), known.map((kind) => [kind, word("audit.of", kind)])));
  }

  /** Oldest first, as the chain goes. */
  private async download(button: HTMLButtonElement, path: string): Promise<void> {
    button.disabled = true;
    this.told.replaceChildren();
    try {
      const { table, complete } = await csv(path);
      saveFile(table, "audit.csv");
      if (!complete) this.told.replaceChildren(h("p.warn", {}, t("audit.csv.cut")));
    } catch (error) {
      this.told.replaceChildren(faultBox(error, () => void this.download(button, path)));
    }
    button.disabled = false;
  }

  private value(name: string): string {
    return this.query.get(name) ?? "";
  }
}

function entryItem(entry: AuditEntry): HTMLElement {
  const changed = differences(entry.before, entry.after);
  return h(
    "li",
    {},
    h("div.log-head", {}, h("b", { title: entry.action }, actionText(entry.action)), h("code", {}, `${entry.kind}:${entry.object}`), entry.agency !== null && h("small", {}, entry.agency), h("time", { datetime: entry.time }, dateTimeText(new Date(entry.time)))),
    h("small", {}, `#${entry.number} · ${namedText("audit.by", entry.actor)} · ${namedText("audit.means", entry.means)}${entry.address === null ? "" : ` · ${entry.address}`}`),
    changed.length > 0 && h("dl.difference", {}, ...changed.map(differenceItem)),
  );
}

/** `device.patch` in words. What this page does not know stays as it is. */
function actionText(action: string): string {
  const [of = "", did = ""] = action.split(".");
  return `${word("audit.of", of)} ${word("audit.did", did)}`;
}

/** `person:kim` in words. */
function namedText(prefix: string, code: string): string {
  const [of = "", ...id] = code.split(":");
  return [word(prefix, of), ...id].join(" ");
}

function differenceItem({ member, before, after }: Difference): HTMLElement {
  const value = (tag: "del" | "ins", text: string | null): HTMLElement | null => (text === null ? null : h(tag, { "aria-label": t(tag === "del" ? "audit.before" : "audit.after") }, text));
  return h("div", {}, h("dt", {}, h("code", {}, member)), h("dd", {}, value("del", before), before !== null && after !== null && " → ", value("ins", after)));
}
