// The map as an element: canvas, controls, pointer, touch and keyboard.

import { h, setText } from "../dom";
import { language, learn, onLanguage, t } from "../text";
import { mapTexts } from "../texts/map";
import { type BaseMap, decode } from "./base";
import { type CityFile, type CityMap, cityMap } from "./city";
import { type Cluster, cluster, clusterRadius, separable } from "./cluster";
import { type Marker, drawBase, drawLabels, drawMarkers, drawScale } from "./draw";
import type { Place } from "../shapes";
import { TILE, latitude, longitude, worldX, worldY } from "./projection";
import { MAX_ZOOM, View } from "./view";

learn(mapTexts);

/** A press that moves less is a click, in pixels. */
const CLICK_SLACK = 4;
/** How far from a mark a click still counts, in pixels. */
const REACH = 14;
/** How close the map goes to show a device apart from its neighbours. */
const PICKED_ZOOM = 15;
/** At most so many discs, one with at least so many devices: it is opened. */
const FEW_GROUPS = 4;
const MANY = 20;
const KEY_PAN = 80;
const KEY_ZOOM = 0.75;
/** Frames of the pulse a second: calm for the eye and for the processor. */
const PULSE_FRAME_MS = 66;
/** Members closer than this on the unit square lie at one place (about 1 m). */
const ONE_PLACE = 2.5e-8;

/** West, south, east, north. */
export type Box = readonly [number, number, number, number];

export interface MapEvents {
  onPick: (id: string) => void;
  onGroup: (ids: string[]) => void;
  /** Somebody has moved the map: what lies in the middle now. */
  onMove?: (middle: Place) => void;
}

export class MapPanel {
  readonly view = new View();
  private readonly canvas = h("canvas", { tabindex: 0, role: "application" });
  private readonly context = this.canvas.getContext("2d") as CanvasRenderingContext2D;
  private readonly note = h("p.map-note");
  private base: BaseMap | null = null;
  private city: CityMap | null = null;
  private markers: readonly Marker[] = [];
  private clusters: Cluster<Marker>[] = [];
  private clustersFor: readonly [readonly Marker[], number] | null = null;
  private selected: string | null = null;
  private touched = false;
  private box: Box | null = null;
  private scheduled = false;
  private colours = new Map<string, string>();
  private readonly pointers = new Map<number, { x: number; y: number }>();
  private readonly still = matchMedia("(prefers-reduced-motion: reduce)");

  constructor(private readonly host: HTMLElement, private readonly events: MapEvents) {
    host.append(this.canvas, this.controls(), this.note, h("p.map-source", { "data-t": "map.source" }, t("map.source")));
    this.listen();
    new ResizeObserver(() => this.resize()).observe(host);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.colours.clear();
      this.redraw();
    });
    onLanguage(() => this.redraw());
    void fetch("/assets/map.json")
      .then(async (answer) => {
        this.base = decode(await answer.json());
        this.redraw();
      })
      .catch(() => undefined);
    this.resize();
  }

  show(markers: readonly Marker[], unplaced: number, fit: boolean): void {
    this.markers = markers;
    if (fit && markers.length > 0) this.fitFleet();
    const note = markers.length === 0 ? t("map.empty") : unplaced > 0 ? t("map.unplaced", { count: unplaced }) : "";
    setText(this.note, note);
    this.note.hidden = note === "";
    this.canvas.setAttribute("aria-label", t("map.label", { count: markers.length }));
    this.redraw();
  }

  /** Under a simulated fleet lies the city that it was invented for. */
  async showInvented(): Promise<void> {
    const answer = await fetch("/assets/city.json");
    this.city = cityMap((await answer.json()) as CityFile);
    const source = this.host.querySelector(".map-source");
    source?.setAttribute("data-t", "map.invented");
    if (source) setText(source, t("map.invented"));
    this.redraw();
  }

  select(id: string | null, bring: boolean): void {
    this.selected = id;
    const marker = this.markers.find((one) => one.id === id);
    if (marker && bring) {
      this.touched = true;
      const [x, y] = [this.view.screenX(marker.x), this.view.screenY(marker.y)];
      const hidden = x < 40 || y < 40 || x > this.view.width - 40 || y > this.view.height - 40;
      const covered = (): boolean => cluster(this.markers, this.view.zoom, TILE).some((one) => one.members.length > 1 && one.members.includes(marker));
      if (hidden || covered()) [this.view.x, this.view.y] = [marker.x, marker.y];
      while (this.view.zoom < PICKED_ZOOM && covered()) this.view.zoom += 1;
    }
    this.redraw();
  }

  /** Brings a place into the middle, and close enough to be corrected. */
  bring(place: Place, zoom: number): void {
    this.touched = true;
    [this.view.x, this.view.y] = [worldX(place.lon), worldY(place.lat)];
    this.view.zoom = Math.max(this.view.zoom, zoom);
    this.redraw();
  }

  /** Shows a box, as soon as the map has a size. */
  fitBox(box: Box): void {
    this.touched = true;
    this.box = box;
    if (this.host.clientWidth > 0) this.resize();
  }

  private fitByHand(): void {
    this.fit();
    this.moved();
  }

  private moved(): void {
    this.touched = true;
    this.redraw();
    this.events.onMove?.(this.view.placeAt(this.view.width / 2, this.view.height / 2));
  }

  fit(): void {
    this.view.fit(this.markers.map(({ x, y }) => ({ lat: latitude(y), lon: longitude(x) })));
    this.redraw();
  }

  /** All devices; where they would be a few discs only (two cities far apart),
   * the largest group, so that sensors are seen and not sums. */
  private fitFleet(): void {
    this.fit();
    const groups = cluster(this.markers, this.view.zoom, TILE).sort((a, b) => b.members.length - a.members.length);
    const largest = groups[0]?.members ?? [];
    if (groups.length > FEW_GROUPS || largest.length < MANY) return;
    this.view.fit(largest.map(({ x, y }) => ({ lat: latitude(y), lon: longitude(x) })));
  }

  redraw(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame((now) => this.draw(now));
  }

  private draw(now: number): void {
    this.scheduled = false;
    if (this.canvas.width === 0) return;
    const colour = (variable: string): string => this.colour(variable);
    const step = Math.floor(this.view.zoom * 2);
    if (this.clustersFor?.[0] !== this.markers || this.clustersFor[1] !== step) {
      this.clusters = cluster(this.markers, this.view.zoom, TILE);
      this.clustersFor = [this.markers, step];
    }
    drawBase(this.context, this.view, this.base, this.city, colour);
    drawLabels(this.context, this.view, this.clusters, this.city, language(), colour);
    const moving = drawMarkers(this.context, this.view, this.clusters, this.selected, now, this.still.matches, colour);
    drawScale(this.context, this.view, language(), colour);
    if (moving) setTimeout(() => this.redraw(), PULSE_FRAME_MS);
  }

  private colour(variable: string): string {
    let value = this.colours.get(variable);
    if (value === undefined) {
      value = getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
      this.colours.set(variable, value);
    }
    return value;
  }

  private resize(): void {
    const { width, height } = this.host.getBoundingClientRect();
    if (width === 0 || height === 0) return;
    const first = this.view.width === 1;
    const ratio = Math.min(2, devicePixelRatio);
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    [this.view.width, this.view.height] = [width, height];
    if (this.box !== null) {
      const [west, south, east, north] = this.box;
      this.view.fit([{ lat: south, lon: west }, { lat: north, lon: east }], MAX_ZOOM);
      this.box = null;
    } else if (first || !this.touched) this.fitFleet();
    this.redraw();
  }

  private controls(): HTMLElement {
    const button = (mark: string, key: "map.in" | "map.out" | "map.fit", act: () => void): HTMLButtonElement =>
      h("button", { type: "button", "aria-label": t(key), title: t(key), "data-t-aria-label": key, "data-t-title": key, onclick: act }, mark);
    return h(
      "div.map-controls",
      {},
      button("+", "map.in", () => this.zoom(1)),
      button("−", "map.out", () => this.zoom(-1)),
      button("⤢", "map.fit", () => this.fitByHand()),
    );
  }

  private zoom(steps: number, x: number = this.view.width / 2, y: number = this.view.height / 2): void {
    this.view.zoomAt(steps, x, y);
    this.moved();
  }

  private pan(x: number, y: number): void {
    this.view.pan(x, y);
    this.moved();
  }

  private listen(): void {
    let travelled = 0;
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
      if (this.pointers.size === 1) travelled = 0;
    });
    this.canvas.addEventListener("pointermove", (event) => {
      const before = this.pointers.get(event.pointerId);
      if (!before) {
        this.canvas.classList.toggle("over", this.at(event.offsetX, event.offsetY) !== undefined);
        return;
      }
      const now = { x: event.offsetX, y: event.offsetY };
      travelled += Math.hypot(now.x - before.x, now.y - before.y);
      this.drag(event.pointerId, before, now);
    });
    const release = (event: PointerEvent): void => {
      const alone = this.pointers.size === 1;
      this.pointers.delete(event.pointerId);
      if (event.type === "pointerup" && alone && travelled < CLICK_SLACK) this.click(event.offsetX, event.offsetY);
    };
    this.canvas.addEventListener("pointerup", release);
    this.canvas.addEventListener("pointercancel", release);
    this.canvas.addEventListener("dblclick", (event) => this.zoom(1, event.offsetX, event.offsetY));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const lines = event.deltaMode === 1 ? 16 : 1;
        this.zoom(Math.max(-1, Math.min(1, (-event.deltaY * lines) / 240)), event.offsetX, event.offsetY);
      },
      { passive: false },
    );
  }

  /** One pointer pans; two pan by their middle and zoom by their distance. */
  private drag(id: number, before: { x: number; y: number }, now: { x: number; y: number }): void {
    const other = [...this.pointers].find(([key]) => key !== id)?.[1];
    this.pointers.set(id, now);
    if (!other) {
      this.pan(now.x - before.x, now.y - before.y);
      return;
    }
    this.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
    const far = (point: { x: number; y: number }): number => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
    this.zoom(Math.log2(far(now) / far(before)), (now.x + other.x) / 2, (now.y + other.y) / 2);
  }

  private key(event: KeyboardEvent): void {
    const acts: Record<string, () => void> = {
      ArrowLeft: () => this.pan(KEY_PAN, 0),
      ArrowRight: () => this.pan(-KEY_PAN, 0),
      ArrowUp: () => this.pan(0, KEY_PAN),
      ArrowDown: () => this.pan(0, -KEY_PAN),
      "+": () => this.zoom(KEY_ZOOM),
      "=": () => this.zoom(KEY_ZOOM),
      "-": () => this.zoom(-KEY_ZOOM),
      "0": () => this.fitByHand(),
      Enter: () => this.click(this.view.width / 2, this.view.height / 2, Infinity),
    };
    const act = acts[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  }

  private at(x: number, y: number, reach: number = REACH): Cluster<Marker> | undefined {
    let best: Cluster<Marker> | undefined;
    let nearest = Infinity;
    for (const one of this.clusters) {
      const size = one.members.length > 1 ? clusterRadius(one.members.length) : 0;
      const away = Math.hypot(this.view.screenX(one.x) - x, this.view.screenY(one.y) - y) - size;
      if (away < Math.min(nearest, reach)) [best, nearest] = [one, away];
    }
    return best;
  }

  private click(x: number, y: number, reach: number = REACH): void {
    const hit = this.at(x, y, reach);
    if (!hit) return;
    const only = hit.members.length === 1 ? hit.members[0] : undefined;
    if (only) this.events.onPick(only.id);
    else if (separable(hit.members, ONE_PLACE) && this.view.zoom < MAX_ZOOM) this.open(hit);
    else this.events.onGroup(hit.members.map((member) => member.id));
  }

  private open(hit: Cluster<Marker>): void {
    this.touched = true;
    const before = this.view.zoom;
    this.view.fit(hit.members.map(({ x, y }) => ({ lat: latitude(y), lon: longitude(x) })), MAX_ZOOM);
    if (this.view.zoom < before + 1) this.view.zoom = Math.min(MAX_ZOOM, before + 1);
    this.redraw();
  }
}
