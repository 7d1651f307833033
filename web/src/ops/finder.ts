// The search in the header: agencies, boundaries, features of interest, groups and
// devices, wherever one is in the pages.

import { get } from "../api";
import { h } from "../dom";
import { faultText } from "../faults";
import { nameText } from "../format";
import type { Boundary, Feature, Hit } from "../record-shapes";
import type { Page } from "../shapes";
import { language, t } from "../text";
import { routeHash } from "./route";
import { agencyTitle } from "./words";

const HITS = 12;
/** A pause in typing that long asks, in milliseconds. */
const PAUSE_MS = 200;

export class Finder {
  private readonly input: HTMLInputElement;
  private readonly list: HTMLElement;
  private hits: readonly Hit[] = [];
  /** Which hit the arrow keys have reached. */
  private at = -1;
  /** Answers of a question that is no longer asked are dropped. */
  private asked = 0;
  private timer = 0;

  constructor(form: HTMLElement) {
    this.input = form.querySelector("input") as HTMLInputElement;
    this.list = form.querySelector("ul") as HTMLElement;
    this.input.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => void this.ask(), PAUSE_MS);
    });
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
    // A press would take the focus, and close the list before it is a click.
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  private async ask(): Promise<void> {
    const asked = ++this.asked;
    const q = this.input.value.trim();
    if (q === "") return this.close();
    try {
      const { items } = await get<Page<Hit>>(`/v1/search?${new URLSearchParams({ q, limit: String(HITS) })}`);
      if (asked === this.asked) this.show(items);
    } catch (error) {
      if (asked === this.asked) this.open(h("li.fault", { role: "presentation" }, faultText(error)));
    }
  }

  private show(hits: readonly Hit[]): void {
    this.hits = hits;
    this.at = -1;
    if (hits.length === 0) return this.open(h("li.empty", { role: "presentation" }, t("find.none")));
    this.open(...hits.map((hit, at) => this.option(hit, at)));
  }

  private option(hit: Hit, at: number): HTMLElement {
    const name = nameText(hit.name, language()) || hit.id;
    const more = [t(`find.${hit.kind}`), hit.kind === "agency" || hit.agency === null ? "" : agencyTitle(hit.agency), hit.address ?? ""].filter((one) => one !== "");
    return h("li", { role: "option", id: `find-${at}`, "aria-selected": "false", onclick: () => this.go(hit) }, h("b", {}, name), name === hit.id ? null : h("code", {}, hit.id), h("small", {}, more.join(" · ")));
  }

  private open(...options: HTMLElement[]): void {
    this.list.replaceChildren(...options);
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
  }

  private close(): void {
    clearTimeout(this.timer);
    this.asked += 1;
    this.hits = [];
    this.at = -1;
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  private key(event: KeyboardEvent): void {
    if (event.key === "Escape" && !this.list.hidden) {
      // The map would leave its device, too.
      event.stopPropagation();
      return this.close();
    }
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0 || this.hits.length === 0) return;
    event.preventDefault();
    const start = this.at < 0 && step < 0 ? 0 : this.at;
    this.at = (start + step + this.hits.length) % this.hits.length;
    [...this.list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === this.at)));
    this.list.children[this.at]?.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", `find-${this.at}`);
  }

  /** The hit that was reached, or all devices with the text. */
  private submit(): void {
    const q = this.input.value.trim();
    const hit = this.hits[this.at];
    if (hit) return this.go(hit);
    if (q === "") return;
    location.hash = routeHash("devices", { q });
    this.input.blur();
  }

  private go(hit: Hit): void {
    this.input.value = "";
    this.input.blur();
    void address(hit).then((hash) => (location.hash = hash));
  }
}

/** Where a hit is looked at. */
async function address({ kind, id, devices }: Hit): Promise<string> {
  if (kind === "agency") return routeHash("devices", { agency: id });
  if (kind === "group") return routeHash("groups", { id });
  if (kind === "thing") return routeHash("map", { device: devices.at(-1) ?? id });
  const path = `/v1/${kind === "feature" ? "features" : "boundaries"}/${encodeURIComponent(id)}`;
  const box = await get<Boundary | Feature>(path).then(({ bbox }) => bbox.join(",")).catch(() => "");
  return routeHash("map", { box });
}
