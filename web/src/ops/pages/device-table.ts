// Devices as the operators' pages list them.

import { h } from "../../dom";
import { dateTimeText } from "../../format";
import type { Device } from "../../shapes";
import { t } from "../../text";
import { routeHash } from "../route";
import { agencyTitle, deviceTitle, modelTitle } from "../words";
import { table } from "./parts";

/** Rows of one page of a list. */
export const ROWS = 50;

export function deviceTable(name: string, devices: readonly Device[]): HTMLElement {
  const rows = devices.map((device) => [
    deviceLink(device.id, deviceTitle(device)),
    agencyTitle(device.agency),
    modelTitle(device.model),
    t(`record.state.${device.status}`),
    device.last_seen === null ? t("device.seen.never") : dateTimeText(new Date(device.last_seen)),
  ]);
  return table(name, [t("record.device"), t("device.agency"), t("device.model"), t("filter.state"), t("device.seen")], rows);
}

export function deviceLink(id: string, title: string): HTMLElement {
  return h("a.device-link", { href: routeHash("map", { device: id }) }, h("b", {}, title), title === id ? null : h("code", {}, id));
}
