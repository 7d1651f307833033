// What must hold for the pages in a real browser, against any platform: the
// mock of this folder or a running `madang demo`.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.MADANG_CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
/** Generous: the machine may be busy with a build. */
export const PATIENCE_MS = 30_000;

export const KOREAN = { locale: "ko-KR", viewport: { width: 1440, height: 900 }, colorScheme: "dark" };
export const ENGLISH_PHONE = { locale: "en-GB", viewport: { width: 360, height: 780 }, colorScheme: "light", hasTouch: true, isMobile: true };

export async function openBrowser() {
  if (!existsSync(CHROMIUM)) throw new Error(`no browser at ${CHROMIUM}: install chromium, or set MADANG_CHROMIUM`);
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** A page that notes what must not happen. `allowed`: requests whose refusal
 * belongs to the check, as the browser reports each on its console. */
export async function openPage(browser, base, looks, allowed = /\/v1\/session$/) {
  const context = await browser.newContext({ timezoneId: "Asia/Seoul", ...looks });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const faults = [];
  page.on("pageerror", (error) => faults.push(`page error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !allowed.test(message.location().url)) faults.push(`console: ${message.text()} ${message.location().url}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(`${base}/`) && !request.url().startsWith(`blob:${base}/`) && !request.url().startsWith("data:")) faults.push(`another origin: ${request.url()}`);
  });
  return { page, faults, done: () => context.close() };
}

export async function noSideways(page, what) {
  const [inner, scroll] = await page.evaluate(() => [document.documentElement.clientWidth, document.documentElement.scrollWidth]);
  assert.ok(scroll <= inner, `${what} scrolls sideways: ${scroll} > ${inner}`);
}

/** Waits until the element's text differs from what it is now. */
export async function changes(page, selector) {
  const before = await page.textContent(selector);
  await page.waitForFunction(([query, text]) => document.querySelector(query)?.textContent !== text, [selector, before]);
}

/** Says that values are invented, on every page, where the platform says it. */
async function tellsSimulated(page, base) {
  const { simulated } = await (await fetch(`${base}/v1/platform`)).json();
  if (simulated) await page.waitForSelector("#simulated:not([hidden])");
  assert.equal(await page.isVisible("#simulated"), simulated === true);
  if (simulated) assert.match(await page.textContent("#simulated"), /SIMULATED.*모의|모의.*SIMULATED/);
}

export async function portal(browser, base, looks, { issue }) {
  const { page, faults, done } = await openPage(browser, base, looks);
  const korean = looks.locale.startsWith("ko");
  await page.goto(`${base}/`);
  await page.waitForSelector(".sample-rows li");
  await page.waitForSelector(".catalogue-table tbody tr");
  assert.equal(await page.getAttribute("html", "lang"), korean ? "ko" : "en");
  assert.equal(/[가-힣]/.test(await page.textContent("h1")), korean);
  await page.waitForSelector('#sample-link[data-state="connected"]');
  await changes(page, ".sample-rows");
  await tellsSimulated(page, base);
  await page.waitForSelector("#week:not([hidden]) svg.chart");
  await page.click(".chart-it >> nth=-1");
  await noSideways(page, "the portal");
  if (issue) await issueKey(page, base);
  await noSideways(page, "the portal with a key");
  await page.click("#language");
  assert.equal(/[가-힣]/.test(await page.textContent("h1")), !korean, "the switch changes the language");
  await page.reload();
  await page.waitForSelector(".catalogue-table tbody tr");
  assert.equal(await page.getAttribute("html", "lang"), korean ? "en" : "ko", "the language is remembered");
  assert.deepEqual(faults, []);
  await done();
}

async function issueKey(page, base) {
  await page.click("#apply .primary");
  await page.waitForSelector("#apply-status.fault");
  await page.fill("#apply-name", "Browser check");
  await page.fill("#apply-contact", "dev@example.kr");
  await page.keyboard.press("Enter");
  const key = (await page.textContent('[data-line="key"] code')).trim();
  assert.match(key, /^mdk_\S{20,}$/);
  const curl = await page.textContent('[data-line="curl"] code');
  assert.ok(curl.includes(key) && curl.includes(base), curl);
  const [, address] = /"(http[^"]+)"$/.exec(curl);
  const answer = await fetch(address, { headers: { Authorization: `Bearer ${key}` } });
  assert.equal(answer.status, 200, "the curl line answers");
  assert.ok((await answer.json()).items.length > 0, "the curl line answers with values");
  assert.match(await page.textContent('[data-line="sse"] code'), /\/v1\/stream"$/);
  assert.match(await page.textContent('[data-line="mqtt"] code'), /^mosquitto_sub -h \S+ .*-t "open\/#" -v$/);
}

export async function operations(browser, base, looks, token) {
  const { page, faults, done } = await openPage(browser, base, looks);
  const phone = looks.viewport.width < 900;
  await page.goto(`${base}/ops`);
  await page.waitForSelector("#login-name");
  await noSideways(page, "the login");
  await page.fill("#login-name", "nobody");
  await page.fill("#login-password", "not the password");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("#login-form .fault").textContent !== "");
  await page.click("#login-by-token");
  await page.fill("#login-token", "mdo_wrong");
  await page.click("#token-form .primary");
  await page.waitForFunction(() => document.querySelector("#token-form .fault").textContent !== "");
  await page.goto("about:blank");
  await page.goto(`${base}/ops#token=${token}`);
  await page.waitForSelector('#link[data-state="connected"]');
  assert.equal(page.url(), `${base}/ops`, "the token is gone from the address bar");
  await tellsSimulated(page, base);
  await noSideways(page, "the dashboard's map");
  if (phone) await page.click('#phone-tabs [data-pane="list"]');
  await page.waitForSelector(".row");
  await noSideways(page, "the list");
  if (phone) await page.click('#phone-tabs [data-pane="side"]');
  await page.waitForSelector(".frames li");
  await changes(page, "#panel .frames");
  await noSideways(page, "the live values");
  await mapByKeyboard(page, phone);
  await page.waitForSelector("#panel .facts");
  await page.waitForSelector("#panel .chart-box");
  await page.waitForSelector("#panel .connection h3");
  await page.waitForSelector("#panel .health h3");
  await page.waitForFunction(() => document.querySelectorAll("#panel .log, #panel .empty").length >= 2);
  await noSideways(page, "the device");
  for (const tab of ["attention", "refused"]) {
    await page.click(`#tab-${tab}`);
    await page.waitForSelector(`#panel[data-tab="${tab}"] h3`);
    await noSideways(page, tab);
  }
  await search(page, phone);
  await page.click("#logout");
  await page.waitForSelector("#login-name");
  assert.deepEqual(faults, []);
  await done();
}

/** The operators' pages beside the map. An import is only tried. */
export async function operatorsPages(browser, base, looks, token) {
  const { page, faults, done } = await openPage(browser, base, looks);
  const korean = looks.locale.startsWith("ko");
  await page.goto(`${base}/ops#token=${token}`);
  await page.waitForSelector('#link[data-state="connected"]');
  const [device] = await page.evaluate(() => fetch("/v1/devices?limit=1").then((answer) => answer.json().then(({ items }) => items)));

  await page.click('#pages a[href="#/devices"]');
  await page.waitForSelector(".records tbody tr");
  assert.equal(/[가-힣]/.test(await page.textContent("#page h1")), korean);
  await noSideways(page, "the devices");
  await page.selectOption('[name="agency"]', device.agency);
  await page.keyboard.press("Tab");
  await page.click(".page-filters [type=submit]");
  await page.waitForURL(`**/ops#/devices?agency=${device.agency}`);
  await page.reload();
  await page.waitForSelector(".records tbody tr");
  assert.equal(await page.inputValue('[name="agency"]'), device.agency, "the address holds the filter");
  await page.fill('[name="q"]', device.id);
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/ops#/devices?q=${device.id}*`);
  await page.click(`.device-link[href="#/map?device=${device.id}"]`);
  await page.waitForFunction((id) => document.querySelector("#panel .device-head code")?.textContent === id, device.id);

  await page.click('#pages a[href="#/devices"]');
  await page.click('#page a[href="#/register"]');
  await page.waitForSelector("#page .place-map canvas");
  assert.equal(/[가-힣]/.test(await page.textContent("#page h1")), korean);
  await noSideways(page, "the registration");
  await page.fill("#find-text", device.id);
  await page.locator('#find-hits [role="option"]', { hasText: device.id }).first().click();
  await page.waitForURL(`**/ops#/map?device=${device.id}`);

  await healthPage(page, korean);
  await page.click('#pages a[href="#/import"]');
  await tryImport(page, device);
  await page.click('#pages a[href="#/claims"]');
  await page.waitForSelector('#page form [name="note"]');
  assert.equal(/[가-힣]/.test(await page.textContent("#page h1")), korean);
  await noSideways(page, "the claims");
  await page.click('#pages a[href="#/people"]');
  await page.waitForSelector('#page form [name="role"]');
  await noSideways(page, "the people");
  for (const [name, input] of [["groups", "by"], ["batches", "devices"], ["tokens", "until"], ["agencies", "days"], ["shares", "position"]]) {
    await page.click(`#pages a[href="#/${name}"]`);
    await page.waitForSelector(`#page form [name="${input}"]`);
    assert.equal(/[가-힣]/.test(await page.textContent("#page h1")), korean);
    await noSideways(page, name);
  }
  await page.click('#pages a[href="#/models"]');
  await page.click(".model summary");
  await page.waitForSelector(".model[open] .records tbody tr");
  await noSideways(page, "the models");
  await page.click('#pages a[href="#/audit"]');
  await page.waitForSelector(".audit li .difference");
  await noSideways(page, "the audit");
  await page.click("#language");
  await page.waitForFunction((was) => /[가-힣]/.test(document.querySelector("#page h1").textContent) !== was, korean);
  assert.deepEqual(faults, []);
  await done();
}

/** On a platform that has just started no device may have a score yet. */
async function healthPage(page, korean) {
  const drawn = (page) => `${page} .records tbody tr, ${page} .empty:not([role])`;
  await page.click('#pages a[href="#/health"]');
  await page.waitForSelector(drawn("#page:has(.tiles)"));
  assert.equal(/[가-힣]/.test(await page.textContent("#page h1")), korean);
  assert.equal(await page.locator("#page .tiles dd").count(), 4);
  await noSideways(page, "the devices by health");
  await page.selectOption('[name="reason"]', "silent");
  await page.selectOption('[name="below"]', "50");
  await page.click(".page-filters [type=submit]");
  await page.waitForURL("**/ops#/health?reason=silent&below=50");
  await page.waitForSelector(drawn("#page:has(.tiles):has(.clear)"));
  assert.equal(await page.inputValue('[name="reason"]'), "silent", "the address holds the filter");
}

/** A file with a bad row: its fault is shown and can be taken away. */
async function tryImport(page, device) {
  await page.waitForSelector(".import-form");
  const rows = ["id,agency,model", `browser-check-1,${device.agency},${device.model}`, `browser-check-2,no-such-agency,${device.model}`];
  await page.setInputFiles('[name="file"]', { name: "devices.csv", mimeType: "text/csv", buffer: Buffer.from(rows.join("\n")) });
  await page.click(".import-form .primary");
  await page.waitForSelector(".import-result .records tbody tr");
  const cells = await page.$$eval(".import-result .records tbody td", (found) => found.map((cell) => cell.textContent));
  assert.deepEqual(cells.slice(0, 3), ["3", "agency", "browser-check-2"]);
  assert.ok(await page.isDisabled(".actions button:not(.primary)"), "all or none, and one has a fault");
  await noSideways(page, "the import's faults");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(".download")]);
  assert.equal(download.suggestedFilename(), "import-faults.csv");
  await page.selectOption('[name="mode"]', "good");
  assert.ok(await page.isDisabled(".actions button:not(.primary)"), "other terms are checked anew");
  await page.click(".import-form .primary");
  await page.waitForSelector(".actions button:not(.primary):enabled");
}

/** From an invitation to the dashboard, as a person goes. */
export async function invited(browser, base, looks, invitation, person) {
  const { page, faults, done } = await openPage(browser, base, looks, /\/v1\/session$/);
  // Into a tab that shows the login already: only the fragment changes.
  await page.goto(`${base}/ops`);
  await page.waitForSelector("#login-form:not([hidden])");
  await page.goto(`${base}/ops#invitation=${invitation}`);
  await page.waitForSelector("#invitation-qr svg");
  assert.equal(page.url(), `${base}/ops`, "the invitation is gone from the address bar");
  assert.equal(await page.inputValue("#invitation-name"), person.name);
  await noSideways(page, "the invitation");
  const told = (part) => page.waitForFunction((id) => document.querySelector(`#${id} .fault`).textContent !== "", part);
  await page.fill("#invitation-password", person.password);
  await page.fill("#invitation-again", "something else");
  await page.fill("#invitation-code", person.code);
  await page.click("#invitation-form .primary");
  await told("invitation-form");
  await page.fill("#invitation-again", person.password);
  await page.click("#invitation-form .primary");
  await page.waitForSelector("#recovery:not([hidden])");
  assert.equal(await page.locator("#recovery-codes li").count(), 10);
  await noSideways(page, "the recovery codes");
  await page.click("#recovery-done");
  assert.equal(await page.inputValue("#login-name"), person.name, "the name need not be typed again");
  await page.fill("#login-password", person.password);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#code-form:not([hidden])");
  await noSideways(page, "the code");
  await page.fill("#login-code", "000000");
  await page.keyboard.press("Enter");
  await told("code-form");
  await page.fill("#login-code", person.code);
  await page.keyboard.press("Enter");
  await page.waitForSelector('#link[data-state="connected"]');
  assert.deepEqual(faults, []);
  await done();
}

/** The map alone, by keys: in, aside, all, and the nearest device. */
async function mapByKeyboard(page, phone) {
  if (phone) await page.click('#phone-tabs [data-pane="map"]');
  const pixels = () => page.evaluate(() => document.querySelector("#map canvas").toDataURL().length);
  await page.focus("#map canvas");
  assert.ok((await pixels()) > 5_000, "the map is drawn");
  for (let i = 0; i < 30 && (await page.getAttribute("body", "data-pane")) !== "side"; i++) {
    for (const key of ["Enter", "ArrowLeft"]) await page.keyboard.press(key);
    if (await page.$("#panel .facts")) break;
    await page.waitForTimeout(50);
  }
}

async function search(page, phone) {
  if (phone) await page.click('#phone-tabs [data-pane="list"]');
  const first = await page.getAttribute(".row", "data-id");
  await page.fill("#search", first);
  await page.waitForFunction((id) => [...document.querySelectorAll(".row")].every((row) => row.dataset.id.includes(id)), first);
  await page.fill("#search", "nothing is called so");
  await page.waitForSelector('.list-canvas:not([data-empty=""])');
  await page.click("#clear");
  await page.waitForSelector(".row");
  await page.focus("#list");
  await page.keyboard.press("ArrowDown");
  await page.waitForSelector('.row[aria-selected="true"]');
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.querySelector('.row[aria-selected="true"]') === null);
}

export async function reference(browser, base, looks) {
  const { page, faults, done } = await openPage(browser, base, looks);
  const { paths } = await (await fetch(`${base}/openapi.json`)).json();
  await page.goto(`${base}/docs`);
  await page.waitForSelector(".operation");
  const shown = new Set(await page.$$eval(".operation h3 code", (codes) => codes.map((code) => code.textContent)));
  for (const path of Object.keys(paths)) assert.ok(shown.has(path), `${path} is described`);
  await tellsSimulated(page, base);
  await noSideways(page, "the reference");
  assert.deepEqual(faults, []);
  await done();
}
