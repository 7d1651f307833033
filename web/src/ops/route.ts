// The address bar holds what is shown: `#/devices?agency=seoul`. No DOM.

export const PAGES = ["map", "devices", "groups", "import", "claims", "batches", "people", "tokens", "agencies", "models", "audit"] as const;
export type PageName = (typeof PAGES)[number];

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
