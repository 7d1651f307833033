// Looks at a running demo: the operators' map with what needs attention, and a
// week of one sensor on the developers' page.
//   node look.mjs BASE_URL OPERATOR_TOKEN

import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

// The pages' own packages have the driver of the browser.
const { chromium } = createRequire(new URL("../../web/package.json", import.meta.url))("playwright-core");

const MOST_BYTES = 200 * 1024;
/** The cloudburst's rise is there within the first minute. */
const PATIENCE_MS = 120_000;
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const [base, token] = process.argv.slice(2);

const browser = await chromium.launch({
  executablePath: process.env.MADANG_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu"],
});
const context = await browser.newContext({ locale: "en-GB", timezoneId: "Asia/Seoul", colorScheme: "light", viewport: { width: 1040, height: 580 }, reducedMotion: "reduce" });
const page = await context.newPage();
page.setDefaultTimeout(PATIENCE_MS);

await page.goto(`${base}/ops#token=${token}`);
await page.waitForSelector('#link[data-state="connected"]');
await page.click("#tab-attention");
await page.waitForFunction(() => [...document.querySelectorAll("#panel .why")].some((why) => why.textContent.includes("rises by")));
await page.mouse.move(0, 0);
await page.screenshot({ path: here("map.png") });

await page.goto(`${base}/`);
await page.waitForSelector("#week svg.chart");
await page.evaluate(() => document.fonts.ready);
await page.locator("#week").screenshot({ path: here("week.png") });
await browser.close();

for (const name of ["map.png", "week.png"]) {
  const { size } = statSync(here(name));
  console.log(`${name}: ${size} bytes`);
  if (size > MOST_BYTES) throw new Error(`${name} has more than ${MOST_BYTES} bytes`);
}
