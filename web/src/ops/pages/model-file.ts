// A data model as the file that it is added by. No DOM.

import type { Model } from "../../shapes";

/** Every model has them, and no file says them. */
const COMMON: readonly string[] = ["battery", "rssi", "snr", "firmware"];

/** Of a model that stands, under its own id or another one; what it does not say
 * is left out. */
export function modelFile({ title, purpose, owner, licence, expected_interval_s, retention_days, fields }: Model, id: string): string {
  const own = fields.filter((field) => !COMMON.includes(field.name));
  return JSON.stringify({ id, title, purpose, owner, licence, expected_interval_s, retention_days, fields: own }, (_, value: unknown) => (value === null || (Array.isArray(value) && value.length === 0) ? undefined : value), 2);
}

/** What a model of an agency's own is called that comes from another one. */
export const ownId = (model: string, agency: string): string => `${model.split("~")[0]}~${agency}`;
