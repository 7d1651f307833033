// The installers' page in a real browser against the mock: a bad network, codes
// that do nothing, small phones.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { openBrowser, openPage } from "./browser-checks.mjs";
import { FIELD_PHONE, enter, fitsHand, install } from "./field-checks.mjs";
import { CODE, USED } from "./mock-claims.mjs";
import { ANY, SHOTS, withMock } from "./mock-run.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

const on = (check) => withMock({ devices: 1 }, check);

const LOOKS = [
  { locale: "ko-KR", colorScheme: "light" },
  { locale: "en-GB", colorScheme: "dark", viewport: { width: 320, height: 640 } },
];
for (const looks of LOOKS) {
  test(`a device is installed: ${looks.locale}`, () =>
    on(async (mock) => {
      const firstData = async () => void (mock.state.firstData = new Date().toISOString());
      let shot;
      const watched = new Proxy(browser, {
        get: (target, name) => (name === "newContext" ? async (options) => watch(await target.newContext(options)) : target[name]),
      });
      function watch(context) {
        context.on("page", (page) => {
          if (!SHOTS) return;
          mkdirSync(SHOTS, { recursive: true });
          shot = (name) => page.screenshot({ path: `${SHOTS}/${looks.locale}-${name}.png` });
        });
        return context;
      }
      await install(watched, mock.url, looks, { code: CODE, id: "lamp-17", firstData, shot: (name) => shot?.(name) });
      const [sent] = mock.state.claims;
      assert.deepEqual({ ...sent, password: sent.password.length }, { id: "lamp-17", location: { lat: 37.5664, lon: 126.97797 }, note: "17번 전주 북쪽", password: 43 });
    }));
}

test("a code is checked while it is typed in, and by the platform", () =>
  on(async (mock) => {
    const { page, done } = await openPage(browser, mock.url, { ...FIELD_PHONE, locale: "en-GB" }, ANY);
    await page.goto(`${mock.url}/field`);
    await page.fill("#code-text", "2222-2222-2223");
    await page.tap("#next");
    await page.waitForFunction(() => document.querySelector("#fault").textContent.includes("typing error"));
    assert.equal(mock.state.requests.includes("POST /v1/claims/read"), false, "nothing is asked for that");
    await fitsHand(page, "the code");
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/en-code.png` });
    await page.fill("#code-text", USED);
    await page.tap("#next");
    await page.waitForFunction(() => document.querySelector("#fault").textContent.includes("another device"));
    assert.equal(await page.isVisible("#code"), true);
    await page.fill("#code-text", CODE.toLowerCase().replaceAll("-", " "));
    await page.tap("#next");
    await page.waitForSelector("#device:not([hidden])");
    await done();
  }));

test("the page opens again without a network", () =>
  on(async (mock) => {
    const { page, done } = await openPage(browser, mock.url, { ...FIELD_PHONE, locale: "en-GB" }, ANY);
    await page.goto(`${mock.url}/field#${CODE}`);
    await page.waitForSelector("#device:not([hidden])");
    await page.fill("#device-id", "lamp-17");
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
      while ((await caches.match("/assets/map.json")) === undefined) await new Promise((later) => setTimeout(later, 50));
    });
    await page.context().setOffline(true);
    await page.reload();
    await page.waitForSelector("#device:not([hidden])");
    assert.equal(await page.inputValue("#device-id"), "lamp-17");
    assert.equal(await page.isVisible("#offline"), true);
    await page.context().setOffline(false);
    await page.waitForSelector("#offline", { state: "hidden" });
    await done();
  }));

/** A camera's picture, larger than the platform takes. */
async function camera(page, turn) {
  const text = await page.evaluate(async (turn) => {
    const canvas = new OffscreenCanvas(2000, 1500);
    const context = canvas.getContext("2d");
    for (let i = 0; i < 4_000; i++) {
      context.fillStyle = `hsl(${(i * 47 + turn) % 360} 80% 50%)`;
      context.fillRect((i * 997) % 2000, (i * 613) % 1500, 60, 40);
    }
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 })).arrayBuffer());
    return btoa(bytes.reduce((letters, byte) => letters + String.fromCharCode(byte), ""));
  }, turn);
  return { name: "IMG_0001.jpg", mimeType: "image/jpeg", buffer: Buffer.from(text, "base64") };
}

test("photos are made small, kept without a network, and sent once the device is in service", () =>
  on(async (mock, set) => {
    const { page, faults, done } = await openPage(browser, mock.url, { ...FIELD_PHONE, locale: "ko-KR" }, ANY);
    await page.goto(`${mock.url}/field#${CODE}`);
    await enter(page, { id: "lamp-17", password: true });
    const file = await camera(page, 0);
    await page.setInputFiles("#photo", file);
    await page.waitForSelector("#photos canvas");
    await page.setInputFiles("#photo", await camera(page, 90));
    await page.waitForFunction(() => document.querySelectorAll("#photos canvas").length === 2);
    await page.tap("#photos li:nth-child(2) button");
    await page.setInputFiles("#photo", { name: "note.txt", mimeType: "image/png", buffer: Buffer.from("no picture") });
    await page.waitForFunction(() => document.querySelector("#fault").textContent !== "");
    await fitsHand(page, "a photo");
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/ko-photo.png` });
    await set("down");
    await page.tap("#next");
    await page.waitForSelector('#progress[data-state="sending"]');
    await page.reload();
    await page.waitForSelector('#progress[data-state="sending"]');
    assert.deepEqual(mock.state.photos.sent, []);
    // A network that lets through what is short alone, and one that answers itself.
    await page.route("**/v1/claims/photos", (route) => route.abort());
    await set("normal");
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await page.waitForSelector('#progress[data-state="waiting"]');
    await page.waitForFunction(() => document.querySelector("#photo-state").textContent !== "");
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/ko-photo-waiting.png` });
    await page.unroute("**/v1/claims/photos");
    await page.route("**/v1/claims/photos", (route) => route.fulfill({ status: 403, contentType: "text/html", body: "Log in to this network" }));
    const refused = page.waitForResponse((response) => response.url().endsWith("/v1/claims/photos"));
    await page.reload();
    assert.equal((await refused).status(), 403);
    await page.unroute("**/v1/claims/photos");
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await page.waitForFunction(() => document.querySelector("#progress").dataset.state === "waiting" && localStorage.getItem("madang.field.photos") === null);
    assert.equal(await page.textContent("#photo-state"), "");
    const [{ receipt, jpeg }, ...more] = mock.state.photos.sent;
    assert.deepEqual([receipt, more], ["claim-1.receipt", []]);
    assert.ok(jpeg.length < 512 * 1024 && jpeg.length < file.buffer.length / 2, `${jpeg.length} of ${file.buffer.length} bytes`);
    assert.equal(jpeg.subarray(0, 2).toString("hex"), "ffd8");
    assert.deepEqual(faults, []);
    await done();
  }));

test("what was entered outlives a lost network and a reload, and is sent once", () =>
  on(async (mock, set) => {
    const { page, done } = await openPage(browser, mock.url, { ...FIELD_PHONE, locale: "ko-KR" }, ANY);
    await page.goto(`${mock.url}/field#${CODE}`);
    await enter(page, { id: "lamp-17", password: true });
    await set("down");
    await page.tap("#next");
    await page.waitForSelector('#progress[data-state="sending"]');
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/ko-sending.png` });
    await page.reload();
    await page.waitForSelector('#progress[data-state="sending"]');
    assert.deepEqual(mock.state.claims, []);
    await set("normal");
    await page.waitForSelector('#progress[data-state="waiting"]');
    assert.equal(mock.state.claims.length, 1);
    const password = await page.textContent("#password");
    assert.equal(mock.state.claims[0].password, password);
    mock.state.firstData = new Date().toISOString();
    await page.waitForSelector('#progress[data-state="seen"]');
    await page.reload();
    assert.equal(await page.textContent("#password"), password, "shown until it is done with");
    assert.equal(mock.state.claims.length, 1);
    await done();
  }));
