import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { load } from "./load.mjs";

const { en } = await load("texts/en.ts");
const { ko } = await load("texts/ko.ts");
const source = fileURLToPath(new URL("../src/", import.meta.url));
const placeholders = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test("both languages have the same keys, none empty", () => {
  assert.deepEqual(Object.keys(ko).sort(), Object.keys(en).sort());
  for (const dictionary of [en, ko]) for (const [key, text] of Object.entries(dictionary)) assert.notEqual(text.trim(), "", key);
});

test("both languages have the same placeholders", () => {
  for (const key of Object.keys(en)) assert.deepEqual(placeholders(ko[key]), placeholders(en[key]), key);
});

test("Korean text is Korean, unless both are a name or a number", () => {
  const alike = Object.keys(en).filter((key) => ko[key] === en[key]);
  assert.deepEqual(alike, []);
});

test("every text that a page names is in the dictionary", () => {
  for (const page of ["index.html", "ops.html", "docs.html", "field.html"]) {
    const html = readFileSync(source + page, "utf8");
    const named = [...html.matchAll(/data-t(?:-[a-z-]+)?="([^"]+)"|data-title="([^"]+)"/g)].map((match) => match[1] ?? match[2]);
    assert.ok(named.length > 5, page);
    for (const key of named) assert.ok(key in en, `${page}: ${key}`);
  }
});

test("every key is used", () => {
  const files = readdirSync(source, { recursive: true }).filter((name) => /\.(ts|html)$/.test(name) && !name.startsWith("texts"));
  const code = files.map((name) => readFileSync(source + name, "utf8")).join("\n");
  // Keys that are put together from a code: the prefix is in the source.
  const composed = ["link.", "domain.", "quality.", "state.", "event.", "tab.", "pane.", "docs.in.", "record.state.", "role.", "health.part.", "health.reason.", "health.why.", "claims.state.", "page.", "audit.", "catalogue.", "chart.", "field.fault.", "field.code.", "field.scan.", "field.check.", "field.locate."];
  for (const key of Object.keys(en)) {
    assert.ok(code.includes(`"${key}"`) || composed.some((prefix) => key.startsWith(prefix)), key);
  }
});

test("no page has inline script or style, or names another origin", () => {
  for (const page of ["index.html", "ops.html", "docs.html", "field.html"]) {
    const html = readFileSync(source + page, "utf8");
    assert.doesNotMatch(html, /<style|style=|<script(?![^>]*src=)|\son\w+=|https?:\/\//, page);
  }
});
