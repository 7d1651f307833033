// The mock's records that operators make and end.

const YEAR_2030 = "2030-01-01T00:00:00Z";

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
};

export class MockRecords {
  #items = Object.fromEntries(Object.entries(RECORDS).map(([of, { first }]) => [of, [...first]]));

  constructor(qr) {
    this.qr = qr;
  }

  /** A list, or what is made, changed and ended. */
  answer(request, of, id, reply) {
    const { made, issued, ended } = RECORDS[of];
    const items = this.#items[of];
    if (request.method === "GET") return reply(200, items);
    if (request.method === "DELETE") {
      this.#items[of] = items.flatMap((one) => (one.id === id ? (ended(one) ?? []) : [one]));
      return reply(204, null);
    }
    let text = "";
    request.on("data", (part) => (text += part)).on("end", () => {
      const record = made(JSON.parse(text), `new-${items.length}`);
      items.push(record);
      reply(201, issued(record, this.qr));
    });
  }
}
