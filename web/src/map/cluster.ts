// Groups markers that would cover each other. The grid is fixed to the world,
// so that panning does not regroup, and its zoom goes in steps of a half.

/** Side of a cell in pixels, and from which zoom on the smaller one holds. */
const CELL = 38;
const CLOSE_CELL = 20;
const CLOSE_ZOOM = 13;

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
  const cells = (tile * 2 ** step) / (step >= CLOSE_ZOOM ? CLOSE_CELL : CELL);
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
  return joined([...byCell.values()], 1 / cells);
}

/** Joins clusters whose discs would cover each other; big ones take small ones. */
function joined<P extends Point>(clusters: Cluster<P>[], cell: number): Cluster<P>[] {
  const kept = new Map<number, Cluster<P>[]>();
  const rows = Math.ceil(1 / cell) + 2;
  const result: Cluster<P>[] = [];
  clusters.sort((a, b) => b.members.length - a.members.length);
  for (const one of clusters) {
    const [column, row] = [Math.floor(one.x / cell), Math.floor(one.y / cell)];
    let near: Cluster<P> | undefined;
    for (let dy = -1; dy <= 1 && !near; dy++) {
      for (let dx = -1; dx <= 1 && !near; dx++) {
        near = kept.get((row + dy) * rows + column + dx)?.find((other) => Math.hypot(other.x - one.x, other.y - one.y) < cell * reach(other));
      }
    }
    if (near) {
      near.members.push(...one.members);
      continue;
    }
    result.push(one);
    const key = row * rows + column;
    kept.set(key, [...(kept.get(key) ?? []), one]);
  }
  return result;
}

/** How near another may come, in cells: a single mark needs less room. */
const reach = (cluster: Cluster<Point>): number => (cluster.members.length === 1 ? 0.35 : 0.95);

/** Whether zooming in can pull the members apart. */
export function separable(members: readonly Point[], smallest: number): boolean {
  const first = members[0];
  return first !== undefined && members.some(({ x, y }) => Math.abs(x - first.x) > smallest || Math.abs(y - first.y) > smallest);
}
