// The sensors of one device, with their calibrations. The address names the device.

import { get, patch, post } from "../../api";
import { h } from "../../dom";
import { dateTimeText } from "../../format";
import type { Session } from "../../record-shapes";
import type { Calibration, Device, Page, Sensor } from "../../shapes";
import { learn, t } from "../../text";
import { sensorsTexts } from "../../texts/ops/sensors";
import { may } from "../rights";
import { routeHash } from "../route";
import { deviceTitle, fieldTitle } from "../words";
import { ChangingPage } from "./changing-page";
import { field, formValues, table } from "./parts";
import { newCalibrationBody, newSensorBody } from "./sensor-body";

learn(sensorsTexts);

/** Sensors of a device that are shown, each read with all its calibrations. */
const SHOWN = 50;

export class SensorsPage extends ChangingPage {
  private device = "";

  constructor() {
    super("sensors");
  }

  override show(host: HTMLElement, query: URLSearchParams): void {
    const device = query.get("device") ?? "";
    if (device !== this.device) this.tell(null);
    this.device = device;
    super.show(host, query);
  }

  protected async content(): Promise<readonly (HTMLElement | null)[]> {
    const path = devicePath(this.device);
    const [device, listed, session] = await Promise.all([get<Device>(path), get<Page<Sensor>>(`${path}/sensors?limit=${SHOWN}`), get<Session>("/v1/session")]);
    const sensors = await Promise.all(listed.items.map((one) => get<Sensor>(sensorPath(one))));
    const manages = may(session, "install-devices", device.agency);
    return [
      h("a", { href: routeHash("map", { device: device.id }) }, deviceTitle(device)),
      sensors.length === 0 ? h("p.empty", {}, t("sensors.none")) : h("div.cards", {}, ...sensors.reverse().map((one) => this.sensor(one, device, manages))),
      manages ? this.newSensor(device) : null,
    ];
  }

  private sensor(sensor: Sensor, device: Device, manages: boolean): HTMLElement {
    const fact = (name: string, value: string | null): HTMLElement | null => (value === null ? null : h("div", {}, h("dt", {}, name), h("dd", {}, value)));
    const sheet = sensor.datasheet;
    return h(
      "section.card",
      {},
      h("h2", {}, sensor.name),
      h(
        "dl.facts",
        {},
        fact(t("sensors.serial"), sensor.serial),
        fact(t("sensors.maker"), sensor.maker),
        fact(t("sensors.model"), sensor.model),
        fact(t("sensors.measures"), measured(sensor, device)),
        fact(t("sensors.installed"), dayText(sensor.installed_at)),
        fact(t("sensors.removed"), sensor.removed_at === null ? null : dayText(sensor.removed_at)),
        fact(t("sensors.note"), sensor.note),
      ),
      sheet !== null && /^https?:/.test(sheet) && h("a", { href: sheet, target: "_blank", rel: "noopener noreferrer" }, t("sensors.datasheet")),
      h("h3", {}, t("sensors.calibrations")),
      calibrations(sensor.calibrations ?? []),
      manages && sensor.removed_at === null && this.changes(sensor),
    );
  }

  private changes(sensor: Sensor): HTMLElement {
    const take = (): void => {
      if (confirm(t("sensors.sure", { name: sensor.name }))) void this.change(() => patch(sensorPath(sensor), { removed_at: new Date().toISOString() }));
    };
    const form = h(
      "form.page-filters",
      {},
      field(t("sensors.at"), h("input", { name: "at", type: "date", required: true })),
      field(t("sensors.by"), h("input", { name: "by", autocomplete: "off" })),
      field(t("sensors.certificate"), h("input", { name: "certificate", autocomplete: "off" })),
      field(t("sensors.until.day"), h("input", { name: "valid_until", type: "date" })),
      field(t("sensors.result"), h("input", { name: "result", autocomplete: "off" })),
      h("button.primary", { type: "submit" }, t("sensors.record")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.change(() => post(`${sensorPath(sensor)}/calibrations`, newCalibrationBody(formValues(form))));
    });
    return h("div", {}, h("details.edit", {}, h("summary", {}, t("sensors.calibrate")), form), h("span.actions", {}, h("button", { type: "button", onclick: take }, t("sensors.take"))));
  }

  private newSensor(device: Device): HTMLElement {
    const choices = (device.datastreams ?? []).map((one) => h("label.check", {}, h("input", { type: "checkbox", name: `datastream.${one.id}` }), " ", fieldTitle(device.model, one.field)));
    const text = (name: string, label: string, required = false): HTMLElement => field(label, h("input", { name, required, autocomplete: "off" }));
    const form = h(
      "form.page-filters.card",
      {},
      text("name", t("record.name"), true),
      text("serial", t("sensors.serial")),
      text("maker", t("sensors.maker")),
      text("model", t("sensors.model")),
      field(t("sensors.installed.day"), h("input", { name: "installed_at", type: "date" })),
      h("fieldset.checks", {}, h("legend", {}, t("sensors.measures")), ...choices),
      h("button.primary", { type: "submit" }, t("record.add")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.change(() => post(`${devicePath(device.id)}/sensors`, newSensorBody(formValues(form))));
    });
    return h("section", {}, h("h2", {}, t("sensors.new")), h("p.note", {}, t("sensors.lead")), form);
  }
}

const devicePath = (id: string): string => `/v1/devices/${encodeURIComponent(id)}`;
const sensorPath = ({ device, id }: Sensor): string => `${devicePath(device)}/sensors/${id}`;
const dayText = (time: string): string => dateTimeText(new Date(time));

/** In the reader's words, the fields that it measures. */
function measured(sensor: Sensor, device: Device): string {
  const fields = new Map((device.datastreams ?? []).map((one) => [one.id, one.field]));
  return sensor.datastreams.map((id) => fieldTitle(device.model, fields.get(id) ?? String(id))).join(", ");
}

/** The newest first. */
function calibrations(all: readonly Calibration[]): HTMLElement {
  if (all.length === 0) return h("p.empty", {}, t("sensors.calibrations.none"));
  const until = ({ valid_until: time, expired }: Calibration): string => (time === null ? "–" : expired ? t("sensors.expired", { time: dayText(time) }) : dayText(time));
  const rows = [...all].reverse().map((one) => [dayText(one.at), one.by ?? "–", one.certificate ?? "–", until(one), one.result ?? one.note ?? "–"]);
  return table(t("sensors.calibrations"), [t("sensors.at"), t("sensors.by"), t("sensors.certificate"), t("sensors.until"), t("sensors.result")], rows);
}
