// A platform that serves invented values says so at the top of every page.

import { get } from "./api";
import { byId } from "./dom";
import type { Platform } from "./shapes";

const RETRY_MS = 5_000;

let platform: Promise<Platform> | null = null;

/** Asked once; a fault is asked again by the next caller. */
export function readPlatform(): Promise<Platform> {
  platform ??= get<Platform>("/v1/platform").catch((error: unknown) => {
    platform = null;
    throw error;
  });
  return platform;
}

/** Tries until it is known: nobody shall take invented values for real ones. */
export async function tellIfSimulated(): Promise<boolean> {
  for (;;) {
    try {
      const { simulated } = await readPlatform();
      byId("simulated").hidden = simulated !== true;
      if (simulated === true) document.body.dataset["simulated"] = "true";
      return simulated === true;
    } catch {
      await new Promise((later) => setTimeout(later, RETRY_MS));
    }
  }
}
