// The mock's groups: made, read, and ended; a query is looked at as it stands.

const ALL = { model: null, tag: null, bbox: null, boundary: null, text: null };

const inBox = (place, [west, south, east, north]) => place !== null && place.lon >= west && place.lon <= east && place.lat >= south && place.lat <= north;

const passes = (device, { model, tag, bbox, boundary, text }) =>
  (model === null || device.model === model) &&
  (tag === null || device.tags.includes(tag)) &&
  (bbox === null || inBox(device.location, bbox)) &&
  (boundary === null || inBox(device.location, BOUNDARIES.find(({ name }) => name === boundary).bbox)) &&
  (text === null || `${device.id} ${device.name}`.includes(text));

export const BOUNDARIES = [
  { name: "seoul-jongno", title: { en: "Jongno-gu", ko: "종로구" }, bbox: [126.948, 37.566, 127.023, 37.632], vertices: 4, changed: "2026-05-01T00:00:00Z" },
  { name: "busan-haeundae", title: { en: "Haeundae-gu", ko: "해운대구" }, bbox: [129.1, 35.14, 129.24, 35.26], vertices: 4, changed: "2026-05-01T00:00:00Z" },
];

export class MockGroups {
  #groups = new Map();

  /** `shown(device)` is what a list answers of it. */
  constructor(devices, shown) {
    this.devices = devices;
    this.shown = shown;
    this.#make({ id: "han-river", agency: "seoul", name: "한강 수위", query: { model: "disaster.water-level", tag: "하천" } });
    this.#make({ id: "jongno", agency: "seoul", name: "종로구 · Jongno", query: { boundary: "seoul-jongno" } });
    this.#make({ id: "spring", agency: "busan", name: "봄 점검", devices: devices.filter((one) => one.agency === "busan").slice(0, 3).map((one) => one.id) });
  }

  #make({ id, agency, name, devices, query }) {
    const group = { id, agency, name, listed: devices?.length ?? null, query: query ? { ...ALL, ...query } : null, created: "2026-05-01T00:00:00Z" };
    this.#groups.set(id, { group, devices });
    return group;
  }

  /** Of its own agency alone. */
  devicesOf(id) {
    const { group, devices } = this.#groups.get(id);
    return this.devices.filter((one) => one.agency === group.agency && (devices?.includes(one.id) ?? passes(one, group.query)));
  }

  /** `reply(status, body)`: an array is a list, a text the reason of a refusal. */
  answer(method, id, part, asked, reply) {
    const agency = asked?.agency ?? this.#groups.get(id)?.group.agency;
    const strange = asked?.devices?.find((device) => !this.devices.some((one) => one.id === device && one.agency === agency));
    if (strange !== undefined) return reply(400, `agency ${agency} has no device ${strange}`);
    if (method === "POST") return this.#groups.has(asked.id) ? reply(409, `group ${asked.id} exists`) : reply(201, this.#make(asked));
    if (id === undefined) return reply(200, [...this.#groups.values()].map(({ group }) => group).sort((a, b) => (a.id < b.id ? -1 : 1)));
    if (!this.#groups.has(id)) return reply(404, `There is no group ${id}.`);
    if (method === "PATCH") {
      const { group, devices } = this.#groups.get(id);
      const { name = group.name, ...members } = asked;
      const kept = Object.keys(members).length > 0 ? members : { devices, query: group.query };
      return reply(200, this.#make({ id, agency: group.agency, name, ...kept }));
    }
    if (method === "DELETE") return reply(204, this.#groups.delete(id));
    reply(200, part === "devices" ? this.devicesOf(id).map(this.shown) : this.#groups.get(id).group);
  }
}
