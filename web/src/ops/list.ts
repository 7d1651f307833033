// The list of devices: only the rows in sight exist, so that ten thousand
// devices scroll as smoothly as ten.

import { h } from "../dom";
import { ageText } from "../format";
import { language, t } from "../text";
import { type Unit, mainStream } from "./fleet";
import { deviceTitle, domainIcon, fieldTitle, sparkline, valueElement } from "./words";

/** Must be the row height of the style sheet, in pixels. */
const ROW = 48;
/** Rows that exist beyond the visible ones. */
const SPARE = 4;

export class DeviceList {
  private units: readonly Unit[] = [];
  private selected: string | null = null;
  private readonly canvas = h("div.list-canvas", { role: "presentation" });

  constructor(private readonly host: HTMLElement, private readonly pick: (id: string) => void, private readonly now: () => number) {
    host.append(this.canvas);
    host.addEventListener("scroll", () => this.render(), { passive: true });
    host.addEventListener("keydown", (event) => this.key(event));
    host.addEventListener("click", (event) => {
      const id = (event.target as Element).closest<HTMLElement>("[data-id]")?.dataset["id"];
      if (id !== undefined) this.pick(id);
    });
    new ResizeObserver(() => this.render()).observe(host);
  }

  show(units: readonly Unit[], empty: string): void {
    this.units = units;
    this.canvas.dataset["empty"] = units.length === 0 ? empty : "";
    this.render();
  }

  select(id: string | null): void {
    this.selected = id;
    const at = this.units.findIndex((unit) => unit.device.id === id);
    if (at >= 0) {
      const { scrollTop, clientHeight } = this.host;
      if (at * ROW < scrollTop) this.host.scrollTop = at * ROW;
      else if ((at + 1) * ROW > scrollTop + clientHeight) this.host.scrollTop = (at + 1) * ROW - clientHeight;
    }
    this.render();
  }

  render(): void {
    this.canvas.style.height = `${this.units.length * ROW}px`;
    const first = Math.max(0, Math.floor(this.host.scrollTop / ROW) - SPARE);
    const last = Math.min(this.units.length, Math.ceil((this.host.scrollTop + this.host.clientHeight) / ROW) + SPARE);
    const rows = this.units.slice(first, last).map((unit, i) => this.row(unit, first + i));
    this.canvas.replaceChildren(...rows);
    const shown = this.units.findIndex((unit) => unit.device.id === this.selected);
    if (shown >= first && shown < last) this.host.setAttribute("aria-activedescendant", `device-row-${shown}`);
    else this.host.removeAttribute("aria-activedescendant");
  }

  private row(unit: Unit, at: number): HTMLElement {
    const { device } = unit;
    // What deserves an eye is what is shown.
    const main = unit.concerns[0]?.stream ?? mainStream(unit);
    const live = unit.state === "live";
    const age = unit.seen === 0 ? t(`state.${unit.state}`) : ageText(this.now() - unit.seen, language());
    const row = h(
      "div.row",
      {
        class: `row ${unit.state}${unit.concerns.length > 0 ? " concern" : ""}`,
        id: `device-row-${at}`,
        role: "option",
        "data-id": device.id,
        "aria-selected": String(device.id === this.selected),
        "aria-setsize": this.units.length,
        "aria-posinset": at + 1,
      },
      domainIcon(unit.domain, !live),
      h("b.row-name", {}, deviceTitle(device)),
      main ? valueElement(main.value, main.unit, main.quality) : h("span.value", {}, "–"),
      h("small.row-field", {}, main ? fieldTitle(device.model, main.field) : device.id),
      main && live ? sparkline(main.trail) : null,
      h("small.row-age", {}, live || unit.seen === 0 ? age : `${t(`state.${unit.state}`)} · ${age}`),
    );
    row.style.top = `${at * ROW}px`;
    return row;
  }

  private key(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (step === undefined || this.units.length === 0) return;
    event.preventDefault();
    const at = this.units.findIndex((unit) => unit.device.id === this.selected);
    const next = Math.max(0, Math.min(this.units.length - 1, (at < 0 ? -1 : at) + step));
    const unit = this.units[next];
    if (unit) this.pick(unit.device.id);
  }
}
