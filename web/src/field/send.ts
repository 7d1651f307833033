// Sends on a bad network: again and again, later each time, and at once when
// the network is back.

import { ApiError } from "../api";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** An answer of the platform that another try would not change. One without a
 * request id is somebody else's, as of a network that wants a login first. */
export const isFinal = (error: unknown): boolean => error instanceof ApiError && error.requestId !== null && error.status >= 400 && error.status < 500 && error.status !== 429 && error.status !== 408;

/** The first answer that is final; `waiting` is told of each try in vain. */
export async function untilAnswered<T>(ask: () => Promise<T>, waiting: (error: unknown) => void): Promise<T> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(LONGEST_WAIT_MS, wait * 2)) {
    try {
      return await ask();
    } catch (error) {
      if (isFinal(error)) throw error;
      waiting(error);
      const asked = error instanceof ApiError ? (error.retryAfter ?? 0) * 1_000 : 0;
      await pause(Math.max(wait, asked));
    }
  }
}

/** Ends early when the network comes back. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      removeEventListener("online", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    addEventListener("online", end);
  });
}
