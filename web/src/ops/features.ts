// What a device's datastreams are about, with the way there on the map.

import { get } from "../api";
import { h } from "../dom";
import type { Feature } from "../record-shapes";
import { language, t } from "../text";
import { routeHash } from "./route";

/** Datastreams of a device that are asked, and features of it that are shown. */
const SHOWN = 20;

/** Those that the datastreams observe, each once, in order of id. */
export async function readFeatures(datastreams: readonly number[]): Promise<Feature[]> {
  const observing = await Promise.all(datastreams.slice(0, SHOWN).map((id) => get<{ features: string[] }>(`/v1/datastreams/${id}`)));
  const ids = [...new Set(observing.flatMap(({ features }) => features))].sort();
  return Promise.all(ids.slice(0, SHOWN).map((id) => get<Feature>(`/v1/features/${encodeURIComponent(id)}`)));
}

/** Most devices observe none: nothing is said then. */
export function featuresSection(features: readonly Feature[]): HTMLElement {
  const items = features.map(({ id, title, kind, bbox }) =>
    h("li", {}, h("a", { href: routeHash("map", { box: bbox.join(",") }) }, title[language()]), " ", h("code", {}, id), kind !== null && h("small", {}, ` ${kind}`)),
  );
  return h("section.features", { hidden: items.length === 0 }, h("h3", {}, t("device.features")), h("ul", {}, ...items));
}
