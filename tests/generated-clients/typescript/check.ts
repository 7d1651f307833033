// What every client has to find: the same of all.

type Value = number | boolean | string | null;

export const device = process.env["MADANG_DEVICE"] as string;
export const url = process.env["MADANG_URL"] as string;
export const key = process.env["MADANG_KEY"] as string;
export const token = process.env["MADANG_TOKEN"] as string;
export const basic = `Basic ${btoa(`${device}:${process.env["MADANG_PASSWORD"]}`)}`;
/** A reading that the device sends, in an array. */
export const readings = [{ t: "2025-01-01T00:00:00Z", v: { speed: 50.5, note: "wet" } }];

export function check(holds: boolean, what: unknown): asserts holds {
  if (!holds) throw new Error(JSON.stringify(what));
}

interface Item {
  id: number;
  field: string;
  value: Value;
}

/** The number of the datastream of speeds. */
export function checkLatest(items: Item[], reader: string): number {
  const values = Object.fromEntries(items.map((item) => [item.field, item.value]));
  check(values["speed"] === 43.5 && values["note"] === "dry" && values["open"] === true, values);
  check(values["occupancy"] === null, values);
  console.log(`read by ${reader}:`, JSON.stringify(values));
  const speed = items.find((item) => item.field === "speed");
  check(speed !== undefined, items);
  return speed.id;
}
