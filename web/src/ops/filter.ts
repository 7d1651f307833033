// The filters and the search over the fleet. No DOM.

import { urgency } from "./concern";
import type { DeviceState, Unit } from "./fleet";

export interface Filter {
  search: string;
  agency: string;
  domain: string;
  model: string;
  state: string;
  /** Only these devices (one place of the map); null: all. */
  ids: ReadonlySet<string> | null;
}

export const NO_FILTER: Filter = { search: "", agency: "", domain: "", model: "", state: "", ids: null };

export const isFiltered = (filter: Filter): boolean =>
  filter.ids !== null || [filter.search, filter.agency, filter.domain, filter.model, filter.state].some((part) => part !== "");

/** What needs an eye first: values of the city, then silence; within a state the fleet's own order stays. */
const RANK: Record<DeviceState, number> = { silent: 0, live: 1, never: 2, expired: 3, revoked: 4 };

export function matching(units: Iterable<Unit>, filter: Filter): Unit[] {
  const words = filter.search.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const found: Unit[] = [];
  for (const unit of units) {
    if (filter.ids && !filter.ids.has(unit.device.id)) continue;
    if (filter.agency && unit.device.agency !== filter.agency) continue;
    if (filter.domain && unit.domain !== filter.domain) continue;
    if (filter.model && unit.device.model !== filter.model) continue;
    if (filter.state && unit.state !== filter.state) continue;
    if (!words.every((word) => unit.words.includes(word))) continue;
    found.push(unit);
  }
  return found.sort((a, b) => urgency(b) - urgency(a) || RANK[a.state] - RANK[b.state]);
}
