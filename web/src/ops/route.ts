// The address bar holds what is shown: `#/devices?agency=seoul`. No DOM.

import type { Box } from "../map/panel";

export const PAGES = ["map", "devices", "register", "sensors", "health", "groups", "import", "claims", "batches", "people", "tokens", "agencies", "shares", "models", "refinements", "audit"] as const;
export type PageName = (typeof PAGES)[number];

/** Pages that are not in the navigation, with the one that leads to them. */
export const REACHED_FROM: Partial<Record<PageName, PageName>> = { register: "devices", sensors: "devices", refinements: "models" };

export interface Route {
  page: PageName;
  query: URLSearchParams;
}

/** What is no page's address leads to the map. */
export function parseRoute(hash: string): Route {
  const [, name = "", query = ""] = /^#\/([a-z]*)(?:\?(.*))?$/.exec(hash) ?? [];
  const page = PAGES.find((one) => one === name);
  return page ? { page, query: new URLSearchParams(query) } : { page: "map", query: new URLSearchParams() };
}

/** Empty values are left out. */
export function routeHash(page: PageName, values: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== "")).toString();
  return `#/${page}${query === "" ? "" : `?${query}`}`;
}

/** The box that the map's address asks for. */
export function boxOf(query: URLSearchParams): Box | null {
  const [west, south, east, north, ...more] = (query.get("box") ?? "").split(",").map(Number);
  if (west === undefined || south === undefined || east === undefined || north === undefined || more.length > 0) return null;
  return [west, south, east, north].every(Number.isFinite) ? [west, south, east, north] : null;
}
