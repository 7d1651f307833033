// The past week of one public datastream, drawn: what a developer gets beside
// the newest value.

import { get, serverNow } from "../api";
import { h } from "../dom";
import { faultText } from "../faults";
import { nameText } from "../format";
import { type ChartFrame, type ChartPoint, chart, zoneText } from "../ops/chart";
import { fieldTitle, modelTitle, valueWords } from "../ops/words";
import type { Bucket, Latest, LatestPage, Page } from "../shapes";
import { language, learn, t } from "../text";
import { chartTexts } from "../texts/chart";

learn(chartTexts);

const WEEK_MS = 7 * 86_400_000;
const STEP_MS = 3_600_000;
/** Latest values that are looked through for a number. */
const LOOK = 50;
/** Fields that tell about the device, or whose week says little. */
const DULL = new Set(["battery", "rssi", "snr", "firmware", "total", "remaining"]);
const NARROWEST = 280;

interface Shown {
  one: Latest;
  name: string;
  frame: ChartFrame;
  points: ChartPoint[];
  path: string;
}

export class Week {
  private shown: Shown | null = null;
  private fault: unknown = null;
  private asked = 0;

  constructor(private readonly section: HTMLElement, private readonly host: HTMLElement) {
    new ResizeObserver(() => this.show()).observe(host);
  }

  /** Draws a datastream of a model and agency; the section stays away where
   * there is none with numbers. */
  async choose(model: string, agency: string, field?: string): Promise<void> {
    const asked = ++this.asked;
    try {
      const only = field === undefined ? "" : `&field=${encodeURIComponent(field)}`;
      const { items } = await get<LatestPage>(`/v1/latest?model=${encodeURIComponent(model)}&agency=${encodeURIComponent(agency)}${only}&limit=${LOOK}`);
      const one = items.find((item) => typeof item.value === "number" && !DULL.has(item.field));
      if (!one || asked !== this.asked) return;
      const to = Math.ceil(serverNow() / STEP_MS) * STEP_MS;
      const frame = { from: to - WEEK_MS, to, step: STEP_MS };
      const iso = (time: number): string => new Date(time).toISOString();
      const path = `/v1/aggregate?datastream=${one.id}&bucket=1h&fn=avg,min,max&from=${iso(frame.from)}&to=${iso(frame.to)}`;
      const [hours, things] = await Promise.all([get<Page<Bucket>>(path), get<Page<{ id: string; name: string }>>(`/v1/things?thing=${encodeURIComponent(one.thing)}`).catch(() => null)]);
      if (asked !== this.asked) return;
      this.shown = { one, frame, path, points: hours.items.flatMap(point), name: things?.items[0]?.name ?? "" };
      this.fault = null;
    } catch (error) {
      if (asked !== this.asked) return;
      this.fault = error;
    }
    this.show();
  }

  show(): void {
    const { shown, fault } = this;
    this.section.hidden = !shown && fault === null;
    if (fault !== null) {
      this.host.replaceChildren(h("p.fault", { role: "alert" }, faultText(fault)));
      return;
    }
    if (!shown) return;
    const { one, points, frame } = shown;
    const title = h("h3", {}, `${nameText(shown.name, language()) || one.thing} · ${fieldTitle(one.model, one.field)}`);
    const about = h("p.note", {}, modelTitle(one.model), " ", h("code", {}, one.model));
    if (points.length === 0) {
      this.host.replaceChildren(title, about, h("p.empty", {}, t("chart.none")));
      return;
    }
    const label = t("chart.label", {
      field: fieldTitle(one.model, one.field),
      min: valueWords(Math.min(...points.map((part) => part.low)), null),
      max: valueWords(Math.max(...points.map((part) => part.high)), null),
      unit: one.unit ?? "",
      last: valueWords(points[points.length - 1]?.mean ?? null, one.unit),
    });
    const width = Math.max(NARROWEST, Math.round(this.host.clientWidth));
    const unit = valueWords(one.value, one.unit);
    this.host.replaceChildren(
      h("div.head-row", {}, title, h("b.value", {}, unit)),
      about,
      chart(points, frame, width, language(), label),
      h("p.note", {}, `${t("chart.band")} · ${zoneText(new Date(frame.to))} · `, h("a", { href: shown.path }, t("week.query"))),
    );
  }
}

function point(bucket: Bucket): ChartPoint[] {
  const { avg, min, max } = bucket;
  if (typeof avg !== "number" || typeof min !== "number" || typeof max !== "number") return [];
  return [{ time: (Date.parse(bucket.start) + Date.parse(bucket.end)) / 2, mean: avg, low: min, high: max }];
}
