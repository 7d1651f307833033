// A new share from what was typed in. No DOM.

import { dayEnd } from "./day";

/** `what` is a group or a model with a word before it; an empty day is none. */
export function newShareBody({ agency = "", to = "", what = "", position = "", until = "" }: Record<string, string>): unknown {
  const [kind = "", ...id] = what.split(":");
  return { agency, to, [kind]: id.join(":"), position, ...(until === "" ? {} : { until: dayEnd(until) }) };
}
