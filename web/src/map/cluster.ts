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
  return [...byCell.values()];
}

/** Whether zooming in can pull the members apart. */
export function separable(members: readonly Point[], smallest: number): boolean {
  const first = members[0];
  return first !== undefined && members.some(({ x, y }) => Math.abs(x - first.x) > smallest || Math.abs(y - first.y) > smallest);
}
