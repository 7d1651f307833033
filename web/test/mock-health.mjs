// The mock's scores of health: of every tenth device the value stands still and
// the battery runs low, and every tenth has never sent anything.

/** A device whose value stands still, and whose battery runs low. */
export const HEALTH = {
  score: 70, from: "2026-05-01T00:00:00Z", to: "2026-05-02T00:00:00Z", datastreams: [],
  parts: [
    { part: "seen", score: 100, weight: 100, points: 0, value: 21.5, unit: "s", fine: 180, worst: 1800, field: null },
    { part: "stuck", score: 50, weight: 50, points: 25, value: 18, unit: "h", fine: 3, worst: 12, field: "speed" },
    { part: "battery", score: 75, weight: 20, points: 5, value: 24, unit: "%", fine: 30, worst: 5, field: "battery" },
  ],
  reasons: [
    { code: "stuck", part: "stuck", points: 25, value: 18, usual: 3, unit: "h", field: "speed", text: "speed has not changed for 18 hours; up to 3 would be usual." },
    { code: "battery-low", part: "battery", points: 5, value: 24, usual: 30, unit: "%", field: "battery", text: "The battery has 24 % left." },
  ],
  left_out: [{ part: "signal", code: "not-reported", text: "The device does not report it." }],
};

const AT = "2026-05-02T00:00:00Z";

function kept({ id, name, agency, model }, number) {
  const of = (score, band, reasons) => ({ device: id, name, agency, model, score, band, at: AT, reasons, datastreams: [] });
  if (number % 10 === 3) return of(HEALTH.score, "fair", HEALTH.reasons);
  return number % 10 === 7 ? of(0, "poor", []) : of(100, "good", []);
}

const codes = (one) => (one.score === 0 ? ["never"] : one.reasons.map(({ code }) => code));

/** Worst first, as the parameters narrow it. */
export function healthOf(devices, asked) {
  const passes = (one) =>
    ["agency", "model"].every((name) => [null, one[name]].includes(asked.get(name))) &&
    (!asked.has("below") || one.score < Number(asked.get("below"))) &&
    (!asked.has("reason") || codes(one).includes(asked.get("reason")));
  return devices.map(kept).filter(passes).sort((a, b) => a.score - b.score);
}

export function healthSummary(devices) {
  const scores = devices.map(kept);
  return [...new Set(scores.map(({ agency }) => agency))].map((agency) => {
    const own = scores.filter((one) => one.agency === agency);
    const count = (band) => own.filter((one) => one.band === band).length;
    return { agency, devices: own.length + 1, good: count("good"), fair: count("fair"), poor: count("poor"), unknown: 1, reasons: {}, oldest: AT };
  });
}
