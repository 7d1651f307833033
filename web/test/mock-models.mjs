// The mock's data models: read, added, and refined by an agency for its own devices.

import { AGENCIES } from "./mock-records.mjs";

const field = (name, unit, en, ko, kind = "number") => ({ name, unit, kind, codes: [], min: null, max: null, expected_interval_s: null, title: { en, ko } });
const COMMON = [field("battery", "%", "Battery", "배터리 잔량")];
export const MODELS = [
  { id: "disaster.water-level", title: { en: "Water level", ko: "하천 수위" }, fields: [field("level", "m", "Water level", "수위"), field("discharge", "m3/s", "Discharge", "유량")] },
  { id: "disaster.rain", title: { en: "Rain", ko: "강우량" }, fields: [field("rain_10m", "mm", "Rain in 10 min", "10분 강수량")] },
  { id: "traffic.flow", title: { en: "Traffic flow", ko: "교통 흐름" }, fields: [{ ...field("speed", "km/h", "Mean speed", "평균 속도"), min: 0, max: 250 }, field("volume", "{vehicle}", "Volume", "교통량"), field("occupancy", "%", "Occupancy", "점유율")] },
  { id: "traffic.parking", title: { en: "Parking", ko: "주차장" }, fields: [field("available", "1", "Free spaces", "주차 가능 면수")] },
  { id: "safety.air", title: { en: "Air quality", ko: "대기질" }, fields: [field("pm25", "ug/m3", "PM2.5", "초미세먼지(PM2.5)"), field("pm10", "ug/m3", "PM10", "미세먼지(PM10)"), field("o3", "[ppm]", "Ozone", "오존")] },
  { id: "safety.lamp", title: { en: "Street lamp", ko: "가로등" }, fields: [field("power_state", null, "Power state", "전원 상태", "text"), field("power", "W", "Power", "소비 전력")] },
].map((model) => ({ ...model, domain: model.id.split(".")[0], version: 1, agency: null, purpose: null, owner: null, licence: null, expected_interval_s: null, retention_days: 1095, fields: [...model.fields, ...COMMON] }));


export class MockModels {
  #models = MODELS;
  /** By agency, then by model. */
  #refined = { seoul: { "disaster.rain": { version: 2, refinement: { expected_interval_s: 60 } } }, busan: {} };

  /** `reply(status, body)`: an array is a list, a text the reason of a refusal. */
  read(id, versions, agency, reply) {
    if (id === undefined) return reply(200, this.#models);
    if (versions) return reply(200, [{ version: 1, created: "2026-05-01T00:00:00Z", origin: "builtin", agency: null, changes: [{ change: "range", field: "speed", message: "field speed has another range" }] }]);
    reply(200, this.#of(agency, id));
  }

  /** Takes every model but one of an agency that is not there. */
  add(file, reply) {
    const agency = file.id.split("~")[1] ?? null;
    if (agency !== null && !AGENCIES.some(({ id }) => id === agency)) return reply(400, `no agency ${agency}`);
    const { version } = this.#models.find((one) => one.id === file.id) ?? { version: 0 };
    const fields = file.fields.map((one) => ({ unit: null, min: null, max: null, expected_interval_s: null, ...one }));
    const model = { ...MODELS[0], ...file, agency, domain: file.id.split(".")[0], version: version + 1, fields };
    this.#models = [...this.#models.filter((one) => one.id !== file.id), model];
    reply(201, { ...model, changes: [{ change: "field-added", field: "lane", message: "field lane is new" }] });
  }

  refinements(agency) {
    return Object.entries(this.#refined[agency]).map(([model, one]) => ({ model, ...one }));
  }

  /** Takes every refinement but one with a wider range. */
  refine(agency, id, refinement, reply) {
    const { fields } = this.#models.find((one) => one.id === id);
    const wider = refinement.fields?.find(({ name, max }) => max > (fields.find((one) => one.name === name).max ?? Infinity));
    if (wider) return reply(400, `the range of field ${wider.name} is wider than the model's`);
    const version = (this.#refined[agency][id]?.version ?? 1) + 1;
    this.#refined[agency][id] = { version, refinement };
    reply(200, { ...this.#of(agency, id), changes: [] });
  }

  /** The model as the agency's devices have it. */
  #of(agency, id) {
    const model = this.#models.find((one) => one.id === id);
    const { version, refinement } = this.#refined[agency]?.[id] ?? { version: model.version, refinement: {} };
    const { fields: said = [], ...own } = refinement;
    return { ...model, ...own, version, refined_by: agency, fields: model.fields.map((one) => ({ ...one, ...said.find(({ name }) => name === one.name) })) };
  }
}
