// The fleet in six numbers, and the legend of the map.

import { h } from "../dom";
import { numberText } from "../format";
import { type Key, language, t } from "../text";
import type { Fleet } from "./fleet";
import { domainIcon, domainTitle } from "./words";

export function showCounts(host: HTMLElement, fleet: Fleet, refused: number, now: number): void {
  const silent = fleet.count("silent") + fleet.count("never");
  const tile = (key: Key, value: number, alert: boolean): HTMLElement =>
    h("div", { class: alert ? "count alert" : "count" }, h("b", {}, numberText(value, language())), h("span", {}, t(key)));
  host.replaceChildren(
    tile("counts.devices", fleet.units.size, false),
    tile("counts.live", fleet.count("live"), false),
    tile("counts.silent", silent, silent > 0),
    tile("counts.concern", fleet.concerned(), fleet.concerned() > 0),
    tile("counts.rate", Math.round(fleet.rate(now) * 10) / 10, false),
    tile("counts.refused", refused, refused > 0),
  );
}

export function showLegend(map: HTMLElement): void {
  map.querySelector(".legend")?.remove();
  const item = (icon: Node, text: string): HTMLElement => h("li", {}, icon, text);
  map.append(
    h(
      "ul.legend",
      { "aria-label": t("map.legend") },
      ...["disaster", "traffic", "safety"].map((domain) => item(domainIcon(domain), domainTitle(domain))),
      item(domainIcon("disaster", true), t("state.silent")),
      item(h("span.square"), t("map.concern")),
      item(h("span.ring"), t("map.uncertain")),
    ),
  );
}
