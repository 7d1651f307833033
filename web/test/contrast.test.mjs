import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const css = readFileSync(new URL("../src/style/tokens.css", import.meta.url), "utf8");
const [light, darker] = css.split("@media");
const tokens = (text) => Object.fromEntries([...text.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]));
const schemes = { light: tokens(light), dark: { ...tokens(light), ...tokens(darker) } };

/** Relative luminance and contrast as WCAG 2 defines them. */
function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a, b) {
  const [dark, bright] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (bright + 0.05) / (dark + 0.05);
}

const TEXT = [
  ["text", "ground"], ["text", "surface"], ["text", "raised"], ["text", "accent-soft"], ["text", "cluster"],
  ["muted", "ground"], ["muted", "surface"], ["muted", "raised"], ["muted", "accent-soft"],
  ["accent", "ground"], ["accent", "surface"], ["accent", "accent-soft"], ["accent-text", "accent"],
  ["good", "surface"], ["good", "ground"], ["warn", "surface"], ["warn", "warn-soft"], ["warn", "accent-soft"],
  ["bad", "surface"], ["bad", "bad-soft"], ["bad", "accent-soft"], ["place", "land"], ["place", "sea"],
];
const MARKS = ["disaster", "traffic", "safety", "silent", "poor"];

for (const [name, scheme] of Object.entries(schemes)) {
  test(`text has a contrast of 4.5 in the ${name} scheme`, () => {
    for (const [front, back] of TEXT) {
      const found = contrast(scheme[front], scheme[back]);
      assert.ok(found >= 4.5, `${front} on ${back}: ${found.toFixed(2)}`);
    }
  });
  test(`marks have a contrast of 3 on land in the ${name} scheme`, () => {
    for (const mark of MARKS) {
      const found = contrast(scheme[mark], scheme["land"]);
      assert.ok(found >= 3, `${mark}: ${found.toFixed(2)}`);
    }
  });
}
