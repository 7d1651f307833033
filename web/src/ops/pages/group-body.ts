// A group from what was typed in. No DOM.

type Values = Record<string, string>;

export function newGroupBody({ id = "", agency = "", name = "", ...members }: Values): unknown {
  return { id, agency, name, ...membersBody(members) };
}

/** Which devices are in it is only said where that has changed. */
export function changedGroupBody({ name: _, ...before }: Values, { name = "", ...members }: Values): unknown {
  const same = JSON.stringify(membersBody(before)) === JSON.stringify(membersBody(members));
  return { name, ...(same ? {} : membersBody(members)) };
}

/** A query's parts that are left empty are not asked for. */
function membersBody({ by, devices = "", bbox = "", ...parts }: Values): { devices: string[] } | { query: unknown } {
  if (by === "list") return { devices: devices.split(/[\s,]+/).filter((one) => one !== "") };
  const asked = Object.entries(parts).filter(([, value]) => value !== "");
  const box = bbox === "" ? {} : { bbox: bbox.split(",").map(Number) };
  return { query: { ...Object.fromEntries(asked), ...box } };
}
