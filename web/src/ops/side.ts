// The right-hand side: live values, what needs attention, refusals, a device.

import { ApiError, get, serverNow } from "../api";
import { h } from "../dom";
import { ageText, clockText } from "../format";
import type { DeviceEvent, Frame, Page } from "../shapes";
import { type Key, language, t } from "../text";
import { DevicePanel, eventItem } from "./device";
import { type Concern, urgency } from "./concern";
import { type Fleet, SILENT_AFTER_MS, type Unit, isPoor } from "./fleet";
import { deviceTitle, domainIcon, fieldTitle, valueElement, valueWords } from "./words";

export type Tab = "values" | "attention" | "refused" | "device";
const TABS: readonly Tab[] = ["values", "attention", "refused", "device"];
/** Rows of a list on this side; the rest is counted. */
const SHOWN = 50;
const VALUES_SHOWN = 40;
const REFUSED_KEPT = 1_000;
const REFUSED_WINDOW_MS = 10 * 60_000;

export class Side {
  private tab: Tab = "values";
  private held = false;
  private refused: DeviceEvent[] = [];
  private refusedFault = "";
  private sequence = 0;
  private units: readonly Unit[] = [];
  private readonly buttons = new Map<Tab, HTMLButtonElement>();
  private readonly device: DevicePanel;
  private selected: Unit | null = null;

  constructor(tabs: HTMLElement, private readonly panel: HTMLElement, private readonly fleet: Fleet, private readonly pick: (id: string | null) => void) {
    this.device = new DevicePanel(panel, () => this.pick(null));
    for (const tab of TABS) {
      const button = h("button", { type: "button", role: "tab", id: `tab-${tab}`, "aria-controls": "panel", onclick: () => this.open(tab) });
      this.buttons.set(tab, button);
      tabs.append(button);
    }
    tabs.addEventListener("keydown", (event) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (step === 0) return;
      this.open(TABS[(TABS.indexOf(this.tab) + step + TABS.length) % TABS.length] ?? "values");
      this.buttons.get(this.tab)?.focus();
    });
    panel.addEventListener("click", (event) => {
      const id = (event.target as Element).closest<HTMLElement>("[data-pick]")?.dataset["pick"];
      if (id !== undefined) this.pick(id);
    });
  }

  /** Opens the device's tab; null leaves it. */
  select(unit: Unit | null): void {
    this.selected = unit;
    this.open(unit ? "device" : "values");
  }

  /** Refusals within the last ten minutes. */
  recentRefusals(now: number): number {
    return this.refused.filter((event) => event.kind !== "connected" && now - Date.parse(event.time) < REFUSED_WINDOW_MS).length;
  }

  open(tab: Tab): void {
    this.tab = tab;
    this.show();
  }

  /** The devices that pass the filters: the other tabs show those only. */
  setUnits(units: readonly Unit[]): void {
    this.units = units;
  }

  /** Draws the open tab afresh. */
  show(): void {
    for (const [tab, button] of this.buttons) {
      button.textContent = t(`tab.${tab}` as Key);
      button.setAttribute("aria-selected", String(tab === this.tab));
      button.tabIndex = tab === this.tab ? 0 : -1;
    }
    this.panel.setAttribute("aria-labelledby", `tab-${this.tab}`);
    this.panel.dataset["tab"] = this.tab;
    this.panel.scrollTop = 0;
    if (this.tab === "refused") this.drawRefused();
    else if (this.tab === "values") this.drawValues();
    else if (this.tab === "attention") this.drawAttention();
    else this.device.show(this.selected);
  }

  tick(): void {
    if (this.tab === "values" && !this.held) this.drawValues();
    else if (this.tab === "attention") this.drawAttention();
    else if (this.tab === "device") this.device.tick();
  }

  private drawValues(): void {
    const shown = new Set(this.units.map((unit) => unit.device.id));
    const frames = this.fleet.recent.filter((frame) => shown.has(frame.device)).slice(0, VALUES_SHOWN);
    const hold = h("button.quiet", { type: "button", "aria-pressed": String(this.held), onclick: () => this.hold() }, t(this.held ? "values.go" : "values.hold"));
    const focused = document.activeElement?.hasAttribute("aria-pressed") && this.panel.contains(document.activeElement);
    this.panel.replaceChildren(
      h("div.head-row", {}, h("span.note", {}, t("values.note")), hold),
      frames.length === 0 ? h("p.empty", {}, t("values.empty")) : h("ul.frames", {}, ...frames.map((frame) => this.frameItem(frame))),
    );
    if (focused) hold.focus();
  }

  private hold(): void {
    this.held = !this.held;
    this.drawValues();
  }

  private frameItem(frame: Frame): HTMLElement {
    const unit = this.fleet.units.get(frame.device);
    const values = frame.observations.slice(0, 4).map((one) =>
      h("span.frame-value", {}, h("small", {}, fieldTitle(frame.model, one.field)), " ", valueElement(one.value, one.unit, one.quality)),
    );
    return h(
      "li",
      { "data-pick": frame.device },
      domainIcon(frame.domain),
      h("div", {}, h("button.name", { type: "button" }, unit ? deviceTitle(unit.device) : frame.device), h("div.frame-values", {}, ...values)),
      h("time", { datetime: frame.result_time }, clockText(new Date(frame.result_time))),
    );
  }

  private drawAttention(): void {
    if (this.units.length === 0) {
      // Of no device nothing is well.
      this.panel.replaceChildren(h("p.empty", {}, t(this.fleet.units.size === 0 ? "list.empty" : "list.none")));
      return;
    }
    const now = serverNow();
    const silent = this.units.filter((unit) => unit.state === "silent" || unit.state === "never");
    const poor = this.units.filter((unit) => unit.state === "live" && isPoor(unit));
    const focused = document.activeElement?.closest<HTMLElement>("[data-pick]")?.dataset["pick"];
    const city = this.units.filter((unit) => unit.concerns.length > 0).sort((a, b) => urgency(b) - urgency(a));
    this.panel.replaceChildren(
      h("h3", {}, `${t("attention.city")} (${city.length})`),
      this.unitList(city, t("attention.city.none"), (unit) => h("div.concerns", {}, ...unit.concerns.map((one) => concernItem(unit, one)))),
      h("p.note", {}, t("attention.city.note")),
      h("h3", {}, `${t("attention.silent")} (${silent.length})`),
      this.unitList(silent, t("attention.silent.none"), (unit) => h("small", {}, unit.seen === 0 ? t("state.never") : ageText(now - unit.seen, language()))),
      h("p.note", {}, t("attention.note", { minutes: SILENT_AFTER_MS / 60_000 })),
      h("h3", {}, `${t("attention.poor")} (${poor.length})`),
      this.unitList(poor, t("attention.poor.none"), (unit) => {
        const bad = unit.streams.filter((stream) => stream.quality !== "good").slice(0, 3);
        return h("div.frame-values", {}, ...bad.map((one) => h("span.frame-value", {}, h("small", {}, fieldTitle(unit.device.model, one.field)), " ", valueElement(one.value, one.unit, one.quality))));
      }),
    );
    if (focused !== undefined) this.panel.querySelector<HTMLElement>(`[data-pick="${CSS.escape(focused)}"] button`)?.focus();
  }

  private unitList(units: readonly Unit[], none: string, rest: (unit: Unit) => HTMLElement): HTMLElement {
    if (units.length === 0) return h("p.calm-note", {}, none);
    const items = units.slice(0, SHOWN).map((unit) =>
      h("li", { "data-pick": unit.device.id }, domainIcon(unit.domain, unit.state !== "live"), h("div", {}, h("button.name", { type: "button" }, deviceTitle(unit.device)), rest(unit))),
    );
    const left = units.length - items.length;
    return h("ul.frames", {}, ...items, left > 0 && h("li.note", {}, t("attention.more", { count: left })));
  }

  /** Reads what came since; the answer is oldest first. */
  async readRefused(): Promise<void> {
    try {
      const { items } = await get<Page<DeviceEvent>>(`/v1/refused?limit=${REFUSED_KEPT}${this.sequence > 0 ? `&after=${this.sequence}` : ""}`);
      this.refusedFault = "";
      for (const event of items) if (event.sequence > this.sequence) {
        this.refused.push(event);
        this.sequence = event.sequence;
      }
      if (this.refused.length > REFUSED_KEPT) this.refused.splice(0, this.refused.length - REFUSED_KEPT);
      if (this.tab === "refused" && (items.length > 0 || this.panel.childElementCount === 0)) this.drawRefused();
    } catch (error) {
      this.refusedFault = error instanceof ApiError && error.message !== "" ? error.message : t("error.network");
      if (this.tab === "refused") this.drawRefused();
    }
  }

  private drawRefused(): void {
    const newest = this.refused.slice(-SHOWN).reverse();
    const left = this.refused.length - newest.length;
    this.panel.replaceChildren(
      h("h3", {}, `${t("refused.head")} (${this.refused.length})`),
      this.refusedFault !== "" && h("p.fault", {}, this.refusedFault) || "",
      newest.length === 0 ? h("p.calm-note", {}, t("refused.none")) : h("ul.log", {}, ...newest.map(eventItem)),
      h("p.note", {}, left > 0 ? t("attention.more", { count: left }) : t("refused.note")),
    );
  }
}

/** What is the matter with one value, in words. */
function concernItem(unit: Unit, one: Concern): HTMLElement {
  const { stream } = one;
  const worded = (value: number): string => valueWords(value, stream.unit);
  const why =
    one.kind === "beyond" ? t("concern.beyond", { limit: worded(one.limit) })
    : one.kind === "rising" ? t("concern.rising", { rise: worded(Math.round(one.rise * 100) / 100) })
    : one.kind === "highest" ? t("concern.highest", { before: worded(one.before) })
    : "";
  return h(
    "div",
    { class: one.weight > 1 ? "concern serious" : "concern" },
    h("small", {}, fieldTitle(unit.device.model, stream.field)),
    " ",
    valueElement(stream.value, stream.unit, stream.quality),
    why === "" ? null : h("span.why", {}, ` ${why}`),
    one.weight > 1 && h("b.mark", { role: "img", "aria-label": t("concern.serious"), title: t("concern.serious") }, "!!"),
  );
}
