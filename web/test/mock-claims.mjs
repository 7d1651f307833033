// The installers' part of the mock: one claim, its device, and its first data.

export const CODE = "2222-2222-2222";
export const USED = "3333-3333-333C";
const NOTE = "세종대로 1, 가로등 17";

/** Answers by `reply(status, body or code of the refusal)`; `state.claims` has
 * each redemption, and the device sends once `state.firstData` is set. */
export function mockClaims(state) {
  return (path, asked, reply) => {
    if (path === "/claims/first-data") return reply(200, { device: "lamp-17", last_seen: state.firstData ?? null });
    if (asked.code === USED) return reply(409, "claim-used");
    if (asked.code !== CODE) return reply(404, "unknown-ticket");
    if (path === "/claims/read") return reply(200, { agency: "seoul", model: "safety.lamp", title: { en: "Street lamp", ko: "가로등" }, device: null, note: NOTE, expires: "2027-01-01T00:00:00Z" });
    state.claims.push(asked.device);
    reply(201, { device: asked.device.id, agency: "seoul", model: "safety.lamp", name: asked.device.id, telemetry: `devices/${asked.device.id}/telemetry`, receipt: "claim-1.receipt" });
  };
}
