// Groups markers that would cover each other. The grid is fixed to the world,
// so that panning does not regroup, and its zoom goes in steps of a half.

/** Side of a cell in pixels, and from which zoom on the smaller one holds. */
const CELL = 24;
const CLOSE_CELL = 14;
const CLOSE_ZOOM = 13;
/** Radii in pixels: of a mark, and of the largest disc. */
export const MARK_RADIUS = 5.5;
const LARGEST_RADIUS = 24;
/** Share of their radii that two discs must keep apart. */
const APART = 0.9;

/** Radius of the disc that stands for so many, in pixels. */
export function clusterRadius(count: number): number {
  return count === 1 ? MARK_RADIUS : Math.min(LARGEST_RADIUS, 11 + Math.log2(count) * 1.7);
}

export interface Point {
  /** On the unit square of the projection. */
  x: number;
  y: number;
}

export interface Cluster<P extends Point> extends Point {
  members: P[];
}

export function cluster<P extends Point>(points: readonly P[], zoom: number, tile: number): Cluster<P>[] {
  const step = Math.floor(zoom * 2) / 2;
  const cellPixels = step >= CLOSE_ZOOM ? CLOSE_CELL : CELL;
  const cells = (tile * 2 ** step) / cellPixels;
  const byCell = new Map<number, Cluster<P>>();
  for (const point of points) {
    const key = Math.floor(point.y * cells) * Math.ceil(cells + 1) + Math.floor(point.x * cells);
    const found = byCell.get(key);
    if (found) found.members.push(point);
    else byCell.set(key, { x: 0, y: 0, members: [point] });
  }
  for (const one of byCell.values()) {
    for (const { x, y } of one.members) {
      one.x += x / one.members.length;
      one.y += y / one.members.length;
    }
  }
  return joined([...byCell.values()], tile * 2 ** step);
}

/** Joins groups whose discs would cover each other; big ones take small ones,
 * and single marks stay single unless a disc lies on them. */
function joined<P extends Point>(clusters: Cluster<P>[], pixels: number): Cluster<P>[] {
  const side = (2 * LARGEST_RADIUS * APART) / pixels;
  const rows = Math.ceil(1 / side) + 2;
  const kept = new Map<number, Cluster<P>[]>();
  const result: Cluster<P>[] = [];
  clusters.sort((a, b) => b.members.length - a.members.length);
  for (const one of clusters) {
    const [column, row] = [Math.floor(one.x / side), Math.floor(one.y / side)];
    let near: Cluster<P> | undefined;
    for (let cell = 0; cell < 9 && !near; cell++) {
      const others = kept.get((row + Math.floor(cell / 3) - 1) * rows + column + (cell % 3) - 1);
      near = others?.find((other) => covers(other, one, pixels));
    }
    if (near) {
      near.members.push(...one.members);
      continue;
    }
    result.push(one);
    const key = row * rows + column;
    const others = kept.get(key);
    if (others) others.push(one);
    else kept.set(key, [one]);
  }
  return result;
}

function covers(other: Cluster<Point>, one: Cluster<Point>, pixels: number): boolean {
  if (other.members.length === 1) return false;
  const apart = (clusterRadius(other.members.length) + clusterRadius(one.members.length)) * APART;
  return Math.hypot(other.x - one.x, other.y - one.y) * pixels < apart;
}

/** Whether zooming in can pull the members apart. */
export function separable(members: readonly Point[], smallest: number): boolean {
  const first = members[0];
  return first !== undefined && members.some(({ x, y }) => Math.abs(x - first.x) > smallest || Math.abs(y - first.y) > smallest);
}
