import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { load } from "./load.mjs";

const source = fileURLToPath(new URL("../src/", import.meta.url));
const PAGES = { "index.html": "portal/main.ts", "ops.html": "ops/main.ts", "docs.html": "docs/main.ts", "field.html": "field/main.ts" };
const files = readdirSync(join(source, "texts"), { recursive: true }).filter((name) => name.endsWith(".ts") && name !== "keys.ts");
/** The texts of each file. */
const dictionaries = new Map(await Promise.all(files.map(async (name) => [`texts/${name}`, Object.values(await load(`texts/${name}`))[0]])));
const texts = Object.assign({}, ...dictionaries.values());
const read = (name) => readFileSync(source + name, "utf8");

const placeholders = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
const namedByPage = (html) => [...html.matchAll(/data-t(?:-[a-z-]+)?="([^"]+)"|data-title="([^"]+)"/g)].map((match) => match[1] ?? match[2]);

test("each text has both languages and stands in one file", () => {
  for (const [key, text] of Object.entries(texts)) {
    assert.deepEqual(Object.keys(text), ["en", "ko"], key);
    for (const words of Object.values(text)) assert.notEqual(words.trim(), "", key);
  }
  const all = [...dictionaries.values()].flatMap(Object.keys);
  assert.deepEqual(all.filter((key, at) => all.indexOf(key) !== at), []);
});

test("both languages have the same placeholders", () => {
  for (const [key, { en, ko }] of Object.entries(texts)) assert.deepEqual(placeholders(ko), placeholders(en), key);
});

test("Korean text is Korean", () => {
  assert.deepEqual(Object.keys(texts).filter((key) => texts[key].ko === texts[key].en), []);
});

/** What a module loads at once, and what it may load later, each with all that it imports. */
async function modules(entry) {
  const { metafile } = await build({ absWorkingDir: source, entryPoints: [entry], bundle: true, splitting: true, format: "esm", outdir: "/nowhere", write: false, metafile: true });
  const later = [];
  const closure = (from, seen = new Set()) => {
    if (seen.has(from)) return seen;
    seen.add(from);
    for (const { path, kind } of metafile.inputs[from].imports) {
      if (kind === "dynamic-import") later.push(path);
      else closure(path, seen);
    }
    return seen;
  };
  const first = closure(entry);
  return [first, ...[...later].map((page) => new Set([...first, ...closure(page)]))];
}

/** Keys that a source names, whole or by the beginning that a code from the platform completes. */
function namedBySource(code) {
  const whole = [...code.matchAll(/"([\w.-]+)"/g)].map(([, key]) => key).filter((key) => key in texts);
  const begun = [...code.matchAll(/`([a-z.-]+\.)\$\{/g), ...code.matchAll(/word\("([a-z.-]+)"/g)].map(([, begin]) => (begin.endsWith(".") ? begin : `${begin}.`));
  return [...whole, ...Object.keys(texts).filter((key) => begun.some((begin) => key.startsWith(begin)))];
}

test("a page knows every text that it names, and loads no text that it does not", async () => {
  const used = new Set();
  for (const [page, entry] of Object.entries(PAGES)) {
    const fromHtml = namedByPage(read(page));
    assert.ok(fromHtml.length > 5, page);
    for (const loaded of await modules(entry)) {
      const sources = [...loaded].filter((name) => !name.startsWith("texts/"));
      const known = [...loaded].flatMap((name) => Object.keys(dictionaries.get(name) ?? {}));
      const named = new Set([...fromHtml, ...sources.flatMap((name) => namedBySource(read(name)))]);
      assert.deepEqual([...named].filter((key) => !known.includes(key)), [], [...loaded].pop());
      for (const key of named) used.add(key);
    }
  }
  assert.deepEqual(Object.keys(texts).filter((key) => !used.has(key)), [], "no page says it");
});

test("no page has inline script or style, or names another origin", () => {
  for (const page of Object.keys(PAGES)) {
    assert.doesNotMatch(read(page), /<style|style=|<script(?![^>]*src=)|\son\w+=|https?:\/\//, page);
  }
});
