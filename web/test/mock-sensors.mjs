// The mock's sensors: one device has one that was calibrated.

const calibration = (wanted) => ({ by: null, certificate: null, valid_until: null, expired: false, result: null, note: null, ...wanted });

export class MockSensors {
  #sensors = [
    {
      id: 1, device: "air-0005", name: "미세먼지 센서", maker: "Sensirion", model: "SPS30", serial: "0A2B33", note: null, datasheet: "https://sensor.example/sps30.pdf",
      datastreams: [], installed_at: "2026-01-10T00:00:00Z", removed_at: null,
      calibrations: [calibration({ at: "2025-04-20T00:00:00Z", by: "KTL", certificate: "25-0042", valid_until: "2026-04-20T00:00:00Z", expired: true, result: "gain 1.02" })],
    },
  ];

  /** `reply(status, body)`: an array is a list. */
  answer(method, device, sensor, part, wanted, reply) {
    const of = this.#sensors.filter((one) => one.device === device);
    if (sensor === undefined && method === "GET") return reply(200, of.map(({ calibrations, ...rest }) => rest));
    if (sensor === undefined) {
      const made = { id: of.length + 1, device, maker: null, model: null, serial: null, note: null, datasheet: null, installed_at: "2026-05-01T00:00:00Z", removed_at: null, calibrations: [], ...wanted };
      this.#sensors.push(made);
      return reply(201, made);
    }
    const one = of.find(({ id }) => String(id) === sensor);
    if (!one) return reply(404, `There is no sensor ${sensor}.`);
    if (part === "calibrations") {
      one.calibrations.push(calibration(wanted));
      return reply(201, one.calibrations.at(-1));
    }
    reply(200, Object.assign(one, wanted));
  }
}
