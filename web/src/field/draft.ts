// What an installer has entered: kept on the phone until it is sent and done
// with, through reloads and a lost network.

import type { Place, Titles } from "../shapes";

const STORED = "madang.field";
const PASSWORD_BYTES = 32;

export const STEPS = ["code", "device", "place", "check", "sent"] as const;
export type Step = (typeof STEPS)[number];

/** `POST /v1/claims/read`. */
export interface OpenClaim {
  agency: string;
  model: string;
  title: Titles | null;
  device: string | null;
  note: string;
}

/** `POST /v1/claims/redeem`. */
export interface Claimed {
  device: string;
  telemetry: string;
  receipt: string;
}

export interface Draft {
  step: Step;
  code: string;
  /** Null until the platform could be asked. */
  claim: OpenClaim | null;
  id: string;
  proof: "key" | "password";
  key: string;
  /** Made here, so that the same one is sent again after a lost answer. */
  password: string;
  place: Place | null;
  note: string;
  /** To be sent as soon as there is a network. */
  sending: boolean;
  claimed: Claimed | null;
}

export const empty = (): Draft => ({ step: "code", code: "", claim: null, id: "", proof: "key", key: "", password: newPassword(), place: null, note: "", sending: false, claimed: null });

function newPassword(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(PASSWORD_BYTES));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

export function load(): Draft {
  try {
    const stored = localStorage.getItem(STORED);
    return stored === null ? empty() : { ...empty(), ...(JSON.parse(stored) as Partial<Draft>) };
  } catch {
    return empty();
  }
}

/** Whether it is kept: a browser may forbid storage. */
export function save(draft: Draft): boolean {
  try {
    localStorage.setItem(STORED, JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

/** With the password, once it is in the device. */
export function forget(): void {
  try {
    localStorage.removeItem(STORED);
  } catch {
    // Storage is forbidden here: nothing was kept.
  }
}

export function redemption(draft: Draft): unknown {
  const { code, id, place, note, proof } = draft;
  return {
    code,
    device: {
      ...(id === "" ? {} : { id }),
      ...(place === null ? {} : { location: place }),
      ...(note.trim() === "" ? {} : { note: note.trim() }),
      ...(proof === "key" ? { keys: [{ public_key: draft.key.trim() }] } : { password: draft.password }),
    },
  };
}
