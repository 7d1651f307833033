// What the mock finds by a text, and its audit as a table.

import { BOUNDARIES } from "./mock-groups.mjs";
import { AGENCIES } from "./mock-records.mjs";

/** The first device observes it with all that it sends. */
export const FEATURES = [{ id: "han-jamsu", agency: "seoul", title: { en: "Han river at Jamsu bridge", ko: "한강 잠수교 구간" }, kind: "river-section", description: null, bbox: [126.985, 37.505, 127.005, 37.525], things: ["water-level-0001"] }];

export function mockSearch(devices, query) {
  const q = query.get("q");
  const kinds = query.get("kind")?.split(",") ?? ["agency", "boundary", "feature", "group", "thing"];
  const hit = (kind, id, name, agency, more = {}) => ({ kind, id, name, agency, match: "contains", location: null, devices: [], address: null, tags: [], ...more });
  const all = [
    ...AGENCIES.map(({ id, name }) => hit("agency", id, name, id)),
    ...BOUNDARIES.map(({ name, title }) => hit("boundary", name, title.ko, null)),
    ...FEATURES.map(({ id, title, agency }) => hit("feature", id, title.ko, agency)),
    hit("group", "han-river", "한강 수위", "seoul"),
    ...devices.map((one) => hit("thing", one.thing, one.name, one.agency, { location: one.location, devices: [one.id], address: one.address ?? null, tags: one.tags })),
  ];
  return all.filter((one) => kinds.includes(one.kind) && `${one.id} ${one.name}`.includes(q));
}

export const auditCsv = (entries) => ["number,time,actor,action,object", ...entries.map((one) => [one.number, one.time, one.actor, one.action, one.object].join(","))].map((line) => `${line}\r\n`).join("");
