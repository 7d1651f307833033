// A check in a real browser against a mock of its own.

import { startMock } from "./mock.mjs";

/** Every request may be refused. */
export const ANY = /./;
/** A folder for pictures, for a look by hand. */
export const SHOTS = process.env.MADANG_SHOTS;

/** `set` puts the mock into another mode. */
export async function withMock(options, check) {
  const mock = await startMock(options);
  try {
    await check(mock, (mode) => fetch(`${mock.url}/__mock/${mode}`));
  } finally {
    await mock.close();
  }
}
