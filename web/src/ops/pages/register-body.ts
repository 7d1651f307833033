// A new device from what was typed in. No DOM.

import type { Place } from "../../shapes";

/** What is left empty is left out. */
export function newDeviceBody({ id = "", agency = "", model = "", name = "", address = "", proof = "", key = "" }: Record<string, string>, place: Place | null): unknown {
  const filled = Object.entries({ name, address }).filter(([, value]) => value !== "");
  return { id, agency, model, ...Object.fromEntries(filled), ...(place === null ? {} : { location: place }), ...(proof === "key" ? { keys: [{ public_key: key }] } : {}) };
}
