// Builds web/dist: four pages, one style sheet, four scripts with a shared part, and the base
// map. The same sources and the same package-lock.json give the same bytes.

import { build } from "esbuild";
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { baseMap, inventedCity } from "./map-data.mjs";

const LIMIT_BYTES = 320 * 1024;
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const assets = join(dist, "assets");

rmSync(dist, { recursive: true, force: true });
mkdirSync(assets, { recursive: true });

await build({
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
if (total > LIMIT_BYTES) {
  console.error(`more than ${LIMIT_BYTES} bytes`);
  process.exit(1);
}
