// Everything about one device: facts, values, history, events, quarantine.

import { ApiError, get, serverNow } from "../api";
import { h } from "../dom";
import { ageText, dateTimeText, shortTimeText } from "../format";
import type { Feature } from "../record-shapes";
import type { Bucket, Device, DeviceConnection, DeviceEvent, DeviceHealth, Page, Quarantined } from "../shapes";
import { language, learn, t, word } from "../text";
import { chartTexts } from "../texts/chart";
import { deviceTexts } from "../texts/ops/device";
import { type ChartFrame, type ChartPoint, chart, nearest, zoneText } from "./chart";
import { connectionSection } from "./connection";
import { featuresSection, readFeatures } from "./features";
import { type Stream, type Unit, chartStream } from "./fleet";
import { healthSection } from "./health";
import { PhotosSection } from "./photos";
import { routeHash } from "./route";
import { agencyTitle, deviceTitle, domainIcon, domainTitle, fieldTitle, licenceTitle, modelTitle, sparkline, valueElement, valueWords } from "./words";

learn({ ...chartTexts, ...deviceTexts });

/** Spans of the chart: name, length and bucket. */
const SPANS = [
  { key: "chart.1h", minutes: 60, bucket: "20s", step: 20_000 },
  { key: "chart.6h", minutes: 360, bucket: "2m", step: 120_000 },
  { key: "chart.24h", minutes: 1_440, bucket: "10m", step: 600_000 },
  { key: "chart.7d", minutes: 10_080, bucket: "1h", step: 3_600_000 },
] as const;
/** Events and quarantined messages shown. */
const SHOWN = 20;
/** A chart spans at least so many buckets. */
const SHORTEST_BUCKETS = 15;
/** How often history and events are read again, in milliseconds. */
const REFRESH_MS = 15_000;

export class DevicePanel {
  private unit: Unit | null = null;
  private field: string | null = null;
  private span: (typeof SPANS)[number] = SPANS[0];
  private history: { frame: ChartFrame; points: ChartPoint[]; stream: Stream } | null = null;
  private historyFault = "";
  private events: DeviceEvent[] | null = null;
  private quarantined: Quarantined[] | null = null;
  private detail: Device | null = null;
  private connection: DeviceConnection | null = null;
  private health: DeviceHealth | null = null;
  /** They hardly change: read once. */
  private features: readonly Feature[] | null = null;
  private readAt = 0;
  private readonly facts = h("div");
  private readonly values = h("div");
  private readonly chartBox = h("section.chart-box");
  private readonly photos = new PhotosSection();
  private readonly log = h("div");

  constructor(private readonly host: HTMLElement, private readonly close: () => void) {}

  show(unit: Unit | null): void {
    if (unit !== this.unit) {
      Object.assign(this, { field: null, history: null, historyFault: "", events: null, quarantined: null, detail: null, connection: null, health: null, features: null, readAt: 0 });
      this.unit = unit;
    }
    if (!unit) {
      this.host.replaceChildren(h("p.empty", {}, t("device.pick")));
      return;
    }
    const leave = h("button.quiet.device-close", { type: "button", "aria-label": t("device.close"), title: t("device.close"), onclick: () => this.close() }, "✕");
    this.host.replaceChildren(leave, this.facts, this.values, this.chartBox, this.photos.element, this.log);
    this.photos.show(unit.device);
    this.photos.redraw();
    this.tick();
    this.drawChart();
    this.drawLog();
  }

  /** The parts that move with the stream. */
  tick(): void {
    const { unit } = this;
    if (!unit) return;
    this.drawFacts(unit);
    this.drawValues(unit);
    if (Date.now() - this.readAt > REFRESH_MS) {
      this.readAt = Date.now();
      void this.read(unit);
    }
  }

  private async read(unit: Unit): Promise<void> {
    const path = `/v1/devices/${encodeURIComponent(unit.device.id)}`;
    const [detail, connection, health, events, quarantined, features] = await Promise.allSettled([
      get<Device>(path),
      get<DeviceConnection>(`${path}/connection`),
      get<DeviceHealth>(`${path}/health`),
      get<Page<DeviceEvent>>(`${path}/events?limit=1000`),
      get<Page<Quarantined>>(`${path}/quarantine?limit=1000`),
      this.features ?? readFeatures(unit.streams.map((one) => one.id)),
      this.readHistory(unit),
      this.photos.read(),
    ]);
    if (unit !== this.unit) return;
    if (detail.status === "fulfilled") this.detail = detail.value;
    if (connection.status === "fulfilled") this.connection = connection.value;
    if (health.status === "fulfilled") this.health = health.value;
    if (events.status === "fulfilled") this.events = events.value.items.slice(-SHOWN).reverse();
    if (quarantined.status === "fulfilled") this.quarantined = quarantined.value.items.slice(-SHOWN).reverse();
    if (features.status === "fulfilled" && unit.streams.length > 0) this.features = features.value;
    this.drawFacts(unit);
    this.drawLog();
  }

  private async readHistory(unit: Unit): Promise<void> {
    const stream = unit.streams.find((one) => one.field === this.field) ?? chartStream(unit);
    if (!stream) return;
    const { span } = this;
    const length = span.minutes * 60_000;
    const now = serverNow();
    // A replayed fleet lies in the past: its history ends with its newest value.
    const to = Math.ceil((now - stream.time > length ? stream.time + 1 : now) / span.step) * span.step;
    const frame = { from: to - length, to, step: span.step };
    const iso = (time: number): string => encodeURIComponent(new Date(time).toISOString());
    try {
      const path = `/v1/aggregate?datastream=${stream.id}&bucket=${span.bucket}&fn=avg,min,max&from=${iso(frame.from)}&to=${iso(frame.to)}`;
      const { items } = await get<Page<Bucket>>(path);
      if (unit !== this.unit || span !== this.span) return;
      const points = items.flatMap(point);
      this.history = { frame: narrowed(frame, points), stream, points };
      this.historyFault = "";
    } catch (error) {
      this.historyFault = error instanceof ApiError && error.message !== "" ? error.message : t("error.network");
    }
    this.drawChart();
  }

  private drawFacts(unit: Unit): void {
    const device = this.detail ?? unit.device;
    const fact = (name: Parameters<typeof t>[0], value: string): HTMLElement => h("div", {}, h("dt", {}, t(name)), h("dd", {}, value));
    const place = device.location ? `${device.location.lat.toFixed(4)}, ${device.location.lon.toFixed(4)}` : t("device.place.none");
    const seen = unit.seen === 0 ? t("device.seen.never") : `${dateTimeText(new Date(unit.seen))} (${ageText(serverNow() - unit.seen, language())})`;
    const credentials = (device.credentials ?? []).map((one) => one.alg ?? one.kind).join(", ") || "–";
    const rights = [licenceTitle(device.licence ?? ""), device.visibility === "public" ? t("device.public") : device.visibility === "restricted" ? t("device.restricted") : ""].filter(Boolean).join(" · ") || "–";
    this.facts.replaceChildren(
      h(
        "header.device-head",
        {},
        domainIcon(unit.domain, unit.state !== "live"),
        h("div", {}, h("h2", {}, deviceTitle(device)), h("code", {}, device.id)),
        h("span.state", { class: `state ${unit.state}` }, t(`state.${unit.state}`)),
      ),
      h(
        "dl.facts",
        {},
        fact("device.agency", agencyTitle(device.agency)),
        fact("device.model", `${domainTitle(unit.domain)} · ${modelTitle(device.model)}`),
        fact("device.seen", seen),
        fact("device.connection", connectionText(device)),
        fact("device.place", place),
        fact("device.licence", rights),
        fact("device.credentials", credentials),
        fact("device.created", dateTimeText(new Date(device.created))),
      ),
    );
  }

  private drawValues(unit: Unit): void {
    if (unit.streams.length === 0) {
      this.values.replaceChildren(h("p.empty", {}, t("device.values.none")));
      return;
    }
    const shown = this.field ?? chartStream(unit)?.field;
    const now = new Date(serverNow());
    const rows = unit.streams.map((stream) =>
      h(
        "button.reading",
        { type: "button", "data-field": stream.field, "aria-pressed": String(stream.field === shown), onclick: () => this.choose(stream.field) },
        h("span.reading-name", {}, fieldTitle(unit.device.model, stream.field)),
        sparkline(stream.trail),
        valueElement(stream.value, stream.unit, stream.quality),
        h("small", {}, shortTimeText(new Date(stream.time), now)),
      ),
    );
    const focused = document.activeElement instanceof HTMLElement && this.values.contains(document.activeElement) ? document.activeElement.dataset["field"] : undefined;
    this.values.replaceChildren(h("h3", {}, t("device.values")), h("div.readings", {}, ...rows));
    if (focused !== undefined) rows.find((row) => row.dataset["field"] === focused)?.focus();
  }

  private choose(field: string): void {
    this.field = field;
    this.history = null;
    this.refresh();
  }

  private refresh(): void {
    if (!this.unit) return;
    this.drawValues(this.unit);
    this.drawChart();
    void this.readHistory(this.unit);
  }

  private drawChart(): void {
    const { unit, history, chartBox } = this;
    const field = this.field ?? (unit ? chartStream(unit)?.field : undefined);
    chartBox.hidden = !unit || field === undefined;
    if (!unit || field === undefined) return;
    const title = fieldTitle(unit.device.model, field);
    const spans = SPANS.map((span) =>
      h("button", { type: "button", "aria-pressed": String(span === this.span), onclick: () => this.chooseSpan(span) }, t(span.key)),
    );
    const head = h("div.head-row", {}, h("h3", {}, t("chart.head", { field: title })), h("span.segmented", { role: "group", "aria-label": t("chart.range") }, ...spans));
    if (!history || history.points.length === 0) {
      const text = this.historyFault !== "" ? this.historyFault : history ? t("chart.none") : t("loading");
      chartBox.replaceChildren(head, h("p.empty", {}, text));
      return;
    }
    const { points, frame, stream } = history;
    const width = Math.max(260, Math.round(this.host.clientWidth - 28));
    const last = points[points.length - 1] as ChartPoint;
    const label = t("chart.label", {
      field: title,
      min: valueWords(Math.min(...points.map((one) => one.low)), null),
      max: valueWords(Math.max(...points.map((one) => one.high)), null),
      unit: stream.unit ?? "",
      last: valueWords(last.mean, stream.unit),
    });
    const drawn = chart(points, frame, width, language(), label);
    const rest = `${t("chart.band")} · ${zoneText(new Date(frame.to))}`;
    const caption = h("p.note", {}, rest);
    drawn.addEventListener("pointermove", (event) => {
      const box = drawn.getBoundingClientRect();
      const found = nearest(points, frame, ((event as PointerEvent).clientX - box.left) / box.width, width);
      if (found) caption.textContent = `${shortTimeText(new Date(found.time), new Date())} · ${valueWords(found.mean, stream.unit)} (${valueWords(found.low, null)} ~ ${valueWords(found.high, null)})`;
    });
    drawn.addEventListener("pointerleave", () => (caption.textContent = rest));
    chartBox.replaceChildren(head, drawn, caption);
  }

  private chooseSpan(span: (typeof SPANS)[number]): void {
    this.span = span;
    this.history = null;
    this.refresh();
  }

  private drawLog(): void {
    const { unit } = this;
    this.log.replaceChildren(
      ...(unit ? [h("p", {}, h("a", { href: routeHash("sensors", { device: unit.device.id }) }, t("device.sensors")))] : []),
      featuresSection(this.features ?? []),
      healthSection(this.health, unit?.device.model ?? ""),
      connectionSection(this.connection),
      h("h3", {}, t("device.events")),
      logList(this.events, t("device.events.none"), eventItem),
      h("h3", {}, t("device.quarantine")),
      logList(this.quarantined, t("device.quarantine.none"), quarantinedItem),
    );
  }
}

/** A young Datastream's chart begins with its data, not with emptiness. */
function narrowed(frame: ChartFrame, points: readonly ChartPoint[]): ChartFrame {
  const first = points[0]?.time ?? frame.from;
  const from = Math.min(first - frame.step, frame.to - SHORTEST_BUCKETS * frame.step);
  return { ...frame, from: Math.max(frame.from, from) };
}

function point(bucket: Bucket): ChartPoint[] {
  const { avg, min, max } = bucket;
  if (typeof avg !== "number" || typeof min !== "number" || typeof max !== "number") return [];
  return [{ time: (Date.parse(bucket.start) + Date.parse(bucket.end)) / 2, mean: avg, low: min, high: max }];
}

function connectionText(device: Device): string {
  const since = device.connection?.["since"];
  if (device.connection === null || device.connection === undefined) return t("device.connection.none");
  return typeof since === "string" ? t("device.connection.since", { time: dateTimeText(new Date(since)) }) : t("link.connected");
}

function logList<T>(items: readonly T[] | null, empty: string, item: (one: T) => HTMLElement): HTMLElement {
  if (items === null) return h("p.empty", {}, t("loading"));
  return items.length === 0 ? h("p.empty", {}, empty) : h("ul.log", {}, ...items.map(item));
}

/** Reasons and cures come from the platform in English. */
export function eventItem(event: DeviceEvent): HTMLElement {
  const at = new Date(event.time);
  const kind = event.kind.replaceAll("_", "-");
  const who = event.device ?? event.login;
  return h(
    "li",
    { class: ["connected", "disconnected"].includes(kind) ? "calm" : "alert" },
    h("div.log-head", {}, h("time", { datetime: event.time, title: dateTimeText(at) }, shortTimeText(at, new Date())), h("b", {}, word("event", kind)), h("small", {}, `${event.listener} · ${event.address}`)),
    h("div", {}, h("code", {}, who === "" ? t("refused.unknown") : who)),
    event.reason !== "" && h("div", { lang: "en" }, kind === "connected" ? `MQTT ${event.reason}` : event.reason),
    event.cure !== "" && h("div.cure", {}, t("refused.cure", { cure: event.cure })),
  );
}

function quarantinedItem(message: Quarantined): HTMLElement {
  const at = new Date(message.time);
  const reasons = message.unreadable
    ? [h("div", {}, `${t("device.unreadable")}: `, h("span", { lang: "en" }, message.unreadable.message))]
    : message.rejections.map((one) => h("div", {}, h("code", {}, one.field || "?"), " ", h("span", { lang: "en" }, one.message)));
  return h(
    "li.alert",
    {},
    h("div.log-head", {}, h("time", { datetime: message.time, title: dateTimeText(at) }, `${shortTimeText(at, new Date())}`), h("small", {}, `#${message.offset}`)),
    ...reasons,
  );
}
