// The history of one Datastream: a line of means in a band from least to
// greatest. SVG with classes only: the security policy forbids inline style.

import { svg } from "../dom";
import { type Language, clockText, dateText, numberText, offsetText } from "../format";

export interface ChartPoint {
  /** Middle of the bucket in milliseconds. */
  time: number;
  mean: number;
  low: number;
  high: number;
}

export interface ChartFrame {
  from: number;
  to: number;
  /** Length of a bucket in milliseconds; a hole of three breaks the line. */
  step: number;
}

const HEIGHT = 150;
const LEFT = 46;
const BOTTOM = 18;
const TOP = 8;
const RIGHT = 8;
const HOLE = 3.2;
/** Horizontal rules, about. */
const MARKS = 6;
/** Half of a time's width below the axis, in pixels. */
const HALF_LABEL = 14;

/** Round steps (1, 2, 5 x 10^n) of which about `count` cover low..high. */
export function ticks(low: number, high: number, count: number): number[] {
  const span = high - low || Math.abs(high) || 1;
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((size) => size * power >= raw) ?? 10) * power;
  const marks: number[] = [];
  for (let mark = Math.ceil(low / step) * step; mark <= high + step / 1e6 && marks.length < 20; mark += step) marks.push(Number(mark.toPrecision(12)));
  return marks;
}

/** Runs of points without a hole. */
export function runs(points: readonly ChartPoint[], step: number): ChartPoint[][] {
  const found: ChartPoint[][] = [];
  let last: ChartPoint | undefined;
  for (const point of points) {
    if (last && point.time - last.time <= step * HOLE) found[found.length - 1]?.push(point);
    else found.push([point]);
    last = point;
  }
  return found;
}

export function chart(points: readonly ChartPoint[], frame: ChartFrame, width: number, language: Language, label: string): SVGElement {
  const low = Math.min(...points.map((point) => point.low));
  const high = Math.max(...points.map((point) => point.high));
  const pad = (high - low) * 0.08 || Math.abs(high) * 0.05 || 1;
  const [bottom, top] = [low - pad, high + pad];
  const x = (time: number): number => LEFT + ((time - frame.from) / (frame.to - frame.from)) * (width - LEFT - RIGHT);
  const y = (value: number): number => TOP + (1 - (value - bottom) / (top - bottom)) * (HEIGHT - TOP - BOTTOM);
  const at = (time: number, value: number): string => `${x(time).toFixed(1)} ${y(value).toFixed(1)}`;
  const root = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, class: "chart", role: "img", "aria-label": label });
  for (const mark of ticks(bottom, top, MARKS)) {
    root.append(svg("line", { class: "rule", x1: LEFT, x2: width - RIGHT, y1: y(mark), y2: y(mark) }));
    root.append(svg("text", { class: "tick", x: LEFT - 6, y: y(mark) + 4, "text-anchor": "end" }, numberText(mark, language)));
  }
  for (const mark of timeMarks(frame)) {
    if (x(mark) > width - RIGHT - HALF_LABEL || x(mark) < LEFT + HALF_LABEL / 2) continue;
    root.append(svg("line", { class: "rule", x1: x(mark), x2: x(mark), y1: TOP, y2: HEIGHT - BOTTOM }));
    root.append(svg("text", { class: "tick", x: x(mark), y: HEIGHT - 4, "text-anchor": "middle" }, timeMarkText(mark, frame)));
  }
  for (const run of runs(points, frame.step)) {
    const up = run.map((point) => at(point.time, point.high));
    const down = run.map((point) => at(point.time, point.low)).reverse();
    root.append(svg("path", { class: "band", d: `M${[...up, ...down].join("L")}Z` }));
    const only = run.length === 1 ? run[0] : undefined;
    if (only) root.append(svg("circle", { class: "dot", cx: x(only.time), cy: y(only.mean), r: 2 }));
    else root.append(svg("path", { class: "line", d: `M${run.map((point) => at(point.time, point.mean)).join("L")}` }));
  }
  return root;
}

/** Which point lies under a pixel of the chart. */
export function nearest(points: readonly ChartPoint[], frame: ChartFrame, part: number, width: number): ChartPoint | undefined {
  const time = frame.from + ((part * width - LEFT) / (width - LEFT - RIGHT)) * (frame.to - frame.from);
  let best: ChartPoint | undefined;
  for (const point of points) if (!best || Math.abs(point.time - time) < Math.abs(best.time - time)) best = point;
  return best;
}

const TIME_STEPS_MIN = [1, 5, 10, 15, 30, 60, 120, 360, 720, 1440, 2880];

/** Marks on whole local minutes, hours or days, about four of them. */
function timeMarks({ from, to }: ChartFrame): number[] {
  const step = (TIME_STEPS_MIN.find((minutes) => (to - from) / (minutes * 60_000) <= 5) ?? 2880) * 60_000;
  const zone = new Date(from).getTimezoneOffset() * 60_000;
  const marks: number[] = [];
  for (let mark = Math.ceil((from - zone) / step) * step + zone; mark < to; mark += step) marks.push(mark);
  return marks;
}

function timeMarkText(mark: number, { from, to }: ChartFrame): string {
  const at = new Date(mark);
  return to - from > 2 * 86_400_000 ? dateText(at).slice(5) : clockText(at).slice(0, 5);
}

export const zoneText = (at: Date): string => `UTC${offsetText(-at.getTimezoneOffset())}`;
