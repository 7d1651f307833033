// Builds web/dist: four pages, one style sheet, four scripts with a shared part, and the base
// map. The same sources and the same package-lock.json give the same bytes.

import { build } from "esbuild";
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { baseMap, inventedCity } from "./map-data.mjs";

/** Of everything together: the binary carries it. */
const LIMIT_BYTES = 400 * 1024;
/** Of the scripts that a page loads before it shows anything. */
const LIMIT_FIRST_BYTES = 112 * 1024;
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const assets = join(dist, "assets");

rmSync(dist, { recursive: true, force: true });
mkdirSync(assets, { recursive: true });

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { portal: "src/portal/main.ts", ops: "src/ops/main.ts", docs: "src/docs/main.ts", field: "src/field/main.ts", style: "src/style.css" },
  outdir: "dist/assets",
  bundle: true,
  minify: true,
  charset: "utf8",
  target: "es2022",
  format: "esm",
  splitting: true,
  chunkNames: "shared-[hash]",
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});
for (const page of ["index.html", "ops.html", "docs.html", "field.html"]) cpSync(join(root, "src", page), join(dist, page));
// At the root: a worker keeps pages below its own folder alone.
cpSync(join(root, "src", "field-worker.js"), join(dist, "field-worker.js"));
cpSync(join(root, "src", "icon.svg"), join(assets, "icon.svg"));
writeFileSync(join(assets, "map.json"), baseMap());
writeFileSync(join(assets, "city.json"), inventedCity());

const files = [...readdirSync(dist), ...readdirSync(assets).map((name) => `assets/${name}`)].filter((name) =>
  statSync(join(dist, name)).isFile(),
);
const total = files.reduce((sum, name) => sum + statSync(join(dist, name)).size, 0);
for (const name of files.sort()) console.log(String(statSync(join(dist, name)).size).padStart(8), name);
console.log(String(total).padStart(8), "bytes in all");
if (total > LIMIT_BYTES) fail(`more than ${LIMIT_BYTES} bytes`);

/** A script with all that it imports at once. */
function closure(path, seen = new Set()) {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const { path: next, kind } of metafile.outputs[path].imports) if (kind === "import-statement") closure(next, seen);
  return seen;
}

for (const page of ["portal", "ops", "docs", "field"]) {
  const first = [...closure(`dist/assets/${page}.js`)].reduce((sum, path) => sum + metafile.outputs[path].bytes, 0);
  console.log(String(first).padStart(8), `bytes of scripts at first: ${page}`);
  if (first > LIMIT_FIRST_BYTES) fail(`more than ${LIMIT_FIRST_BYTES} bytes`);
}

function fail(reason) {
  console.error(reason);
  process.exit(1);
}
