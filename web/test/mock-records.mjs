// The mock's records that operators make and end.

const YEAR_2030 = "2030-01-01T00:00:00Z";

export const AGENCIES = [
  { id: "seoul", name: "서울특별시", retention_days: { "traffic.flow": 400 } },
  { id: "busan", name: "부산광역시", retention_days: {} },
];

const RECORDS = {
  claims: {
    first: [
      { id: "c1", agency: "seoul", model: "traffic.flow", device: null, note: "세종대로 1, 가로등 17", state: "used", expires: YEAR_2030, used_by: "flow-0003" },
      { id: "c2", agency: "busan", model: "safety.air", device: "air-9", note: "", state: "revoked", expires: YEAR_2030, used_by: null },
    ],
    made: (wanted, id) => ({ id, device: null, note: "", state: "open", expires: YEAR_2030, used_by: null, ...wanted }),
    issued: (claim, qr) => ({ claim, code: "7KQ4-WM2X-9CRT", qr }),
    ended: (claim) => ({ ...claim, state: "revoked" }),
  },
  batches: {
    first: [{ id: "b1", agency: "seoul", model: "safety.lamp", id_prefix: "a12-", name: "Maker A, lot 12", devices: 500, enrolled: 214, expires: YEAR_2030, revoked: null }],
    made: (wanted, id) => ({ id, id_prefix: null, name: "", enrolled: 0, revoked: null, ...wanted }),
    issued: (batch) => ({ batch, credential: `mdb_${"k7".repeat(24)}` }),
    ended: (batch) => ({ ...batch, revoked: batch.expires }),
  },
  "service-tokens": {
    first: [{ id: "t1", name: "관제실", agency: "seoul", roles: [{ role: "viewer", agency: "seoul" }], until: YEAR_2030 }],
    made: (wanted, id) => ({ id, agency: null, ...wanted }),
    issued: (token) => ({ ...token, token: `mdt_${"k7".repeat(24)}` }),
    ended: () => null,
  },
  shares: {
    first: [
      { id: "s1", agency: "seoul", to: "busan", model: null, group: "han-river", position: "exact", until: null, state: "active" },
      { id: "s2", agency: "busan", to: "seoul", model: "traffic.flow", group: null, position: "coarse", until: "2026-01-01T00:00:00Z", state: "ended" },
    ],
    made: (wanted, id) => ({ id, model: null, group: null, until: null, state: "active", ...wanted }),
    issued: (share) => share,
    ended: () => null,
  },
  agencies: {
    first: AGENCIES,
    made: (wanted) => ({ retention_days: {}, ...wanted }),
    issued: (agency) => agency,
  },
};

/** Null takes an agency's own word back. */
function change(agency, { retention_days }) {
  const days = Object.entries({ ...agency.retention_days, ...retention_days }).filter(([, count]) => count !== null);
  return Object.assign(agency, { retention_days: Object.fromEntries(days) });
}

export class MockRecords {
  #items = Object.fromEntries(Object.entries(RECORDS).map(([of, { first }]) => [of, structuredClone(first)]));

  constructor(qr) {
    this.qr = qr;
  }

  /** A list, or what is made, changed and ended; `reply(status, body)`. */
  answer(method, of, id, wanted, reply) {
    const { made, issued, ended } = RECORDS[of];
    const items = this.#items[of];
    if (method === "GET") return reply(200, items);
    if (method === "DELETE") {
      this.#items[of] = items.flatMap((one) => (one.id === id ? (ended(one) ?? []) : [one]));
      return reply(204, null);
    }
    if (method === "PATCH") return reply(200, change(items.find((one) => one.id === id), wanted));
    const record = made(wanted, `new-${items.length}`);
    items.push(record);
    reply(201, issued(record, this.qr));
  }
}
