// The operators' dashboard: session, first picture, stream, and the rhythm in
// which the page is redrawn.

import { ApiError, all, serverNow } from "../api";
import { byId, h, setText } from "../dom";
import { faultText } from "../faults";
import { Follower } from "../follow";
import { numberText } from "../format";
import { LinkPill } from "../link";
import { type Box, MapPanel } from "../map/panel";
import type { Marker } from "../map/draw";
import type { Agency, Device, Frame, Latest, LatestPage, Model } from "../shapes";
import { tellIfSimulated } from "../simulated";
import { language, learn, onLanguage, startLanguageSwitch, t, translate } from "../text";
import { opsTexts } from "../texts/ops/main";
import { BeforeReader } from "./before";
import { showCounts, showLegend } from "./counts";
import { Fleet, type Unit } from "./fleet";
import { matching } from "./filter";
import { FilterBar } from "./filter-bar";
import { Finder } from "./finder";
import { DeviceList } from "./list";
import { Login } from "./login";
import { logOut, readSession, takeFromFragment } from "./session";
import { boxOf } from "./route";
import { Shell } from "./shell";
import { Side } from "./side";
import { deviceTitle, setAgencies, setModels } from "./words";

learn(opsTexts);

/** Redraw of numbers and lists, in milliseconds. */
const TICK_MS = 1_000;
const REFUSED_EVERY_MS = 10_000;
const DEVICES_EVERY_MS = 60_000;
const BEFORE_EVERY_MS = 60_000;
/** A frame of an unknown device makes the list be read again, at most so often. */
const UNKNOWN_PAUSE_MS = 5_000;
const RETRY_MS = 5_000;
const PAGE = 10_000;

const fleet = new Fleet();
const before = new BeforeReader();
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
const filters = new FilterBar((ids) => {
  fitNext = ids === null;
  byId("list").scrollTop = 0;
  refresh();
  if (ids !== null) openPane("list");
});
const login = new Login(() => enter());
let map: MapPanel | null = null;
/** The device that the address names, until the fleet is read. */
let wanted: string | null = null;
/** The box that the address names, until there is a map. */
let wantedBox: Box | null = null;
const shell = new Shell((query) => {
  wanted = query.get("device");
  pickWanted();
  wantedBox = boxOf(query);
  fitWanted();
});
new Finder(byId("find"));

startLanguageSwitch();
const simulated = tellIfSimulated();
onLanguage(() => {
  fleet.order(deviceTitle);
  filters.fill(fleet.units.values());
  link.show();
  refresh();
  side.show();
  drawPhoneTabs();
  showLegend(byId("map"));
});
byId("logout").addEventListener("click", () => void logOut().then((next) => (next === null ? leave("") : location.assign(next))).catch(fault));
// Its address would be a page's.
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  byId(document.body.dataset["page"] === "map" ? "devices" : "page").focus();
});
// A link that is opened in a tab of this page changes the fragment alone.
addEventListener("hashchange", () => /^#(token|invitation|login-fault)=/.test(location.hash) && location.reload());
void start();

async function start(): Promise<void> {
  view("wait");
  const token = takeFromFragment("token");
  const invitation = takeFromFragment("invitation");
  const signOnFault = takeFromFragment("login-fault");
  try {
    if (invitation !== null) {
      view("login");
      await login.byInvitation(invitation).catch((error: unknown) => login.ask(faultText(error)));
    } else if (token !== null) {
      view("login");
      await login.byToken(token).catch((error: unknown) => login.ask(faultText(error)));
    } else if (signOnFault !== null) {
      view("login");
      login.askAfterSignOn(signOnFault);
    } else if ((await readSession()) !== null) await enter();
    else leave("");
  } catch (error) {
    fault(error);
    setTimeout(() => void start(), RETRY_MS);
  }
}

/** Back to the login, with a reason where there is one. */
function leave(reason: string): void {
  follower?.stop();
  for (const timer of timers) clearInterval(timer);
  timers = [];
  shell.leave();
  view("login");
  byId("banner").hidden = true;
  login.ask(reason);
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
  const session = await readSession();
  if (session === null) return leave(t("login.ended"));
  view("room");
  shell.enter(session);
  if (!map) {
    const panel = new MapPanel(byId("map"), { onPick: pick, onGroup: (ids) => filters.place(ids) });
    map = panel;
    fitWanted();
    void simulated.then((is) => (is ? panel.showInvented() : undefined)).catch(() => undefined);
  }
  drawPhoneTabs();
  showLegend(byId("map"));
  translate();
  list.show([], t("loading"));
  side.show();
  await load();
}

/** The first picture; repeated until it succeeds. */
async function load(): Promise<void> {
  try {
    const [models, agencies] = await Promise.all([all<Model>(`/v1/models?limit=${PAGE}`), all<Agency>(`/v1/agencies?limit=${PAGE}`), readDevices()]);
    setModels(models.items);
    setAgencies(agencies.items);
    const next = await readLatest();
    byId("banner").hidden = true;
    filters.fill(fleet.units.values());
    refresh();
    pickWanted();
    follow(next);
    beat();
    void side.readRefused().then(drawCounts);
    void readBefore();
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
  fleet.order(deviceTitle);
  fleet.judge(serverNow(), before.known);
}

/** Returns the offset from which the stream goes on. */
async function readLatest(): Promise<number | null> {
  let next: number | null = null;
  const { items } = await all<Latest, LatestPage>(`/v1/latest?limit=${PAGE}`, (page) => {
    if (next === null && page.offset !== undefined) next = page.offset + 1;
  });
  fleet.setLatest(items);
  fleet.judge(serverNow(), before.known);
  return next;
}

/** Without it only the rise of rivers is not told; the next turn may have it. */
async function readBefore(): Promise<void> {
  try {
    await before.read(fleet.units.values());
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return leave(t("login.ended"));
  }
  fleet.judge(serverNow(), before.known);
  refresh();
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
    if ((await readSession()) === null) leave(t("login.ended"));
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
      filters.fill(fleet.units.values());
      refresh();
    })
    .catch(fault);
}

function beat(): void {
  for (const timer of timers) clearInterval(timer);
  timers = [
    window.setInterval(() => {
      fleet.judge(serverNow(), before.known);
      refresh();
    }, TICK_MS),
    window.setInterval(() => void readBefore(), BEFORE_EVERY_MS),
    window.setInterval(() => void side.readRefused(), REFUSED_EVERY_MS),
    window.setInterval(() => void readDevices().catch(fault), DEVICES_EVERY_MS),
  ];
}

function refresh(): void {
  shown = matching(fleet.units.values(), filters.filter);
  const empty = fleet.units.size === 0 ? t("list.empty") : t("list.none");
  list.show(shown, empty);
  const count = filters.filter.ids ? t("list.here", { count: shown.length }) : t("list.count", { shown: numberText(shown.length, language()), all: numberText(fleet.units.size, language()) });
  setText(byId("list-count"), count);
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
  showCounts(byId("counts"), fleet, side.recentRefusals(now), now);
}

function pick(id: string | null): void {
  selected = id;
  const unit = id === null ? null : (fleet.units.get(id) ?? null);
  list.select(id);
  map?.select(id, true);
  side.select(unit);
  if (unit && !document.activeElement?.closest(".pane-list")) openPane("side");
}

function pickWanted(): void {
  if (wanted === null || !fleet.units.has(wanted)) return;
  pick(wanted);
  wanted = null;
}

byId("list").addEventListener("click", () => openPane("side"));
byId("list").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && selected !== null) openPane("side");
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && selected !== null) pick(null);
  const typing = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    byId("find-text").focus();
  }
});

function fitWanted(): void {
  if (wantedBox === null || map === null) return;
  map.fitBox(wantedBox);
  openPane("map");
  wantedBox = null;
  fitNext = false;
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
