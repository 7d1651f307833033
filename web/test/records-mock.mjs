// What operators make and change, in a real browser against the mock.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { ENGLISH_PHONE, KOREAN, noSideways, openBrowser, openPage } from "./browser-checks.mjs";
import { ANY, SHOTS, withMock } from "./mock-run.mjs";
import { TOKEN } from "./mock.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

/** Runs a check in the dashboard of an operator who has just logged in. */
function operating(looks, check, allowed = /\/v1\/session$/) {
  return withMock({}, async (mock) => {
    const { page, faults, done } = await openPage(browser, mock.url, looks, allowed);
    page.on("dialog", (dialog) => void dialog.accept());
    const shot = async (name) => SHOTS && page.screenshot({ path: `${SHOTS}/${looks.locale}-${name}.png` });
    try {
      await page.goto(`${mock.url}/ops#token=${TOKEN}`);
      await page.waitForSelector('#link[data-state="connected"]');
      await check({ page, mock, shot });
      assert.deepEqual(faults, []);
    } finally {
      await done();
    }
  });
}

for (const looks of [KOREAN, ENGLISH_PHONE]) {
  test(`a device is registered with a place, and its password shown once: ${looks.locale}`, () =>
    operating(looks, async ({ page, mock, shot }) => {
      await page.click('#pages a[href="#/devices"]');
      await page.click('#page a[href="#/register"]');
      await page.selectOption('[name="agency"]', "seoul");
      await page.selectOption('[name="model"]', "safety.lamp");
      await page.fill('[name="id"]', "lamp-new");
      await page.fill('[name="name"]', "세종대로 1");
      await page.fill('[name="address"]', "종로구 세종대로 1");
      await page.focus(".place-map canvas");
      await page.keyboard.press("+");
      await page.keyboard.press("ArrowLeft");
      assert.match(await page.inputValue('[name="lat"]'), /^-?\d+\.\d{5}$/, "moving the map chooses its middle");
      await page.fill('[name="lat"]', "95");
      await page.fill('[name="lon"]', "126.97797");
      await page.click("#page form .primary");
      assert.equal(mock.state.registered, undefined, "a place that cannot be is not sent");
      await page.fill('[name="lat"]', "37.5664");
      await shot("register");
      await noSideways(page, "the registration");
      await page.click("#page form .primary");
      await page.locator(".issued pre", { hasText: /^(k7){21}k$/ }).waitFor();
      assert.deepEqual(mock.state.registered, [{ id: "lamp-new", agency: "seoul", model: "safety.lamp", name: "세종대로 1", address: "종로구 세종대로 1", location: { lat: 37.5664, lon: 126.97797 } }]);
      await shot("registered");
      await noSideways(page, "the registered device");
      assert.equal(await page.inputValue('[name="id"]'), "", "the form is ready for the next one");
      await page.click("#language");
      assert.equal(await page.locator(".issued pre").count(), 1, "the language does not lose the password");
      await page.click('#page .issued a[href="#/map?device=lamp-new"]');
      await page.waitForURL("**/ops#/map?device=lamp-new");
      await page.click('#pages a[href="#/devices"]');
      assert.equal(await page.locator(".issued").count(), 0);
    }));
}

test("a late answer to a page that was left does not reach the one that is shown", () =>
  operating(ENGLISH_PHONE, async ({ page }) => {
    const held = [];
    await page.route(/\/v1\/devices\?limit=/, async (route) => {
      await new Promise((release) => held.push(release));
      await route.continue();
    });
    await page.click('#pages a[href="#/devices"]');
    await page.locator("#page .empty", { hasText: "Loading" }).waitFor();
    await page.waitForFunction(() => performance.getEntriesByType("resource").some((one) => one.name.includes("/v1/groups")));
    await page.click('#pages a[href="#/agencies"]');
    await page.locator("#page h1", { hasText: "Agencies" }).waitFor();
    while (held.length === 0) await page.waitForTimeout(20);
    const answered = page.waitForResponse(/\/v1\/devices\?limit=/);
    for (const release of held) release();
    await (await answered).finished();
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn))));
    assert.equal(await page.textContent("#page h1"), "Agencies");
    assert.equal(await page.locator("#page [name=\"status\"]").count(), 0);
  }));

test("an installer brings a device in with a code that was made with its id", () =>
  operating(KOREAN, async ({ page, mock }) => {
    await page.goto(`${mock.url}/ops#/register`);
    await page.selectOption('[name="agency"]', "busan");
    await page.selectOption('[name="model"]', "traffic.flow");
    await page.fill('[name="id"]', "flow-new");
    await page.selectOption('[name="proof"]', "claim");
    assert.equal(await page.isVisible(".place-map"), false, "the installer says where it stands");
    await page.click("#page form .primary");
    await page.locator(".issued pre", { hasText: "7KQ4-WM2X-9CRT" }).waitFor();
    await page.locator(".issued .facts", { hasText: "flow-new" }).waitFor();
    assert.equal(mock.state.registered, undefined);
  }));

test("a person gets a role, loses it, and is removed", () =>
  operating(ENGLISH_PHONE, async ({ page, shot }) => {
    await page.click('#pages a[href="#/people"]');
    await page.click('.device-link[href="#/people?id=kim.minsu"]');
    await page.locator(".records td", { hasText: "operator (서울특별시)" }).waitFor();
    await page.selectOption('[name="role"]', "installer");
    await page.click("#page form .primary");
    await page.locator(".records td", { hasText: "installer (서울특별시)" }).waitFor();
    await shot("person");
    await noSideways(page, "a person");
    const operator = page.locator(".records tbody tr", { hasText: "operator (" });
    await operator.getByRole("button", { name: "Take away" }).click();
    await operator.waitFor({ state: "detached" });
    await page.locator(".records tbody tr").waitFor();
    await page.getByRole("button", { name: "Remove" }).click();
    await page.waitForURL("**/ops#/people");
    await page.locator(".empty", { hasText: "Nobody" }).waitFor();
  }));

test("a group gets another name and other devices", () =>
  operating(KOREAN, async ({ page, shot }) => {
    await page.click('#pages a[href="#/groups"]');
    await page.click('.device-link[href="#/groups?id=spring"]');
    await page.click(".edit summary");
    const ids = (await page.inputValue('[name="devices"]')).split("\n");
    assert.equal(ids.length, 3);
    await page.fill('[name="name"]', "여름 점검");
    await page.fill('[name="devices"]', ids.slice(0, 2).join(", "));
    await shot("group");
    await page.click(".edit .primary");
    await page.locator("#page h2", { hasText: "여름 점검" }).waitFor();
    assert.equal(await page.locator(".records tbody tr").count(), 2);
    await page.click(".edit summary");
    await page.selectOption('[name="by"]', "query");
    await page.selectOption('[name="model"]', "traffic.flow");
    await page.click(".edit .primary");
    await page.locator("#page .note", { hasText: "교통 흐름" }).waitFor();
  }));

for (const looks of [KOREAN, ENGLISH_PHONE]) {
  test(`the search in the header finds everything, by keys and by touch: ${looks.locale}`, () =>
    operating(looks, async ({ page, shot }) => {
      await page.fill("#find-text", "한강");
      await page.locator('#find-hits [role="option"]').nth(1).waitFor();
      await shot("find");
      await noSideways(page, "the search");
      await page.keyboard.press("ArrowDown");
      assert.equal(await page.getAttribute("#find-text", "aria-activedescendant"), "find-0");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await page.waitForURL("**/ops#/groups?id=han-river");
      assert.equal(await page.isVisible("#find-hits"), false);
      await page.fill("#find-text", "종로구");
      await page.locator('#find-hits [role="option"]', { hasText: "종로구" }).first().click();
      await page.waitForURL("**/ops#/map?box=*");
      await page.fill("#find-text", "rain-0002");
      await page.locator('#find-hits [role="option"]', { hasText: "rain-0002" }).click();
      await page.waitForFunction(() => document.querySelector("#panel .device-head code")?.textContent === "rain-0002");
      await page.fill("#find-text", "nothing is called so");
      await page.waitForSelector("#find-hits .empty");
      await page.keyboard.press("Enter");
      await page.waitForURL("**/ops#/devices?q=nothing*");
    }));
}

test("what a device observes is found, and stands with the device", () =>
  operating(ENGLISH_PHONE, async ({ page, mock, shot }) => {
    await page.fill("#find-text", "잠수교 구간");
    await page.locator('#find-hits [role="option"]', { hasText: "observed object" }).click();
    await page.waitForURL("**/ops#/map?box=126.985%2C37.505%2C127.005%2C37.525");
    await page.goto(`${mock.url}/ops#/map?device=water-level-0001`);
    const feature = page.locator("#panel .features a", { hasText: "Han river at Jamsu bridge" });
    await feature.scrollIntoViewIfNeeded();
    await shot("features");
    await feature.click();
    await page.waitForURL("**/ops#/map?box=126.985%2C37.505%2C127.005%2C37.525");
    await page.goto(`${mock.url}/ops#/map?device=rain-0002`);
    await page.waitForSelector("#panel .health h3");
    assert.equal(await page.isVisible("#panel .features"), false, "one that observes none says nothing of it");
  }));

test("a group is shared with another agency until a day, and the share is ended", () =>
  operating(ENGLISH_PHONE, async ({ page, shot }) => {
    await page.click('#pages a[href="#/shares"]');
    await page.locator(".records td", { hasText: "Group: 한강 수위" }).waitFor();
    await page.locator(".records tr", { hasText: "ended" }).getByRole("button", { name: "Remove" }).waitFor();
    await page.selectOption('[name="agency"]', "busan");
    await page.fill('[name="to"]', "seoul");
    await page.selectOption('[name="what"]', "group:spring");
    await page.selectOption('[name="position"]', "exact");
    await page.fill('[name="until"]', "2030-12-31");
    await shot("shares");
    await page.click("#page form .primary");
    const share = page.locator(".records tbody tr", { hasText: "Group: 봄 점검" });
    await share.getByText("2030-12-31 23:59:59").waitFor();
    await noSideways(page, "the shares");
    await share.getByRole("button", { name: "End" }).click();
    await share.waitFor({ state: "detached" });
  }));

test("a device's sensors are shown, calibrated, added and taken away", () =>
  operating(ENGLISH_PHONE, async ({ page, mock, shot }) => {
    await page.goto(`${mock.url}/ops#/map?device=air-0005`);
    await page.click('#panel a[href="#/sensors?device=air-0005"]');
    await page.locator(".records td", { hasText: "(has run out)" }).waitFor();
    await page.click(".edit summary");
    await page.fill('[name="at"]', "2026-04-18");
    await page.fill('[name="by"]', "KTL");
    await page.fill('[name="valid_until"]', "2030-04-18");
    await page.click(".edit .primary");
    await page.locator(".records td", { hasText: "2030-04-18 23:59:59" }).waitFor();
    await shot("sensors");
    await noSideways(page, "the sensors");
    await page.fill('[name="name"]', "Ozone cell");
    await page.check('.checks input >> nth=2');
    await page.click("#page section > form.card .primary");
    const ozone = page.locator(".cards .card", { hasText: "Ozone cell" });
    await ozone.locator("dd", { hasText: "Ozone" }).waitFor();
    await ozone.getByRole("button", { name: "Take away" }).click();
    await ozone.locator("dt", { hasText: "Taken away" }).waitFor();
  }));

test("an agency makes a model of its own out of another, and its faults are told", () =>
  operating(KOREAN, async ({ page, shot }) => {
    await page.click('#pages a[href="#/models"]');
    const flow = page.locator(".model", { hasText: "traffic.flow" });
    await flow.locator("summary").click();
    await flow.getByText("유효 범위 변경: 평균 속도").waitFor();
    await flow.locator('[name="own"]').selectOption("seoul");
    const file = JSON.parse(await page.inputValue('[name="file"]'));
    assert.equal(file.id, "traffic.flow~seoul");
    assert.deepEqual(file.fields.map((one) => one.name), ["speed", "volume", "occupancy"]);
    await page.fill('[name="file"]', JSON.stringify({ ...file, id: "traffic.flow~nowhere" }));
    await page.click("#page form .primary");
    await page.locator("#page .fault", { hasText: "no agency nowhere" }).waitFor();
    assert.notEqual(await page.inputValue('[name="file"]'), "", "what was written stays");
    await page.fill('[name="file"]', JSON.stringify(file));
    await page.click("#page form .primary");
    await page.getByText("field lane is new").waitFor();
    await page.locator(".model code", { hasText: "traffic.flow~seoul" }).waitFor();
    await shot("models");
  }, ANY));

for (const looks of [KOREAN, ENGLISH_PHONE]) {
  const korean = looks === KOREAN;
  test(`an agency refines a model, which is told against the model, and takes it back: ${looks.locale}`, () =>
    operating(looks, async ({ page, shot }) => {
      await page.click('#pages a[href="#/models"]');
      await page.click('#page a[href="#/refinements"]');
      await page.locator(".records td li", { hasText: korean ? "측정 간격: 60초 (모델: 없음)" : "interval: 60 s (model: not said)" }).waitFor();
      await shot("refinements");
      await noSideways(page, "the refinements");
      await page.selectOption('[name="model"]', "traffic.flow");
      await page.waitForURL("**/ops#/refinements?agency=seoul&model=traffic.flow");
      await page.waitForSelector(".refine");
      assert.equal(await page.getAttribute('[name="max:speed"]', "placeholder"), "250", "what the model says");
      await page.fill('[name="max:speed"]', "400");
      await page.click(".refine .primary");
      assert.equal(await page.isVisible(".refine"), true, "a wider range is not sent");
      await page.fill('[name="max:speed"]', "120");
      await page.fill('[name="retention"]', "400");
      await shot("refine");
      await noSideways(page, "a refinement");
      await page.click(".refine .primary");
      await page.waitForURL("**/ops#/refinements?agency=seoul");
      const flow = page.locator(".records tr", { hasText: "traffic.flow" });
      await flow.locator("li", { hasText: korean ? "평균 속도 유효 범위: 0 ~ 120 km/h (모델: 0 ~ 250 km/h)" : "Mean speed, plausible range: 0 ~ 120 km/h (model: 0 ~ 250 km/h)" }).waitFor();
      assert.equal(await page.locator('[aria-live="polite"] .card li').count(), 2, "what is in force now");
      await flow.getByRole("link", { name: korean ? "수정" : "Change" }).click();
      await page.waitForSelector(".refine");
      assert.equal(await page.inputValue('[name="max:speed"]'), "120", "what the agency says already");
      await page.goBack();
      await page.locator(".refine").waitFor({ state: "detached" });
      await flow.getByRole("button", { name: korean ? "해제" : "End" }).click();
      await flow.waitFor({ state: "detached" });
      await page.selectOption('[name="agency"]', "busan");
      await page.locator("#page .empty", { hasText: korean ? "조정한 모델이 없습니다" : "has every model as it is" }).waitFor();
    }));
}
test("a photo of a device is added, shown and removed", () =>
  operating(KOREAN, async ({ page, mock, shot }) => {
    await page.goto(`${mock.url}/ops#/map?device=rain-0002`);
    await page.locator(".photos .empty").waitFor();
    const picture = await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(64, 48);
      canvas.getContext("2d").fillRect(8, 8, 20, 20);
      const blob = await canvas.convertToBlob({ type: "image/png" });
      return [...new Uint8Array(await blob.arrayBuffer())];
    });
    await page.setInputFiles(".photos input", { name: "place.png", mimeType: "image/png", buffer: Buffer.from(picture) });
    await page.waitForFunction(() => document.querySelector(".photos img")?.naturalWidth === 64);
    assert.deepEqual(mock.state.photos.sent.map(({ thing, jpeg }) => [thing, jpeg.subarray(0, 2).toString("hex")]), [["rain-0002", "ffd8"]]);
    await page.locator(".photos img").scrollIntoViewIfNeeded();
    await shot("photos");
    await page.locator(".photos button").click();
    await page.locator(".photos .empty").waitFor();
  }));

test("a code that a device sends is told in words", () =>
  operating(KOREAN, async ({ page, mock }) => {
    await page.goto(`${mock.url}/ops#/map?device=lamp-0012`);
    await page.locator('#panel [data-field="power_state"]', { hasText: /켜짐|고장/ }).waitFor();
  }));

test("the audit is one table in CSV, over all of its pages", () =>
  operating(KOREAN, async ({ page }) => {
    await page.click('#pages a[href="#/audit"]');
    await page.locator(".audit li", { hasText: "장치 변경" }).waitFor();
    await page.selectOption('[name="kind"]', "agency");
    await page.click(".page-filters [type=submit]");
    await page.waitForURL("**/ops#/audit?kind=agency");
    await page.click(".page-filters .clear");
    await page.locator(".audit li", { hasText: "admin.token 보유자 · 플랫폼 시작" }).waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
    assert.equal(download.suggestedFilename(), "audit.csv");
    const lines = readFileSync(await download.path(), "utf8").split("\r\n");
    assert.equal(lines[0], "\ufeffnumber,time,actor,action,object");
    assert.deepEqual(lines.slice(1, -1).map((line) => line.split(",")[4]), ["flow-0003", "seoul"]);
  }));
