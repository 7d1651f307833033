// The pages in a real browser against a running platform:
//   node test/browser.mjs BASE_URL OPERATOR_TOKEN
// It registers one application and changes nothing else.

import { ENGLISH_PHONE, KOREAN, openBrowser, operations, operatorsPages, portal, reference } from "./browser-checks.mjs";

const [base, token] = process.argv.slice(2);
if (!base || !token) {
  console.error("usage: node test/browser.mjs BASE_URL OPERATOR_TOKEN");
  process.exit(2);
}
const origin = new URL(base).origin;
const browser = await openBrowser();
try {
  for (const [name, check] of [
    ["the portal in Korean issues a key that works", () => portal(browser, origin, KOREAN, { issue: true })],
    ["the portal in English on a phone", () => portal(browser, origin, ENGLISH_PHONE, { issue: false })],
    ["the dashboard in Korean", () => operations(browser, origin, KOREAN, token)],
    ["the dashboard in English on a phone", () => operations(browser, origin, ENGLISH_PHONE, token)],
    ["the operators' pages in Korean", () => operatorsPages(browser, origin, KOREAN, token)],
    ["the operators' pages in English on a phone", () => operatorsPages(browser, origin, ENGLISH_PHONE, token)],
    ["the reference in Korean", () => reference(browser, origin, KOREAN)],
    ["the reference in English on a phone", () => reference(browser, origin, ENGLISH_PHONE)],
  ]) {
    await check();
    console.log(`ok: ${name}`);
  }
} finally {
  await browser.close();
}
