// The developers' portal.

import { all } from "../api";
import { byId } from "../dom";
import { setModels } from "../ops/words";
import type { Model, Summary } from "../shapes";
import { readPlatform, tellIfSimulated } from "../simulated";
import { learn, onLanguage, startLanguageSwitch, t } from "../text";
import { portalTexts } from "../texts/portal";
import { Apply } from "./apply";
import { Catalogue } from "./catalogue";
import { Sample } from "./sample";
import { Week } from "./week";

learn(portalTexts);

/** What is drawn first, where there is one: its week has a shape. */
const TELLING = [
  ["disaster.water-level", "level"],
  ["safety.street", "temperature"],
  ["safety.air", "pm25"],
  ["traffic.flow", "speed"],
] as const;

startLanguageSwitch();
void tellIfSimulated();
const apply = new Apply(readPlatform);
const sample = new Sample(byId("sample"), byId("sample-zone"), byId("sample-link"));
const week = new Week(byId("week"), byId("week-chart"));
const catalogue = new Catalogue(byId("catalogue"), byId("catalogue-count"), drawOne, (entry) => {
  void week.choose(entry.model, entry.agency).then(() => byId("week").scrollIntoView({ block: "nearest" }));
});

function drawOne(entries: readonly Summary[]): void {
  for (const [model, field] of TELLING) {
    const entry = entries.find((one) => one.model === model && one.fields.includes(field));
    if (entry) return void week.choose(model, entry.agency, field);
  }
  const any = entries[0];
  if (any) void week.choose(any.model, any.agency);
}

function show(): void {
  void apply.show();
  sample.show();
  week.show();
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
