// The operators' dashboard: session, first picture, stream, and the rhythm in
// which the page is redrawn.

import { ApiError, all, serverNow } from "../api";
import { byId, h, setText } from "../dom";
import { faultText } from "../faults";
import { Follower } from "../follow";
import { numberText } from "../format";
import { LinkPill } from "../link";
import { MapPanel } from "../map/panel";
import { markOf } from "../map/marks";
import type { Marker } from "../map/draw";
import type { Device, Frame, Latest, LatestPage, Model } from "../shapes";
import { type Key, language, onLanguage, startLanguageSwitch, t, translate } from "../text";
import { type DeviceState, Fleet, type Unit } from "./fleet";
import { type Filter, NO_FILTER, isFiltered, matching } from "./filter";
import { DeviceList } from "./list";
import { hasSession, logIn, logOut, tokenFromFragment } from "./session";
import { Side } from "./side";
import { domainIcon, domainTitle, modelTitle, setModels } from "./words";

/** Redraw of numbers and lists, in milliseconds. */
const TICK_MS = 1_000;
const REFUSED_EVERY_MS = 10_000;
const DEVICES_EVERY_MS = 60_000;
/** A frame of an unknown device makes the list be read again, at most so often. */
const UNKNOWN_PAUSE_MS = 5_000;
const RETRY_MS = 5_000;
const PAGE = 10_000;

const fleet = new Fleet();
let filter: Filter = NO_FILTER;
let selected: string | null = null;
let shown: readonly Unit[] = [];
let markersFor = "";
let markers: Marker[] = [];
/** The first fleet is fitted, and every choice of a filter. */
let fitNext = true;
let follower: Follower | null = null;
let timers: number[] = [];
let unknownReadAt = 0;

const link = new LinkPill(byId("link"));
const side = new Side(byId("tabs"), byId("panel"), fleet, (id) => pick(id));
const list = new DeviceList(byId("list"), (id) => pick(id), serverNow);
let map: MapPanel | null = null;

startLanguageSwitch();
onLanguage(() => {
  fillFilters();
  link.show();
  refresh();
  side.show();
  drawPhoneTabs();
  drawLegend();
});
byId("login-form").addEventListener("submit", (event) => {
  event.preventDefault();
  void submitToken(byId<HTMLInputElement>("login-token").value);
});
byId("logout").addEventListener("click", () => void logOut().then(() => leave("")).catch(fault));
byId("clear").addEventListener("click", clearFilters);
for (const [id, part] of [["search", "search"], ["filter-agency", "agency"], ["filter-domain", "domain"], ["filter-model", "model"], ["filter-state", "state"]] as const) {
  byId<HTMLInputElement>(id).addEventListener("input", (event) => setFilter({ [part]: (event.target as HTMLInputElement).value }));
}
void start();

async function start(): Promise<void> {
  view("wait");
  const token = tokenFromFragment();
  try {
    if (token !== null) await submitToken(token);
    else if (await hasSession()) await enter();
    else leave("");
  } catch (error) {
    fault(error);
    setTimeout(() => void start(), RETRY_MS);
  }
}

async function submitToken(token: string): Promise<void> {
  try {
    if ((await logIn(token)) === "in") await enter();
    else leave(t("login.refused"));
  } catch (error) {
    leave(faultText(error));
  }
}

/** Back to the login, with a reason where there is one. */
function leave(reason: string): void {
  follower?.stop();
  for (const timer of timers) clearInterval(timer);
  timers = [];
  view("login");
  byId("banner").hidden = true;
  setText(byId("login-status"), reason);
  const input = byId<HTMLInputElement>("login-token");
  input.value = "";
  input.focus();
}

function view(name: "wait" | "login" | "room"): void {
  document.body.dataset["view"] = name;
  byId("login").hidden = name !== "login";
  byId("room").hidden = name !== "room";
  byId("phone-tabs").hidden = name !== "room";
  byId("logout").hidden = name !== "room";
  byId("counts").hidden = byId("link").hidden = name === "login";
}

async function enter(): Promise<void> {
  view("room");
  map ??= new MapPanel(byId("map"), { onPick: pick, onGroup: (ids) => setFilter({ ids: new Set(ids) }) });
  drawPhoneTabs();
  drawLegend();
  translate();
  list.show([], t("loading"));
  side.show();
  await load();
}

/** The first picture; repeated until it succeeds. */
async function load(): Promise<void> {
  try {
    const [models] = await Promise.all([all<Model>(`/v1/models?limit=${PAGE}`), readDevices()]);
    setModels(models.items);
    const next = await readLatest();
    byId("banner").hidden = true;
    fillFilters();
    refresh();
    follow(next);
    beat();
    void side.readRefused().then(drawCounts);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return leave(t("login.ended"));
    fault(error);
    link.set("disconnected", null);
    list.show([], "");
    setTimeout(() => void load(), RETRY_MS);
  }
}

async function readDevices(): Promise<void> {
  const { items } = await all<Device>(`/v1/devices?limit=${PAGE}`);
  fleet.setDevices(items);
  fleet.judge(serverNow());
}

/** Returns the offset from which the stream goes on. */
async function readLatest(): Promise<number | null> {
  let next: number | null = null;
  const { items } = await all<Latest, LatestPage>(`/v1/latest?limit=${PAGE}`, (page) => {
    if (next === null && page.offset !== undefined) next = page.offset + 1;
  });
  fleet.setLatest(items);
  fleet.judge(serverNow());
  return next;
}

function follow(next: number | null): void {
  follower?.stop();
  follower = new Follower({
    filter: "",
    from: next,
    open: (url) => new EventSource(url),
    later: (run, milliseconds) => setTimeout(run, milliseconds),
    onFrame: frame,
    onGap: (gap) => {
      banner(t("banner.gap", { count: gap.to_offset - gap.from_offset }));
      void readLatest().then(refresh).catch(fault);
    },
    onLost: () => void readLatest().then(refresh).catch(fault),
    onState: (state, offset) => {
      link.set(state, offset);
      if (state === "connected") byId("banner").hidden = true;
      else if (state === "disconnected") void probe();
    },
  });
}

/** A stream that stays shut may mean that the session has ended. */
async function probe(): Promise<void> {
  try {
    if (!(await hasSession())) leave(t("login.ended"));
  } catch (error) {
    fault(error);
  }
}

function frame(one: Frame): void {
  if (fleet.apply(one, performance.now())) {
    map?.redraw();
    return;
  }
  if (Date.now() - unknownReadAt < UNKNOWN_PAUSE_MS) return;
  unknownReadAt = Date.now();
  void readDevices()
    .then(async () => {
      await readLatest();
      fillFilters();
      refresh();
    })
    .catch(fault);
}

function beat(): void {
  for (const timer of timers) clearInterval(timer);
  timers = [
    window.setInterval(() => {
      fleet.judge(serverNow());
      refresh();
    }, TICK_MS),
    window.setInterval(() => void side.readRefused(), REFUSED_EVERY_MS),
    window.setInterval(() => void readDevices().catch(fault), DEVICES_EVERY_MS),
  ];
}

function refresh(): void {
  shown = matching(fleet.units.values(), filter);
  const empty = fleet.units.size === 0 ? t("list.empty") : t("list.none");
  list.show(shown, empty);
  const count = filter.ids ? t("list.here", { count: shown.length }) : t("list.count", { shown: numberText(shown.length, language()), all: numberText(fleet.units.size, language()) });
  setText(byId("list-count"), count);
  byId("clear").hidden = !isFiltered(filter);
  side.setUnits(shown);
  side.tick();
  drawCounts();
  drawMap();
}

/** New marker lists only where the set changed: the clusters hang on it. */
function drawMap(): void {
  const placed = shown.flatMap((unit) => (unit.marker ? [unit.marker] : []));
  const key = placed.map((marker) => `${marker.id}:${marker.x}:${marker.y}`).sort().join("|");
  const changed = key !== markersFor;
  if (changed) [markers, markersFor] = [placed, key];
  map?.show(markers, shown.length - placed.length, changed && fitNext);
  if (changed && placed.length > 0) fitNext = false;
}

function drawCounts(): void {
  const now = serverNow();
  const silent = fleet.count("silent") + fleet.count("never");
  const refused = side.recentRefusals(now);
  const tile = (key: Key, value: string, alert: boolean): HTMLElement => h("div.count", { class: alert ? "count alert" : "count" }, h("b", {}, value), h("span", {}, t(key)));
  const n = (value: number): string => numberText(value, language());
  byId("counts").replaceChildren(
    tile("counts.devices", n(fleet.units.size), false),
    tile("counts.live", n(fleet.count("live")), false),
    tile("counts.silent", n(silent), silent > 0),
    tile("counts.rate", n(Math.round(fleet.rate(now) * 10) / 10), false),
    tile("counts.refused", n(refused), refused > 0),
  );
}

function pick(id: string | null): void {
  selected = id;
  const unit = id === null ? null : (fleet.units.get(id) ?? null);
  list.select(id);
  map?.select(id, true);
  side.select(unit);
  if (unit && !document.activeElement?.closest(".pane-list")) openPane("side");
}

byId("list").addEventListener("click", () => openPane("side"));
byId("list").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && selected !== null) openPane("side");
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && selected !== null) pick(null);
  if (event.key === "/" && !(event.target instanceof HTMLInputElement)) {
    event.preventDefault();
    openPane("list");
    byId("search").focus();
  }
});

function setFilter(change: Partial<Filter>): void {
  filter = { ...filter, ids: null, ...change };
  fitNext = change.ids === undefined;
  byId("list").scrollTop = 0;
  refresh();
  if (change.ids) openPane("list");
}

function clearFilters(): void {
  filter = NO_FILTER;
  fitNext = true;
  for (const id of ["search", "filter-agency", "filter-domain", "filter-model", "filter-state"]) byId<HTMLInputElement>(id).value = "";
  refresh();
}

function fillFilters(): void {
  const units = [...fleet.units.values()];
  const distinct = (of: (unit: Unit) => string): string[] => [...new Set(units.map(of))].sort();
  const fill = (id: string, every: Key, values: readonly string[], name: (value: string) => string): void => {
    const select = byId<HTMLSelectElement>(id);
    const before = select.value;
    select.replaceChildren(h("option", { value: "" }, t(every)), ...values.map((value) => h("option", { value }, name(value))));
    select.value = values.includes(before) ? before : "";
  };
  const states: DeviceState[] = ["live", "silent", "never", "expired", "revoked"];
  fill("filter-agency", "filter.agency.all", distinct((unit) => unit.device.agency), (id) => id);
  fill("filter-domain", "filter.domain.all", distinct((unit) => unit.domain), domainTitle);
  fill("filter-model", "filter.model.all", distinct((unit) => unit.device.model), modelTitle);
  fill("filter-state", "filter.state.all", states, (state) => t(`state.${state}` as Key));
}

function drawLegend(): void {
  byId("map").querySelector(".legend")?.remove();
  const item = (icon: Node, text: string): HTMLElement => h("li", {}, icon, text);
  const domains = ["disaster", "traffic", "safety"].filter((domain) => markOf(domain));
  byId("map").append(
    h(
      "ul.legend",
      { "aria-label": t("map.legend") },
      ...domains.map((domain) => item(domainIcon(domain), domainTitle(domain))),
      item(domainIcon("disaster", true), t("state.silent")),
      item(h("span.ring"), t("map.uncertain")),
    ),
  );
}

function drawPhoneTabs(): void {
  const panes = ["map", "list", "side"] as const;
  byId("phone-tabs").replaceChildren(
    ...panes.map((pane) => h("button", { type: "button", "data-pane": pane, "aria-current": document.body.dataset["pane"] === pane ? "true" : null, onclick: () => openPane(pane) }, t(`pane.${pane}`))),
  );
}

function openPane(pane: "map" | "list" | "side"): void {
  document.body.dataset["pane"] = pane;
  drawPhoneTabs();
}

function banner(text: string): void {
  const element = byId("banner");
  setText(element, text);
  element.hidden = false;
}

function fault(error: unknown): void {
  if (error instanceof ApiError && error.status === 401) return leave(t("login.ended"));
  banner(t("banner.data", { detail: faultText(error) }));
}
