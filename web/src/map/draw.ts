// Draws one picture of the map on a canvas.

import type { Language } from "../format";
import { numberText } from "../format";
import { type BaseMap, line, smooth, trace } from "./base";
import type { CityMap } from "./city";
import { type Cluster, MARK_RADIUS, type Point, clusterRadius } from "./cluster";
import { markOf, shapePath } from "./marks";
import { LABELS, RIVERS } from "./places";
import { scaleLength, worldX, worldY } from "./projection";
import type { View } from "./view";

export interface Marker extends Point {
  id: string;
  domain: string;
  silent: boolean;
  poor: boolean;
  /** Its values deserve an eye: 0 no, 1, 2 serious. */
  concern: 0 | 1 | 2;
  /** When its last value came, in milliseconds of performance.now(). */
  pulse: number;
}

export type Palette = (variable: string) => string;

const PULSE_MS = 900;
/** Longest scale bar in pixels. */
const SCALE_PIXELS = 110;
const RIVER_LINES = RIVERS.map((river) => line(smooth(river)));

export function drawBase(context: CanvasRenderingContext2D, view: View, base: BaseMap | null, city: CityMap | null, colour: Palette): void {
  context.fillStyle = colour("--sea");
  context.fillRect(0, 0, view.width, view.height);
  if (base) {
    context.lineJoin = "round";
    trace(context, view, base.land, true);
    context.fillStyle = colour("--land");
    context.fill("evenodd");
    context.strokeStyle = colour("--coast");
    context.lineWidth = 1;
    context.stroke();
    trace(context, view, base.borders, false);
    context.setLineDash([4, 3]);
    context.stroke();
    context.setLineDash([]);
  }
  if (city) drawCity(context, view, city, colour);
  drawGrid(context, view, colour);
  trace(context, view, city ? [...RIVER_LINES, ...city.river] : RIVER_LINES, false);
  context.strokeStyle = colour("--river");
  context.lineWidth = Math.max(1, Math.min(14, (view.zoom - 6) * 1.4));
  context.lineCap = "round";
  context.stroke();
}

function drawCity(context: CanvasRenderingContext2D, view: View, city: CityMap, colour: Palette): void {
  trace(context, view, city.land, true);
  context.fillStyle = colour("--land");
  context.fill();
  context.strokeStyle = colour("--coast");
  context.lineWidth = 1;
  context.stroke();
  trace(context, view, city.districts, true);
  context.setLineDash([5, 4]);
  context.stroke();
  context.setLineDash([]);
}

/** Meridians and parallels at a distance that stays readable. */
function drawGrid(context: CanvasRenderingContext2D, view: View, colour: Palette): void {
  const wanted = (180 / view.scale) * 360;
  const step = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001].find((size) => size <= wanted) ?? 0.001;
  const corner = view.placeAt(0, 0);
  const other = view.placeAt(view.width, view.height);
  context.beginPath();
  for (let lon = Math.ceil(corner.lon / step) * step; lon < other.lon; lon += step) {
    const x = Math.round(view.screenX(worldX(lon))) + 0.5;
    context.moveTo(x, 0);
    context.lineTo(x, view.height);
  }
  for (let lat = Math.ceil(other.lat / step) * step; lat < corner.lat; lat += step) {
    const y = Math.round(view.screenY(worldY(lat))) + 0.5;
    context.moveTo(0, y);
    context.lineTo(view.width, y);
  }
  context.strokeStyle = colour("--grid");
  context.lineWidth = 1;
  context.stroke();
}

/** Names stand above their place, and above a disc that would cover them. */
export function drawLabels(context: CanvasRenderingContext2D, view: View, clusters: readonly Cluster<Marker>[], city: CityMap | null, language: Language, colour: Palette): void {
  const discs = clusters.filter((one) => one.members.length > 1);
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 3;
  context.strokeStyle = colour("--land");
  context.fillStyle = colour("--place");
  for (const { at, from, until, ...name } of city ? [...LABELS, ...city.labels] : LABELS) {
    if (view.zoom < from || (until !== undefined && view.zoom >= until)) continue;
    const [x, y] = [view.screenX(worldX(at[1])), view.screenY(worldY(at[0]))];
    if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
    context.font = `${from < 8 ? 12 : 11}px system-ui, sans-serif`;
    let top = y - 14;
    for (const disc of discs) {
      const radius = clusterRadius(disc.members.length) + 12;
      const [discX, discY] = [view.screenX(disc.x), view.screenY(disc.y)];
      if (Math.abs(discX - x) < radius && Math.abs(discY - top) < radius) top = discY - radius;
    }
    context.strokeText(name[language], x, top);
    context.fillText(name[language], x, top);
  }
}

/** Returns whether something still moves. */
export function drawMarkers(context: CanvasRenderingContext2D, view: View, clusters: readonly Cluster<Marker>[], selected: string | null, now: number, still: boolean, colour: Palette): boolean {
  let moving = false;
  let chosen: [number, number, number] | null = null;
  for (const one of clusters) {
    const [x, y] = [view.screenX(one.x), view.screenY(one.y)];
    const holds = selected !== null && one.members.some((member) => member.id === selected);
    const radius = clusterRadius(one.members.length);
    if (holds) chosen = [x, y, radius];
    if (x < -30 || y < -30 || x > view.width + 30 || y > view.height + 30) continue;
    const latest = one.members.reduce((a, b) => (b.pulse > a.pulse ? b : a));
    const age = now - latest.pulse;
    if (!still && age < PULSE_MS) {
      moving = true;
      drawPulse(context, x, y, radius, Math.max(0, age) / PULSE_MS, colour(markOf(latest.domain).variable));
    }
    if (one.members.length === 1) drawMark(context, x, y, latest, colour);
    else drawCluster(context, x, y, one.members, colour);
  }
  if (chosen) drawSelection(context, chosen[0], chosen[1], chosen[2] + 8, colour);
  return moving;
}

function drawPulse(context: CanvasRenderingContext2D, x: number, y: number, radius: number, part: number, stroke: string): void {
  context.globalAlpha = 1 - part;
  context.beginPath();
  context.arc(x, y, radius + 2 + part * 11, 0, 2 * Math.PI);
  context.strokeStyle = stroke;
  context.lineWidth = 1.5;
  context.stroke();
  context.globalAlpha = 1;
}

function drawMark(context: CanvasRenderingContext2D, x: number, y: number, marker: Marker, colour: Palette): void {
  const { shape, variable } = markOf(marker.domain);
  if (marker.concern > 0) drawConcern(context, x, y, MARK_RADIUS + 5, marker.concern, colour);
  else if (marker.poor && !marker.silent) {
    context.beginPath();
    context.arc(x, y, MARK_RADIUS + 4, 0, 2 * Math.PI);
    context.strokeStyle = colour("--poor");
    context.lineWidth = 2;
    context.stroke();
  }
  shapePath(context, shape, x, y, MARK_RADIUS);
  context.lineJoin = "round";
  context.lineWidth = marker.silent ? 2 : 1.25;
  context.fillStyle = marker.silent ? colour("--land") : colour(variable);
  context.strokeStyle = marker.silent ? colour("--silent") : colour("--mark-edge");
  context.fill();
  context.stroke();
}

/** A square around what deserves an eye, double where it is serious: another
 * form than the ring of poor quality, not another colour alone. */
function drawConcern(context: CanvasRenderingContext2D, x: number, y: number, half: number, concern: number, colour: Palette): void {
  context.strokeStyle = colour("--bad");
  context.lineWidth = 2;
  context.strokeRect(x - half, y - half, 2 * half, 2 * half);
  if (concern > 1) context.strokeRect(x - half - 3.5, y - half - 3.5, 2 * half + 7, 2 * half + 7);
}

/** A disc with the count, a ring that shows the domains' shares, and a notch
 * below it where some members are silent or poor. */
function drawCluster(context: CanvasRenderingContext2D, x: number, y: number, members: readonly Marker[], colour: Palette): void {
  const radius = clusterRadius(members.length);
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour("--cluster");
  context.fill();
  const shares = new Map<string, number>();
  let [silent, poor, concern] = [0, 0, 0];
  for (const member of members) {
    const variable = markOf(member.domain).variable;
    shares.set(variable, (shares.get(variable) ?? 0) + 1);
    concern = Math.max(concern, member.concern);
    if (member.silent) silent += 1;
    else if (member.poor) poor += 1;
  }
  let angle = -Math.PI / 2;
  context.lineWidth = 3.5;
  context.lineCap = "butt";
  for (const [variable, count] of [...shares].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const next = angle + (count / members.length) * 2 * Math.PI;
    context.beginPath();
    context.arc(x, y, radius, angle, next);
    context.strokeStyle = colour(variable);
    context.stroke();
    angle = next;
  }
  context.fillStyle = colour("--text");
  context.font = "600 11px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(String(members.length), x, y + 0.5);
  if (concern > 0) drawConcern(context, x, y, radius + 4, concern, colour);
  if (silent + poor === 0) return;
  context.beginPath();
  context.arc(x + radius * 0.72, y - radius * 0.72, 4, 0, 2 * Math.PI);
  context.fillStyle = silent > 0 ? colour("--land") : colour("--poor");
  context.strokeStyle = silent > 0 ? colour("--silent") : colour("--cluster");
  context.lineWidth = 2;
  context.fill();
  context.stroke();
}

function drawSelection(context: CanvasRenderingContext2D, x: number, y: number, radius: number, colour: Palette): void {
  context.strokeStyle = colour("--text");
  context.lineWidth = 2;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
    context.moveTo(x + dx * radius, y + dy * radius);
    context.lineTo(x + dx * (radius + 6), y + dy * (radius + 6));
  }
  context.stroke();
}

export function drawScale(context: CanvasRenderingContext2D, view: View, language: Language, colour: Palette): void {
  const perPixel = view.metresPerPixel();
  const metres = scaleLength(perPixel, SCALE_PIXELS);
  const pixels = metres / perPixel;
  const [x, y] = [12, view.height - 12];
  context.strokeStyle = colour("--place");
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x, y - 5);
  context.lineTo(x, y);
  context.lineTo(x + pixels, y);
  context.lineTo(x + pixels, y - 5);
  context.stroke();
  context.fillStyle = colour("--place");
  context.font = "11px system-ui, sans-serif";
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  const text = metres >= 1000 ? `${numberText(metres / 1000, language)} km` : `${numberText(metres, language)} m`;
  context.fillText(text, x + 4, y - 6);
}
