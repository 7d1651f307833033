// A new sensor and a new calibration from what was typed in. No DOM.

import { dayBegin, dayEnd } from "./day";

type Values = Record<string, string>;

const filled = (values: Values): Values => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));

/** Each datastream that it measures is an input of its own. */
export function newSensorBody({ installed_at = "", ...values }: Values): unknown {
  const datastreams = Object.keys(values).flatMap((name) => (name.startsWith("datastream.") ? [Number(name.slice("datastream.".length))] : []));
  const texts = Object.fromEntries(Object.entries(values).filter(([name]) => !name.startsWith("datastream.")));
  return { ...filled({ ...texts, installed_at: dayBegin(installed_at) }), datastreams };
}

export function newCalibrationBody({ at = "", valid_until = "", ...texts }: Values): unknown {
  return filled({ ...texts, at: dayBegin(at), valid_until: dayEnd(valid_until) });
}
