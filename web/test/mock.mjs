// A small stand-in for the platform, for the pages' own tests: the published
// endpoints with a deterministic fleet, and switches for empty, broken and cut
// states. Node only. `node test/mock.mjs [PORT]` serves it for a look by hand.

import { createReadStream, existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { mockClaims } from "./mock-claims.mjs";
import { BOUNDARIES, MockGroups } from "./mock-groups.mjs";
import { HEALTH, healthOf, healthSummary } from "./mock-health.mjs";
import { MODELS, MockModels } from "./mock-models.mjs";
import { MockPeople } from "./mock-people.mjs";
import { MockPhotos, picture } from "./mock-photos.mjs";
import { MockRecords } from "./mock-records.mjs";
import { FEATURES, auditCsv, mockSearch } from "./mock-search.mjs";
import { MockSensors } from "./mock-sensors.mjs";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml" };
const POLICY = "default-src 'self'; frame-ancestors 'none'";
export const TOKEN = "mdo_test-token";
export const INVITATION = "mdi_test-invitation";
export const PERSON = { name: "kim", password: "correct horse battery", code: "123456" };
/** Like a QR code, for the eye alone. */
const QR = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 29 29" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h29v29h-29z"/><path fill="#000" d="${Array.from({ length: 441 }, (_, i) => ((i * i) % 7 < 3 ? `M${4 + (i % 21)} ${4 + Math.floor(i / 21)}h1v1h-1z` : "")).join("")}"/></svg>`;

const NAMES = ["청담대교", "잠수교", "한강대교", "행주대교", "광진교", "올림픽대로", "강변북로", "남산공원", "여의도", "종로5가", "시청앞", "사직동"];

/** Unknown parameters are refused by name, as the platform does. */
const PARAMETERS = [
  [/^\/(datastreams|health)\/summary$/, []],
  [/^\/health\/devices$/, ["agency", "domain", "model", "group", "below", "reason", "limit", "cursor"]],
  [/^\/(models|agencies|operators|claims|batches|service-tokens|shares|things|datastreams|devices|latest)$/, ["limit", "cursor", "domain", "model", "agency", "device", "thing", "field", "bbox", "near", "status", "group"]],
  [/^\/models\/[^/]+$/, ["agency"]],
  [/^\/models\/[^/]+\/versions$/, ["limit", "cursor"]],
  [/^\/(boundaries|agencies\/[^/]+\/refinements|groups\/[^/]+\/devices)$/, ["limit", "cursor"]],
  [/^\/groups$/, ["agency", "limit", "cursor"]],
  [/^\/(refused|devices\/[^/]+\/events)$/, ["after", "limit"]],
  [/^\/devices\/[^/]+\/quarantine$/, ["limit", "cursor"]],
  [/^\/devices\/[^/]+\/sensors$/, ["limit", "cursor"]],
  [/^\/devices\/import$/, ["dry_run", "mode", "upsert"]],
  [/^\/search$/, ["q", "kind", "limit", "cursor"]],
  [/^\/audit$/, ["from", "to", "actor", "kind", "object", "agency", "order", "limit", "cursor"]],
  [/^\/aggregate$/, ["datastream", "field", "domain", "model", "agency", "device", "bbox", "near", "bucket", "fn", "tz", "from", "to"]],
  [/^\/stream$/, ["from_offset", "domain", "model", "agency", "bbox"]],
];
const unknownParameter = (path, query) => {
  const allowed = PARAMETERS.find(([pattern]) => pattern.test(path))?.[1] ?? [];
  return [...query.keys()].find((name) => !allowed.includes(name));
};

/** The datastream of the gauge that rises: the first of the first device. */
const RISING = 1;

const summary = (datastreams) => {
  const groups = new Map();
  for (const one of datastreams) groups.set(`${one.model} ${one.agency}`, [...(groups.get(`${one.model} ${one.agency}`) ?? []), one]);
  return [...groups.values()].map((group) => ({ domain: group[0].domain, model: group[0].model, agency: group[0].agency, fields: [...new Set(group.map((one) => one.field))].sort(), things: new Set(group.map((one) => one.thing)).size, datastreams: group.length, licences: ["KOGL-1"] }));
};
/** A deterministic number in 0..1. */
const noise = (seed) => {
  const x = Math.sin(seed * 127.1 + 11.7) * 43758.5453;
  return x - Math.floor(x);
};

function makeFleet(count, centre) {
  const devices = [];
  const datastreams = [];
  for (let i = 0; i < count; i++) {
    const model = MODELS[i % MODELS.length];
    const busan = centre === undefined && i % 5 === 4;
    const [lat, lon] = centre ?? (busan ? [35.17, 129.06] : [37.55, 126.98]);
    const spread = busan ? 0.07 : 0.1;
    const location = i % 97 === 96 ? null : { lat: lat + (noise(i) - 0.5) * 2 * spread, lon: lon + (noise(i + 0.5) - 0.5) * 3 * spread };
    const id = `${model.id.split(".")[1]}-${String(i + 1).padStart(4, "0")}`;
    const status = i === 5 ? "revoked" : "active";
    const device = { id, alias: null, thing: id, agency: busan ? "busan" : "seoul", model: model.id, tags: model.domain === "disaster" ? ["하천"] : [], name: `${NAMES[i % NAMES.length]} ${model.title.ko} ${i + 1}`, location, status, expires: null, created: "2026-05-01T00:00:00Z", visibility: "public", licence: "KOGL-1", attribution: "", credentials: [{ id: i, kind: "key", alg: "EdDSA" }], datastreams: [], last_seen: null, connection: i % 4 === 0 ? null : { since: "2026-05-01T00:00:00Z" } };
    devices.push(device);
    for (const one of model.fields) {
      const stream = { id: datastreams.length + 1, device: id, thing: id, agency: device.agency, domain: model.domain, model: model.id, field: one.name, unit: one.unit, kind: one.kind, title: one.title, extra: false, owner: device.agency, licence: "KOGL-1", attribution: "", visibility: "public", location };
      datastreams.push(stream);
      device.datastreams.push({ id: stream.id, field: one.name });
    }
  }
  return { devices, datastreams, byDevice: new Map(devices.map((device) => [device.id, datastreams.filter((stream) => stream.device === device.id)])) };
}

function valueAt(stream, time) {
  if (stream.kind === "text") return noise(stream.id) > 0.5 ? "on" : "fault";
  const base = { level: 3, discharge: 420, rain_10m: 1.2, speed: 48, volume: 320, occupancy: 18, available: 84, pm25: 24, pm10: 48, o3: 0.03, power: 62, battery: 88 }[stream.field] ?? 10;
  const wave = Math.sin(time / 3_600_000 + stream.id) * 0.2 + Math.sin(time / 60_000 + stream.id * 3) * 0.06;
  const value = base * (1 + wave + (noise(stream.id) - 0.5) * 0.4);
  return stream.unit === "1" || stream.unit === "{vehicle}" ? Math.round(value) : Math.round(value * 1000) / 1000;
}

export function startMock({ port = 0, devices = 300, centre, rate = 25, simulated = false } = {}) {
  const state = { mode: "normal", offset: 5_000, sessions: new Set(), streams: new Set(), resumed: [], requests: [], claims: [] };
  const claims = mockClaims(state);
  const fleet = makeFleet(devices, centre);
  const silent = new Set(fleet.devices.filter((_, i) => i % 53 === 52).map((device) => device.id));
  const never = new Set(fleet.devices.filter((_, i) => i % 101 === 100).map((device) => device.id));
  const records = new MockRecords(QR);
  const models = new MockModels();
  const people = new MockPeople(INVITATION);
  const sensors = new MockSensors();
  const photos = new MockPhotos();
  state.photos = photos;
  const started = Date.now();
  const seen = (device) => (never.has(device.id) ? null : new Date(silent.has(device.id) ? started - 3_600_000 : Date.now() - 1000 * (1 + noise(started + device.id.length) * 5)).toISOString());
  const shown = (device) => ({ ...device, last_seen: seen(device) });
  const groups = new MockGroups(fleet.devices, shown);
  const quality = (stream) => (stream.id % 61 === 0 ? "bad" : stream.id % 37 === 0 ? "uncertain" : stream.id % 71 === 0 ? "missing" : "good");
  const observation = (stream, time) => ({ phenomenon_time: new Date(time).toISOString(), result_time: new Date(time + 120).toISOString(), value: quality(stream) === "missing" ? null : valueAt(stream, time), quality: quality(stream), revision: 0, offset: state.offset });

  const timer = setInterval(() => {
    if (state.mode !== "normal") return;
    for (let i = 0; i < rate / 5; i++) emit();
  }, 200);
  let turn = 0;
  function emit() {
    const device = fleet.devices[(turn++ * 7) % fleet.devices.length];
    if (silent.has(device.id) || never.has(device.id) || device.status !== "active") return;
    state.offset += 1;
    const now = Date.now();
    const frame = { offset: state.offset, result_time: new Date(now).toISOString(), device: device.id, thing: device.thing, agency: device.agency, domain: device.model.split(".")[0], model: device.model, location: device.location, observations: fleet.byDevice.get(device.id).map((stream) => ({ datastream: stream.id, field: stream.field, unit: stream.unit, ...observation(stream, now) })) };
    for (const response of state.streams) response.write(`id: ${state.offset}\ndata: ${JSON.stringify(frame)}\n\n`);
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://mock");
    state.requests.push(`${request.method} ${url.pathname}`);
    if (url.pathname.startsWith("/__mock/")) return control(url, response);
    if (url.pathname.startsWith("/v1/")) return api(request, response, url);
    if (url.pathname === "/openapi.json") return json(response, 200, JSON.parse(readFileSync(new URL("./openapi.json", import.meta.url), "utf8")));
    page(response, url.pathname);
  });

  function control(url, response) {
    state.mode = url.pathname.slice("/__mock/".length);
    if (state.mode === "cut" || state.mode === "down") {
      for (const one of state.streams) one.destroy();
      state.streams.clear();
    }
    response.writeHead(204).end();
  }

  function page(response, path) {
    const name = { "/": "index.html", "/ops": "ops.html", "/docs": "docs.html", "/field": "field.html" }[path] ?? normalize(path).slice(1);
    const file = join(dist, name);
    if (!file.startsWith(dist) || !existsSync(file) || name === "") return response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": TYPES[extname(name)] ?? "application/octet-stream", "Content-Security-Policy": POLICY });
    createReadStream(file).pipe(response);
  }

  const json = (response, status, body, headers = {}) => response.writeHead(status, { "Content-Type": status >= 400 ? "application/problem+json" : "application/json", "X-Request-Id": "req-1", ...headers }).end(JSON.stringify(body));
  const problem = (response, status, detail) => json(response, status, { type: "/problems/test", title: "Fault", status, detail, request_id: "req-1" });
  const list = (response, items, url, more = {}) => {
    const limit = Number(url.searchParams.get("limit") ?? 100);
    const from = Number(url.searchParams.get("cursor") ?? 0);
    const rest = new URL(url);
    rest.searchParams.set("cursor", from + limit);
    json(response, 200, { items: items.slice(from, from + limit), next: from + limit < items.length ? `http://elsewhere.invalid${rest.pathname}${rest.search}` : null, ...more });
  };

  function api(request, response, url) {
    if (state.mode === "down") return request.socket.destroy();
    const operator = state.sessions.has(/madang_session=(\w+)/.exec(request.headers.cookie ?? "")?.[1]);
    const path = url.pathname.slice(3);
    const unknown = unknownParameter(path, url.searchParams);
    if (unknown !== undefined) return problem(response, 400, `there is no parameter ${unknown}`);
    if (path.startsWith("/invitation")) return invitation(path, request, response);
    if (path === "/claims/photos" && state.mode === "normal") return picture(request, (jpeg) => json(response, 201, photos.take("of-claim", jpeg, request.headers["claim-receipt"])));
    if (request.method === "POST" && path.startsWith("/claims/") && state.mode === "normal") return body(request, (asked) => claims(path, asked, (status, answer) => (status === 200 || status === 201 ? json(response, status, answer) : refused(response, status, answer))));
    if (path === "/session") return session(request, response, operator);
    if (state.mode === "broken") return problem(response, 500, "the store cannot be read");
    const empty = state.mode === "empty";
    if (path === "/platform") return json(response, 200, { name: "Madang", version: "0.1.0", audience: "madang", public_url: null, listeners: { mqtt: 1883, http: 8080 }, simulated });
    const [ofModels, modelId, versions] = /^\/models(?:\/([^/]+)(\/versions)?)?$/.exec(path) ?? [];
    const always = replies(response, url, false);
    if (ofModels && request.method === "POST") return body(request, (file) => models.add(file, always));
    if (ofModels) return models.read(modelId, versions, url.searchParams.get("agency"), always);
    if (path === "/boundaries") return list(response, empty ? [] : BOUNDARIES, url);
    const boundary = BOUNDARIES.find(({ name }) => path === `/boundaries/${name}`);
    if (boundary) return json(response, 200, boundary);
    if (path === "/stream") return stream(request, response, url);
    if (path === "/applications") return application(request, response);
    if (path === "/latest") {
      const items = fleet.datastreams.filter((one) => !never.has(one.device)).map((one) => ({ ...one, ...observation(one, silent.has(one.device) ? started - 3_600_000 : Date.now()) }));
      const chosen = (one) => ["model", "agency", "field"].every((name) => [null, one[name]].includes(url.searchParams.get(name)));
      return list(response, empty ? [] : items.filter(chosen), url, { offset: state.offset });
    }
    if (path === "/datastreams/summary") return list(response, empty ? [] : summary(fleet.datastreams), url);
    if (path === "/datastreams") return list(response, empty ? [] : fleet.datastreams, url);
    if (path === "/things") return list(response, empty ? [] : fleet.devices.filter((device) => [null, device.thing].includes(url.searchParams.get("thing"))).map((device) => ({ id: device.thing, name: device.name })), url);
    const observing = fleet.datastreams.find(({ id }) => path === `/datastreams/${id}`);
    if (observing) return json(response, 200, { ...observing, features: FEATURES.filter(({ things }) => things.includes(observing.thing)).map(({ id }) => id) });
    const feature = FEATURES.find(({ id }) => path === `/features/${id}`);
    if (feature) return json(response, 200, feature);
    if (path === "/aggregate") return aggregate(response, url);
    if (!operator) return problem(response, 401, "log in");
    if (path === "/devices/import") return importRows(request, response, url);
    if (path === "/search") return list(response, mockSearch(fleet.devices, url.searchParams), url);
    if (path === "/audit" && request.headers.accept === "text/csv") return auditTable(response, url);
    if (path === "/audit") return state.refusesAudit ? problem(response, 403, "read-audit is for the roles auditor and platform-administrator") : list(response, empty ? [] : AUDIT, url);
    const [ofRefinements, refiner, refinedId] = /^\/agencies\/([^/]+)\/refinements(?:\/(.+))?$/.exec(path) ?? [];
    if (ofRefinements && refinedId) return body(request, (wanted) => models.refine(refiner, refinedId, wanted, always));
    if (ofRefinements) return list(response, models.refinements(refiner), url);
    const reply = replies(response, url, empty);
    const answered = (by, ...named) => withBody(request, (wanted) => by.answer(request.method, ...named, wanted, reply));
    const asked = (one) => ["agency", "model", "status"].every((name) => [null, one[name]].includes(url.searchParams.get(name)));
    if (path === "/health/devices") return list(response, empty ? [] : healthOf(fleet.devices, url.searchParams), url);
    if (path === "/health/summary") return list(response, empty ? [] : healthSummary(fleet.devices), url);
    const group = url.searchParams.get("group");
    if (path === "/devices" && request.method === "POST") return body(request, (wanted) => register(response, wanted));
    if (path === "/devices") return list(response, empty ? [] : (group === null ? fleet.devices : groups.devicesOf(group)).filter(asked).map(shown), url);
    const [inGroups, groupId, groupPart] = /^\/groups(?:\/([^/]+)(?:\/(devices))?)?$/.exec(path) ?? [];
    if (inGroups) return answered(groups, groupId, groupPart);
    const [ofThing, photoThing, photoId] = /^\/things\/([^/]+)\/photos(?:\/(.+))?$/.exec(path) ?? [];
    if (ofThing) {
      if (request.method === "POST") return picture(request, (jpeg) => json(response, 201, photos.take(photoThing, jpeg)));
      if (request.method === "DELETE") return reply(204, photos.remove(photoId));
      if (photoId === undefined) return reply(200, photos.of(photoThing));
      return response.writeHead(200, { "Content-Type": "image/jpeg" }).end(photos.picture(photoId));
    }
    if (path.startsWith("/operators")) return answered(people, path);
    const [, of, one] = /^\/(claims|batches|agencies|service-tokens|shares)(?:\/(.+))?$/.exec(path) ?? [];
    if (of === "agencies") return withBody(request, (wanted) => records.answer(request.method, of, one, wanted, always));
    if (of) return answered(records, of, one);
    if (path === "/refused") {
      const after = Number(url.searchParams.get("after") ?? 0);
      return list(response, empty ? [] : REFUSED.filter((event) => event.sequence > after), url);
    }
    const [ofSensors, sensorsOf, sensorId, sensorPart] = /^\/devices\/([^/]+)\/sensors(?:\/(\d+)(?:\/(calibrations))?)?$/.exec(path) ?? [];
    if (ofSensors) return answered(sensors, sensorsOf, sensorId, sensorPart);
    const [, id, part] = /^\/devices\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
    const device = fleet.devices.find((one) => one.id === id);
    if (!device) return problem(response, 404, "no such device");
    if (part === "connection") return json(response, 200, connection(device));
    if (part === "events") return list(response, EVENTS, url);
    if (part === "quarantine") return list(response, QUARANTINE, url);
    if (part === "password") return json(response, 201, { credential: 9, password: "k7".repeat(21) + "k" });
    if (part === "health") return json(response, 200, { ...HEALTH, device: device.id });
    return json(response, 200, shown(device));
  }

  /** What a part of the mock answers: an array is a list, which is empty where all
   * are, a text the reason of a refusal. */
  const replies = (response, url, empty) => (status, value) => {
    if (status === 204) return response.writeHead(204).end();
    if (status >= 400) return problem(response, status, value);
    if (Array.isArray(value)) return list(response, empty ? [] : value, url);
    json(response, status, value);
  };

  /** Null where the request has none. */
  const withBody = (request, then) => (["POST", "PATCH", "PUT"].includes(request.method) ? body(request, then) : then(null));

  /** Takes every device but one whose id is taken. */
  function register(response, wanted) {
    if (fleet.devices.some((one) => one.id === wanted.id)) return problem(response, 409, `device ${wanted.id} exists`);
    const device = { alias: null, thing: wanted.id, tags: [], name: "", location: null, status: "active", expires: null, created: ago(0), visibility: "restricted", licence: "KOGL-1", attribution: "", credentials: [], datastreams: [], connection: null, ...wanted };
    state.registered = [...(state.registered ?? []), wanted];
    fleet.devices.push(device);
    fleet.byDevice.set(device.id, []);
    never.add(device.id);
    json(response, 201, shown(device));
  }

  /** One entry a page. */
  function auditTable(response, url) {
    const from = Number(url.searchParams.get("cursor") ?? 0);
    const next = new URL(url);
    next.searchParams.set("cursor", from + 1);
    const link = from + 1 < AUDIT.length ? { Link: `<http://elsewhere.invalid${next.pathname}${next.search}>; rel="next"` } : {};
    response.writeHead(200, { "Content-Type": "text/csv; charset=utf-8; header=present", ...link }).end(auditCsv(AUDIT.slice(from, from + 1)));
  }

  /** Every fourth device is not connected; every eighth stands behind a gateway. */
  function connection(device) {
    const number = fleet.devices.indexOf(device);
    const standing = device.connection !== null;
    const one = (value) => (standing ? value : null);
    const since = one(ago(7_200));
    return {
      device: device.id, connected: standing, since, address: one(`10.20.1.${number % 250}:49152`), listener: one("mqtts"), protocol: one("5"), client_id: one(device.id),
      keep_alive: one(60), session_expiry: one(3_600), assurance: one("key"), messages_in: one(14_231), messages_out: one(3), message_rate: one(0.217), dropped: one(0), queued: one(0), last_seen: seen(device),
      gateway: number % 8 === 0 ? { device: "gateway-1", connected: true, since: ago(90_000) } : null, last_disconnect: EVENTS[1], last_error: EVENTS[2],
    };
  }

  const ago = (seconds) => new Date(started - seconds * 1000).toISOString();
  const event = (sequence, seconds, kind, reason, cure, login) => ({ sequence, time: ago(seconds), device: null, login, address: `10.20.0.${sequence}:51${sequence}2`, listener: sequence % 3 ? "mqtt" : "coap", kind, reason, cure, head: null });
  const REFUSED = [event(1, 900, "refused", "the device is not registered", "register it by POST /v1/devices", "flow-9999"), event(2, 120, "refused", "the token expired 3 hours ago", "set the device's clock, or issue a new token", "air-0005"), event(3, 30, "tls-failed", "no TLS version in common", "use TLS 1.2 or later", "")];
  const EVENTS = [event(4, 400, "connected", "", "", "flow-0003"), event(5, 200, "disconnected", "keep-alive ran out", "check the network", "flow-0003"), event(6, 190, "refused", "the signature does not match any key", "register the device's new public key", "flow-0003")];
  const QUARANTINE = [{ offset: 4711, time: ago(300), unreadable: null, rejections: [{ index: 0, field: "speed", code: "wrong-type", message: "the value's type is not the model's" }], head: "" }];

  const AUDIT = [
    { number: 2, time: ago(60), actor: "person:kim", address: "192.0.2.1", means: "session", action: "device.patch", kind: "device", object: "flow-0003", agency: "seoul", before: { name: "flow-0003", place: "37.5665,126.9785" }, after: { name: "세종대로 1", place: "37.5665,126.9785" } },
    { number: 1, time: ago(90), actor: "operator", address: null, means: "start", action: "agency.create", kind: "agency", object: "seoul", agency: "seoul", before: null, after: { name: "서울특별시" } },
  ];

  /** A row of an agency that is not there has a fault. */
  function importRows(request, response, url) {
    let text = "";
    request.on("data", (part) => (text += part)).on("end", () => {
      const rows = text.trim().split("\n").slice(1).map((row) => row.split(","));
      const line = (value) => response.write(`${JSON.stringify(value)}\n`);
      response.writeHead(200, { "Content-Type": "application/x-ndjson" });
      line({ progress: { read: rows.length } });
      const bad = rows.flatMap((row, i) => (["seoul", "busan"].includes(row[1]) ? [] : [{ line: i + 2, device: row[0], column: "agency", code: "unknown-agency", message: `no agency ${row[1]}`, cure: "correct it" }]));
      for (const error of bad) line({ error });
      line({ progress: { checked: rows.length } });
      const dry = url.searchParams.get("dry_run") === "true";
      const none = !dry && url.searchParams.get("mode") === "all" && bad.length > 0;
      line({ report: { dry_run: dry, encoding: "utf-8", rows: rows.length, created: none ? 0 : rows.length - bad.length, updated: 0, unchanged: 0, faults: bad.length, errors: [] } });
      response.end();
    });
  }

  function session(request, response, operator) {
    if (request.method === "DELETE") {
      state.sessions.clear();
      return response.writeHead(204).end();
    }
    if (request.method === "GET") return operator ? json(response, 200, { principal: "operator", id: null, roles: [] }) : problem(response, 401, "log in");
    body(request, ({ token, name, password, code }) => {
      if (token === undefined) {
        if (name !== PERSON.name || password !== PERSON.password) return refused(response, 401, "wrong-name-or-password");
        if (code === undefined) return refused(response, 401, "code-needed");
        if (code !== PERSON.code) return refused(response, 401, "wrong-code");
      } else if (token !== TOKEN) return problem(response, 401, "this token is not valid");
      const id = `s${state.sessions.size}x`;
      state.sessions.add(id);
      json(response, 201, { principal: "operator" }, { "Set-Cookie": `madang_session=${id}; HttpOnly; SameSite=Lax; Path=/` });
    });
  }

  const refused = (response, status, code) => json(response, status, { type: "/problems/x", title: code, status, detail: code, code });

  /** One that can always be taken. */
  function invitation(path, request, response) {
    body(request, ({ invitation, password, code }) => {
      if (invitation !== INVITATION) return refused(response, 404, "unknown-invitation");
      if (path === "/invitation") return json(response, 200, { id: PERSON.name, name: "김민수", secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", uri: "otpauth://totp/Madang:kim", qr: QR, code_required: true, expires: ago(-86_400) });
      if (password.length < 12) return refused(response, 400, "poor-password");
      if (code !== PERSON.code) return refused(response, 400, "wrong-code");
      json(response, 201, { id: PERSON.name, recovery_codes: Array.from({ length: 10 }, (_, i) => `x7k${i % 10}-09qa-mm4t-5w3v`) });
    });
  }

  function application(request, response) {
    body(request, ({ name, contact }) => {
      if (name === "quota") return json(response, 429, { type: "/problems/quota", title: "Quota", status: 429, detail: "too many applications" }, { "Retry-After": "30" });
      json(response, 201, { id: "app-1", name, contact, created: ago(0), key: { id: "k1", key: "mdk_k1_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0_9f8e7d", kind: "secret", origins: [], created: ago(0), expires: null } });
    });
  }

  function body(request, then) {
    let text = "";
    request.on("data", (part) => (text += part)).on("end", () => then(JSON.parse(text)));
  }

  function stream(request, response, url) {
    if (state.mode === "cut") return problem(response, 503, "no streams now");
    state.resumed.push(request.headers["last-event-id"] ?? url.searchParams.get("from_offset"));
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write("retry: 300\n: keep-alive\n\n");
    state.streams.add(response);
    response.on("close", () => state.streams.delete(response));
  }

  function aggregate(response, url) {
    const asked = url.searchParams.get("datastream").split(",").map((id) => fleet.datastreams[Number(id) - 1]);
    const [one] = asked;
    const functions = url.searchParams.get("fn").split(",");
    const [, count, letter] = /^(\d+)([smhd])$/.exec(url.searchParams.get("bucket"));
    const step = Number(count) * { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[letter];
    const [from, to] = [Date.parse(url.searchParams.get("from")), Date.parse(url.searchParams.get("to"))];
    const items = [];
    for (let start = from; start < to; start += step) {
      if ((start - from) / (to - from) > 0.4 && (start - from) / (to - from) < 0.47) continue;
      for (const stream of asked) {
        const avg = Number(valueAt(stream, start));
        // The first gauge was two metres lower than now, at whatever time of
        // the day its wave falls.
        const first = stream.id === RISING ? Number(valueAt(stream, to)) - 2 : avg;
        const all = { avg, min: avg * 0.97, max: avg * 1.04, first };
        items.push({ start: new Date(start).toISOString(), end: new Date(start + step).toISOString(), datastream: stream.id, ...Object.fromEntries(functions.map((name) => [name, all[name]])) });
      }
    }
    json(response, 200, { items, next: null, unit: one.unit });
  }

  return new Promise((resolve) => {
    server.listen(port, "127.0.0.1", () => {
      resolve({
        url: `http://127.0.0.1:${server.address().port}`,
        state,
        close: () => {
          clearInterval(timer);
          server.closeAllConnections();
          return new Promise((done) => server.close(done));
        },
      });
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startMock({ port: Number(process.argv[2] ?? 8090) });
  console.log(`${url}/  ${url}/ops#token=${TOKEN}  ${url}/docs`);
}
