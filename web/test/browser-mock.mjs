// The pages in a real browser against the mock: what must always hold, and the
// states that a healthy platform does not show.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ENGLISH_PHONE, KOREAN, changes, invited, noSideways, openBrowser, openPage, operations, operatorsPages, portal, reference } from "./browser-checks.mjs";
import { ANY, withMock } from "./mock-run.mjs";
import { INVITATION, PERSON, TOKEN } from "./mock.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

for (const looks of [KOREAN, ENGLISH_PHONE]) {
  const name = `${looks.locale}, ${looks.viewport.width} px`;
  test(`portal: ${name}`, () => withMock({}, (mock) => portal(browser, mock.url, looks, { issue: true })));
  test(`dashboard: ${name}`, () => withMock({}, (mock) => operations(browser, mock.url, looks, TOKEN)));
  test(`operators' pages: ${name}`, () => withMock({}, (mock) => operatorsPages(browser, mock.url, looks, TOKEN)));
  test(`invitation and login: ${name}`, () => withMock({}, (mock) => invited(browser, mock.url, looks, INVITATION, PERSON)));
  test(`reference: ${name}`, () => withMock({}, (mock) => reference(browser, mock.url, looks)));

  test(`a simulated platform says so on every page: ${name}`, () =>
    withMock({ simulated: true }, async (mock) => {
      await portal(browser, mock.url, looks, { issue: false });
      await operations(browser, mock.url, looks, TOKEN);
      await reference(browser, mock.url, looks);
    }));

  test(`empty platform: ${name}`, () =>
    withMock({}, async (mock, set) => {
      await set("empty");
      const { page, faults, done } = await openPage(browser, mock.url, looks);
      await page.goto(`${mock.url}/`);
      await page.waitForSelector("#catalogue .empty");
      await page.waitForSelector("#sample .empty");
      await noSideways(page, "the empty portal");
      await page.goto(`${mock.url}/ops#token=${TOKEN}`);
      await page.waitForSelector('#link[data-state="connected"]');
      await page.waitForFunction(() => /No device is registered|등록된 장치가 없습니다/.test(document.querySelector(".list-canvas")?.dataset.empty ?? ""));
      assert.equal(await page.isVisible(".map-note"), true);
      await page.evaluate(() => document.querySelector("#tab-attention").click());
      await page.waitForFunction(() => /No device is registered|등록된 장치가 없습니다/.test(document.querySelector("#panel").textContent));
      await noSideways(page, "the empty dashboard");
      assert.deepEqual(faults, []);
      await done();
    }));
}

test("a broken platform is told, and the page recovers by itself", () =>
  withMock({}, async (mock, set) => {
    const { page, faults, done } = await openPage(browser, mock.url, KOREAN, ANY);
    await set("broken");
    await page.goto(`${mock.url}/`);
    await page.waitForSelector("#sample .fault");
    assert.match(await page.textContent("#catalogue .fault"), /500.*req-1/);
    await page.goto(`${mock.url}/ops#token=${TOKEN}`);
    await page.waitForSelector("#banner:not([hidden])");
    assert.equal(await page.getAttribute("#link", "data-state"), "disconnected");
    await set("normal");
    await page.waitForSelector('#link[data-state="connected"]');
    await page.waitForSelector(".row");
    await page.waitForSelector("#banner", { state: "hidden" });
    assert.deepEqual(faults, []);
    await done();
  }));

test("a river that rises fast is no calm", () =>
  withMock({}, async (mock) => {
    const { page, faults, done } = await openPage(browser, mock.url, KOREAN);
    await page.goto(`${mock.url}/ops#token=${TOKEN}`);
    await page.waitForSelector('#link[data-state="connected"]');
    await page.click("#tab-attention");
    await page.waitForSelector('#panel [data-pick="water-level-0001"] .why');
    assert.match(await page.textContent('#panel [data-pick="water-level-0001"] .why'), /상승/);
    assert.notEqual((await page.textContent("#counts .alert b")).trim(), "0");
    // The list has it among the first.
    await page.waitForSelector('.row.concern[data-id="water-level-0001"]');
    assert.deepEqual(faults, []);
    await done();
  }));

test("a cut stream is told, and goes on where it ended", () =>
  withMock({}, async (mock, set) => {
    const { page, faults, done } = await openPage(browser, mock.url, KOREAN, ANY);
    await page.goto(`${mock.url}/ops#token=${TOKEN}`);
    await page.waitForSelector('#link[data-state="connected"]');
    await changes(page, "#panel .frames");
    await set("cut");
    await page.waitForSelector('#link[data-state="reconnecting"]');
    await page.waitForSelector('#link[data-state="disconnected"]');
    const reached = mock.state.offset;
    await set("normal");
    await page.waitForSelector('#link[data-state="connected"]');
    assert.ok(Number(mock.state.resumed.at(-1)) > 5_000 && Number(mock.state.resumed.at(-1)) <= reached + 1, `resumed at ${mock.state.resumed.at(-1)} of ${reached}`);
    await changes(page, "#panel .frames");
    assert.deepEqual(faults, []);
    await done();
  }));

test("a session that has ended leads back to the login", () =>
  withMock({}, async (mock, set) => {
    const { page, done } = await openPage(browser, mock.url, KOREAN, ANY);
    await page.goto(`${mock.url}/ops#token=${TOKEN}`);
    await page.waitForSelector('#link[data-state="connected"]');
    mock.state.sessions.clear();
    await set("cut");
    await page.waitForSelector("#login-name");
    assert.notEqual((await page.textContent("#login-form .fault")).trim(), "");
    await done();
  }));

test("an import registers the good rows, and a refused page says which role would do", () =>
  withMock({}, async (mock) => {
    const { page, done } = await openPage(browser, mock.url, KOREAN, ANY);
    mock.state.refusesAudit = true;
    await page.goto(`${mock.url}/ops#token=${TOKEN}`);
    await page.waitForSelector('#link[data-state="connected"]');
    await page.goto(`${mock.url}/ops#/audit`);
    await page.waitForSelector("#page .fault");
    assert.match(await page.textContent("#page .fault"), /auditor/);
    await page.click('#pages a[href="#/import"]');
    await page.setInputFiles('[name="file"]', { name: "devices.csv", mimeType: "text/csv", buffer: Buffer.from("id,agency,model\nnew-1,seoul,traffic.flow\nnew-2,nowhere,traffic.flow\n") });
    await page.selectOption('[name="mode"]', "good");
    await page.click(".import-form .primary");
    await page.click(".actions button:not(.primary):enabled");
    await page.waitForFunction(() => document.querySelector(".import-result h2")?.textContent === "등록했습니다");
    await done();
  }));

test("a person is added, invited and disabled", () =>
  withMock({}, async (mock) => {
    const { page, faults, done } = await openPage(browser, mock.url, KOREAN);
    await page.goto(`${mock.url}/ops#token=${TOKEN}`);
    await page.waitForSelector('#link[data-state="connected"]');
    await page.click('#pages a[href="#/people"]');
    await page.fill('[name="id"]', "lee");
    await page.fill('[name="name"]', "이서연");
    await page.selectOption('[name="agency"]', "busan");
    await page.selectOption('[name="role"]', "viewer");
    await page.click("#page form .primary");
    const lee = page.locator(".records tbody tr", { hasText: "이서연" });
    await lee.getByText("조회자 (부산광역시)").waitFor();
    await lee.getByRole("button", { name: "초대" }).click();
    await page.locator("#page pre", { hasText: "/ops#invitation=" }).waitFor();
    await lee.getByRole("button", { name: "사용 중지하기" }).click();
    await lee.getByRole("button", { name: "다시 사용하기" }).waitFor();
    assert.deepEqual(faults, []);
    await done();
  }));

test("a claim's code is shown once, on paper alone, and the claim is revoked", () =>
  withMock({}, async (mock) => {
    const { page, faults, done } = await openPage(browser, mock.url, ENGLISH_PHONE);
    await page.goto(`${mock.url}/ops#token=${TOKEN}`);
    await page.waitForSelector('#link[data-state="connected"]');
    await page.click('#pages a[href="#/claims"]');
    await page.selectOption('[name="agency"]', "busan");
    await page.selectOption('[name="model"]', "traffic.flow");
    await page.fill('[name="note"]', "Pier 3");
    await page.click("#page form .primary");
    await page.locator(".issued pre", { hasText: "7KQ4-WM2X-9CRT" }).waitFor();
    assert.ok((await page.locator(".issued .qr svg").boundingBox()).width > 100, "the QR code is drawn");
    await noSideways(page, "a claim's code");
    await page.click("#language");
    await page.getByRole("button", { name: "인쇄" }).waitFor();
    await page.emulateMedia({ media: "print" });
    assert.deepEqual(await Promise.all([".issued pre", "#page form", ".bar", ".records"].map((part) => page.isVisible(part))), [true, false, false, false]);
    await page.emulateMedia({ media: "screen" });
    const pier = page.locator(".records tbody tr", { hasText: "Pier 3" });
    await pier.getByRole("button", { name: "폐기" }).click();
    await pier.getByText("폐기됨").waitFor();
    assert.equal(await page.locator(".issued").count(), 0);
    assert.deepEqual(faults, []);
    await done();
  }));

test("a batch's credential is shown once, and the batch is ended", () =>
  withMock({}, async (mock) => {
    const { page, faults, done } = await openPage(browser, mock.url, ENGLISH_PHONE);
    page.on("dialog", (dialog) => void dialog.accept());
    await page.goto(`${mock.url}/ops#token=${TOKEN}`);
    await page.waitForSelector('#link[data-state="connected"]');
    await page.click('#pages a[href="#/batches"]');
    await page.selectOption('[name="agency"]', "busan");
    await page.selectOption('[name="model"]', "traffic.flow");
    await page.fill('[name="name"]', "Lot 13");
    await page.fill('[name="devices"]', "20");
    await page.fill('[name="expires"]', "2028-02-29");
    await page.click("#page form .primary");
    await page.locator(".issued pre", { hasText: "mdb_" }).waitFor();
    await noSideways(page, "a batch's credential");
    const lot = page.locator(".records tbody tr", { hasText: "Lot 13" });
    await lot.getByText("0 of 20").waitFor();
    await lot.getByRole("button", { name: "End" }).click();
    await lot.getByText("ended on 2028-02-29").waitFor();
    assert.deepEqual(faults, []);
    await done();
  }));

test("groups are made by a list and by a query, show their devices and filter the list, and are deleted", () =>
  withMock({}, async (mock) => {
    const { page, faults, done } = await openPage(browser, mock.url, ENGLISH_PHONE, /\/v1\/(session|groups)$/);
    page.on("dialog", (dialog) => void dialog.accept());
    await page.goto(`${mock.url}/ops#token=${TOKEN}`);
    await page.waitForSelector('#link[data-state="connected"]');
    await page.click('#pages a[href="#/groups"]');
    await page.locator(".records td", { hasText: "Boundary: Jongno-gu" }).waitFor();
    await page.selectOption('[name="agency"]', "seoul");
    await page.fill('[name="id"]', "two");
    await page.fill('[name="name"]', "Two gauges");
    await page.fill('[name="devices"]', "water-level-0001, no-such-device");
    await page.click("#page form .primary");
    await page.locator("#page .fault", { hasText: "no-such-device" }).waitFor();
    await page.fill('[name="devices"]', "water-level-0001\nrain-0002");
    await page.click("#page form .primary");
    const two = page.locator(".records tbody tr", { hasText: "Two gauges" });
    await two.getByText("2 listed").waitFor();
    await page.selectOption('[name="agency"]', "busan");
    await page.selectOption('[name="by"]', "query");
    assert.equal(await page.isVisible('[name="devices"]'), false);
    await noSideways(page, "a group by a query");
    await page.fill('[name="id"]', "busan-flow");
    await page.fill('[name="name"]', "Busan flow");
    await page.selectOption('[name="model"]', "traffic.flow");
    await page.fill('[name="bbox"]', "128.9, 35, 129.3, 35.3");
    await page.click("#page form .primary");
    await page.locator(".records tbody tr", { hasText: "Data model: Traffic flow · Box: 128.9, 35, 129.3, 35.3" }).waitFor();
    await two.locator(".device-link").click();
    await page.waitForURL("**/ops#/groups?id=two");
    await page.locator('#page .device-link[href="#/map?device=rain-0002"]').waitFor();
    assert.equal(await page.locator(".records tbody tr").count(), 2);
    await noSideways(page, "a group's devices");
    await page.goto(`${mock.url}/ops#/devices`);
    await page.selectOption('[name="group"]', "two");
    await page.click(".page-filters [type=submit]");
    await page.waitForURL("**/ops#/devices?group=two");
    await page.waitForFunction(() => document.querySelectorAll(".records tbody tr").length === 2);
    await page.click('#pages a[href="#/groups"]');
    await two.getByRole("button", { name: "Delete" }).click();
    await two.waitFor({ state: "detached" });
    assert.deepEqual(faults, []);
    await done();
  }));

test("a service token is shown once and removed; an agency is added and keeps its data for so long", () =>
  withMock({}, async (mock) => {
    const { page, faults, done } = await openPage(browser, mock.url, ENGLISH_PHONE);
    page.on("dialog", (dialog) => void dialog.accept());
    await page.goto(`${mock.url}/ops#token=${TOKEN}`);
    await page.waitForSelector('#link[data-state="connected"]');
    await page.click('#pages a[href="#/tokens"]');
    await page.fill('[name="name"]', "Control room");
    await page.selectOption('[name="agency"]', "busan");
    await page.selectOption('[name="role"]', "viewer");
    await page.fill('[name="until"]', "2029-12-31");
    await page.click("#page form .primary");
    await page.locator(".issued pre", { hasText: "mdt_" }).waitFor();
    await noSideways(page, "a token");
    const row = page.locator(".records tbody tr", { hasText: "Control room" });
    await row.getByText("2029-12-31 23:59:59").waitFor();
    await row.getByRole("button", { name: "Remove" }).click();
    await row.waitFor({ state: "detached" });
    await page.click('#pages a[href="#/agencies"]');
    await page.fill('[name="id"]', "daegu");
    await page.fill('[name="name"]', "Daegu");
    await page.click("#page form:not(.retention) .primary");
    const daegu = page.locator(".records tbody tr", { hasText: "daegu" });
    await daegu.getByText("as the models say").waitFor();
    await page.selectOption('[name="agency"]', "daegu");
    await page.selectOption('[name="model"]', "traffic.flow");
    await page.fill('[name="days"]', "30");
    await page.click(".retention .primary");
    await daegu.getByText("30 days").waitFor();
    assert.deepEqual(faults, []);
    await done();
  }));

test("a full quota tells when to come back", () =>
  withMock({}, async (mock) => {
    const { page, done } = await openPage(browser, mock.url, KOREAN, ANY);
    await page.goto(`${mock.url}/`);
    await page.fill("#apply-name", "quota");
    await page.fill("#apply-contact", "dev@example.kr");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector("#apply-status").textContent.includes("30"));
    await done();
  }));

test("the reference sends a request and shows a stream's first events", () =>
  withMock({}, async (mock) => {
    const { page, faults, done } = await openPage(browser, mock.url, KOREAN);
    await page.goto(`${mock.url}/docs#get-v1-stream`);
    const stream = page.locator("#get-v1-stream");
    await stream.locator(".try summary").click();
    await stream.locator("button.primary").click();
    await stream.locator("pre", { hasText: "data: {" }).waitFor();
    assert.deepEqual(faults, []);
    await done();
  }));

test("ten thousand devices stay smooth", () =>
  withMock({ devices: 10_000, rate: 200 }, async (mock) => {
    const { page, faults, done } = await openPage(browser, mock.url, KOREAN);
    await page.goto(`${mock.url}/ops#token=${TOKEN}`);
    await page.waitForSelector('#link[data-state="connected"]');
    await page.waitForSelector(".row");
    assert.ok((await page.$$(".row")).length < 60, "only the rows in sight exist");
    await page.focus("#map canvas");
    const slowest = await page.evaluate(async () => {
      const canvas = document.querySelector("#map canvas");
      let worst = 0;
      for (let i = 0; i < 20; i++) {
        const begun = performance.now();
        canvas.dispatchEvent(new KeyboardEvent("keydown", { key: i % 2 ? "+" : "-", bubbles: true }));
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        worst = Math.max(worst, performance.now() - begun);
      }
      return worst;
    });
    assert.ok(slowest < 1_500, `a step of zoom took ${Math.round(slowest)} ms`);
    assert.deepEqual(faults, []);
    await done();
  }));
