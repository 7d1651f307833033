// The live sample: public observations as they arrive, without a key.

import { get } from "../api";
import { h } from "../dom";
import { faultText } from "../faults";
import { Follower } from "../follow";
import { clockText, nameText, offsetText } from "../format";
import { LinkPill } from "../link";
import { domainIcon, fieldTitle, valueElement } from "../ops/words";
import type { Frame, LatestPage, Latest, Page } from "../shapes";
import { language, t } from "../text";

const ROWS = 9;
/** Values asked for at first; several of one thing are shown as one. */
const FIRST = 100;
/** New rows are shown at most this often, in milliseconds: people read them. */
const REDRAW_MS = 700;
/** A name is asked for at most this often: the quota is a person's too. */
const NAME_EVERY_MS = 1_000;
/** Things without a known name are shown where no other spoke for so long. */
const QUIET_MS = 3_000;
const RETRY_MS = 5_000;

interface Row {
  at: string;
  thing: string;
  agency: string;
  domain: string;
  model: string;
  field: string;
  unit: string | null;
  value: Latest["value"];
  quality: Latest["quality"];
  key: string;
}

interface NamedThing {
  id: string;
  name: string;
}

export class Sample {
  private rows: Row[] = [];
  private waiting: Row[] = [];
  /** The newest of a thing whose name is not known. */
  private stranger: Row | null = null;
  private takenAt = 0;
  /** Of things; null: asked for. */
  private readonly names = new Map<string, string | null>();
  private fault: unknown = null;
  private loaded = false;
  readonly pill: LinkPill;

  constructor(private readonly host: HTMLElement, private readonly zone: HTMLElement, pill: HTMLElement) {
    this.pill = new LinkPill(pill);
    this.pill.set("connecting", null);
    this.show();
    void this.start();
    setInterval(() => this.take(), REDRAW_MS);
    setInterval(() => void this.nameOne(), NAME_EVERY_MS);
  }

  private async start(): Promise<void> {
    try {
      const page = await get<LatestPage>(`/v1/latest?limit=${FIRST}`);
      this.fault = null;
      this.loaded = true;
      this.rows = onePerThing(page.items).slice(0, ROWS).map((one) => ({ ...one, at: one.result_time, key: `${one.id}` }));
      this.show();
      this.follow(page.offset === undefined ? null : page.offset + 1);
      await Promise.all(this.rows.map(() => this.nameOne()));
    } catch (error) {
      if (this.loaded) return;
      this.fault = error;
      this.pill.set("disconnected", null);
      this.show();
      setTimeout(() => void this.start(), RETRY_MS);
    }
  }

  /** Asks for the name of the topmost thing whose name is not known, or of
   * one that speaks and is not shown. */
  private async nameOne(): Promise<void> {
    const row = [...this.rows, this.stranger].find((one) => one !== null && !this.names.has(one.thing));
    if (!row || document.hidden) return;
    this.names.set(row.thing, null);
    try {
      const { items } = await get<Page<NamedThing>>(`/v1/things?thing=${encodeURIComponent(row.thing)}`);
      this.names.set(row.thing, items[0]?.name ?? "");
      this.show();
    } catch {
      this.names.delete(row.thing);
    }
  }

  private follow(from: number | null): void {
    new Follower({
      filter: "",
      from,
      open: (url) => new EventSource(url),
      later: (run, milliseconds) => setTimeout(run, milliseconds),
      onFrame: (frame) => this.arrive(frame),
      onGap: () => undefined,
      onLost: () => undefined,
      onState: (state, next) => this.pill.set(state, next),
    });
  }

  private arrive(frame: Frame): void {
    const one = frame.observations[0];
    if (!one) return;
    const row = { ...frame, ...one, at: frame.result_time, key: `${frame.offset}` };
    if (typeof this.names.get(frame.thing) !== "string") {
      this.stranger = row;
      return;
    }
    this.waiting.unshift(row);
    if (this.waiting.length > ROWS) this.waiting.length = ROWS;
  }

  /** One to three new rows at a time push the oldest out. */
  private take(): void {
    if (this.waiting.length === 0 && this.stranger && Date.now() - this.takenAt > QUIET_MS) this.waiting.push(this.stranger);
    if (this.waiting.length === 0 || document.hidden) return;
    this.takenAt = Date.now();
    this.rows = [...this.waiting.slice(0, 3), ...this.rows].slice(0, ROWS);
    this.waiting = [];
    this.show();
  }

  show(): void {
    this.pill.show();
    this.zone.textContent = t("sample.zone", { zone: offsetText(-new Date().getTimezoneOffset()) });
    if (this.fault !== null) {
      this.host.replaceChildren(h("p.fault", { role: "alert" }, faultText(this.fault)));
      return;
    }
    if (this.rows.length === 0) {
      this.host.replaceChildren(h("p.empty", {}, this.loaded ? t("sample.empty") : t("loading")));
      return;
    }
    const known = new Set([...this.host.querySelectorAll<HTMLElement>("[data-key]")].map((row) => row.dataset["key"]));
    this.host.replaceChildren(h("ul.frames.sample-rows", { lang: language() }, ...this.rows.map((row) => this.item(row, !known.has(row.key) && known.size > 0))));
  }

  private item(row: Row, fresh: boolean): HTMLElement {
    return h(
      "li",
      { "data-key": row.key, class: fresh ? "fresh" : null },
      domainIcon(row.domain),
      h("div", {}, h("b.name", {}, nameText(this.names.get(row.thing) ?? "", language()) || row.thing), h("small", {}, `${row.agency} · ${fieldTitle(row.model, row.field)}`)),
      valueElement(row.value, row.unit, row.quality),
      h("time", { datetime: row.at }, clockText(new Date(row.at))),
    );
  }
}

/** The first field of each thing, newest first. */
function onePerThing(items: readonly Latest[]): Latest[] {
  const things = new Map<string, Latest>();
  for (const item of items) if (!things.has(item.thing)) things.set(item.thing, item);
  return [...things.values()].sort((a, b) => Date.parse(b.result_time) - Date.parse(a.result_time));
}
