// The installers' page at phone size, against any platform.

import assert from "node:assert/strict";
import { noSideways, openPage } from "./browser-checks.mjs";

/** A person who has never seen the page takes no longer. */
const AT_MOST_MS = 120_000;
const PLACE = { latitude: 37.5664, longitude: 126.97797 };
export const FIELD_PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, geolocation: PLACE, permissions: ["geolocation"] };

/** What a finger needs, in CSS pixels. */
const FINGER = 44;

export async function fitsHand(page, what) {
  await noSideways(page, what);
  const small = await page.$$eval("main button, .actions button, main input:not([type=radio]), .choice", (all) =>
    all.filter((one) => one.getClientRects().length > 0 && one.getBoundingClientRect().height < 44).map((one) => one.id || one.textContent));
  assert.deepEqual(small, [], `${what}: every target has ${FINGER} pixels`);
  const next = await page.locator("#next").boundingBox();
  if (next) assert.ok(next.y > page.viewportSize().height / 2, `${what}: the way on is at the thumb`);
}

/** Enters everything up to the last look; `shot` is called on each screen. */
export async function enter(page, { id, password, shot = async () => undefined }) {
  await page.waitForSelector("#device:not([hidden])");
  await shot("device");
  await fitsHand(page, "the device");
  await page.tap("#next");
  await page.waitForSelector("#device-id[aria-invalid]");
  await page.fill("#device-id", id);
  if (password) await page.tap('.choice:has([value="password"])');
  else await page.fill("#device-key", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
  await page.tap("#next");
  await page.waitForSelector("#place:not([hidden])");
  await page.tap("#locate");
  await page.waitForFunction((lat) => document.querySelector("#lat").value.startsWith(lat), String(PLACE.latitude));
  await shot("place");
  await fitsHand(page, "the place");
  await page.tap("#next");
  await page.waitForSelector("#check:not([hidden])");
  await page.fill("#note", "17번 전주 북쪽");
  await shot("check");
  await fitsHand(page, "the last look");
  assert.match(await page.textContent("#summary"), new RegExp(id));
}

/** From the link to the first data. `code` is a fresh claim's, `firstData` sends
 * with the password that the page shows. Answers how long it took. */
export async function install(browser, base, looks, { code, id, firstData, shot = async () => undefined }) {
  const { page, faults, done } = await openPage(browser, base, { ...FIELD_PHONE, ...looks });
  const begun = performance.now();
  await page.goto(`${base}/field#${code}`);
  await page.waitForSelector("#device:not([hidden])");
  assert.equal(page.url(), `${base}/field`, "the code is gone from the address bar");
  assert.ok((await page.textContent("#claim")).length > 0, "what the claim is for is told");
  await enter(page, { id, password: true, shot });
  await page.tap("#next");
  await page.waitForSelector('#progress[data-state="waiting"]');
  await shot("waiting");
  await fitsHand(page, "the waiting");
  await firstData(await page.textContent("#password"));
  await page.waitForSelector('#progress[data-state="seen"]');
  await shot("seen");
  const took = performance.now() - begun;
  assert.ok(took < AT_MOST_MS, `it took ${Math.round(took)} ms`);
  await page.tap("#next");
  await page.waitForSelector("#code:not([hidden])");
  assert.equal(await page.evaluate(() => localStorage.getItem("madang.field")?.includes("lamp") ?? false), false, "nothing of it is left");
  assert.deepEqual(faults, []);
  await done();
  return took;
}
