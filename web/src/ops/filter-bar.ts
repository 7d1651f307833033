// The inputs of the filters, and what they stand for.

import { byId, h } from "../dom";
import { type Key, t } from "../text";
import { type Filter, NO_FILTER, isFiltered } from "./filter";
import type { DeviceState, Unit } from "./fleet";
import { agencyTitle, domainTitle, modelTitle } from "./words";

const INPUTS = [
  ["search", "search"],
  ["filter-agency", "agency"],
  ["filter-domain", "domain"],
  ["filter-model", "model"],
  ["filter-state", "state"],
] as const;
const STATES: readonly DeviceState[] = ["live", "silent", "never", "expired", "revoked"];

export class FilterBar {
  filter: Filter = NO_FILTER;

  /** `changed` is told the devices of one place where the map chose them. */
  constructor(private readonly changed: (ids: readonly string[] | null) => void) {
    byId("clear").addEventListener("click", () => this.clear());
    for (const [id, part] of INPUTS) {
      byId<HTMLInputElement>(id).addEventListener("input", (event) => this.set({ [part]: (event.target as HTMLInputElement).value }, null));
    }
  }

  /** Only the devices of one place. */
  place(ids: readonly string[]): void {
    this.set({ ids: new Set(ids) }, ids);
  }

  private clear(): void {
    for (const [id] of INPUTS) byId<HTMLInputElement>(id).value = "";
    this.set(NO_FILTER, null);
  }

  private set(change: Partial<Filter>, ids: readonly string[] | null): void {
    this.filter = { ...this.filter, ids: null, ...change };
    byId("clear").hidden = !isFiltered(this.filter);
    this.changed(ids);
  }

  /** Offers what the fleet has, in the language that is on. */
  fill(fleet: Iterable<Unit>): void {
    const units = [...fleet];
    const distinct = (of: (unit: Unit) => string): string[] => [...new Set(units.map(of))].sort();
    offer("filter-agency", "filter.agency.all", distinct((unit) => unit.device.agency), agencyTitle);
    offer("filter-domain", "filter.domain.all", distinct((unit) => unit.domain), domainTitle);
    offer("filter-model", "filter.model.all", distinct((unit) => unit.device.model), modelTitle);
    offer("filter-state", "filter.state.all", STATES, (state) => t(`state.${state}` as Key));
  }
}

function offer(id: string, every: Key, values: readonly string[], name: (value: string) => string): void {
  const select = byId<HTMLSelectElement>(id);
  const before = select.value;
  select.replaceChildren(h("option", { value: "" }, t(every)), ...values.map((value) => h("option", { value }, name(value))));
  select.value = values.includes(before) ? before : "";
}
