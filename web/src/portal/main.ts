// The developers' portal.

import { all, get } from "../api";
import { byId } from "../dom";
import { setModels } from "../ops/words";
import type { Model, Platform } from "../shapes";
import { onLanguage, startLanguageSwitch, t } from "../text";
import { Apply } from "./apply";
import { Catalogue } from "./catalogue";
import { Sample } from "./sample";

let platform: Promise<Platform> | null = null;
const readPlatform = (): Promise<Platform> => {
  platform ??= get<Platform>("/v1/platform").catch((error: unknown) => {
    platform = null;
    throw error;
  });
  return platform;
};

startLanguageSwitch();
const apply = new Apply(readPlatform);
const sample = new Sample(byId("sample"), byId("sample-zone"), byId("sample-link"));
const catalogue = new Catalogue(byId("catalogue"), byId("catalogue-count"));

function show(): void {
  void apply.show();
  sample.show();
  catalogue.show();
  void readPlatform()
    .then(({ version }) => (byId("version").textContent = t("version", { version })))
    .catch(() => undefined);
}

onLanguage(show);
show();
void all<Model>("/v1/models?limit=1000")
  .then(({ items }) => {
    setModels(items);
    show();
  })
  .catch(() => undefined);
