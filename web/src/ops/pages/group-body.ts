// A new group from what was typed in. No DOM.

/** A query's parts that are left empty are not asked for. */
export function newGroupBody({ id = "", agency = "", name = "", by, devices = "", bbox = "", ...parts }: Record<string, string>): unknown {
  if (by === "list") return { id, agency, name, devices: devices.split(/[\s,]+/).filter((one) => one !== "") };
  const asked = Object.entries(parts).filter(([, value]) => value !== "");
  const box = bbox === "" ? {} : { bbox: bbox.split(",").map(Number) };
  return { id, agency, name, query: { ...Object.fromEntries(asked), ...box } };
}
