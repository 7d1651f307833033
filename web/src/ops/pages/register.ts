// One device: registered here, or by an installer with a claim's code.

import { all, get, post } from "../../api";
import { h } from "../../dom";
import { PlacePicker } from "../../map/place-picker";
import type { IssuedClaim, MadePassword, Session } from "../../record-shapes";
import type { Agency, Device, Model, Page, Place } from "../../shapes";
import { learn, t } from "../../text";
import { registerTexts } from "../../texts/ops/register";
import { may } from "../rights";
import { routeHash } from "../route";
import { agencyTitle, deviceTitle, modelTitle, setAgencies, setModels } from "../words";
import { ChangingPage } from "./changing-page";
import { issuedClaim } from "./issued-claim";
import { chosenOne, faultBox, field, formValues, idInput, secretLine } from "./parts";
import { newDeviceBody } from "./register-body";

learn(registerTexts);

/** Devices of an agency that are looked at for where it is. */
const LOOKED_AT = 50;
const DISTRICT_ZOOM = 12;

export class RegisterPage extends ChangingPage {
  private readonly map = h("div.map");
  private readonly lat = h("input", { name: "lat", inputmode: "decimal", autocomplete: "off", placeholder: "37.56640" });
  private readonly lon = h("input", { name: "lon", inputmode: "decimal", autocomplete: "off", placeholder: "126.97797" });
  private readonly picker: PlacePicker;

  constructor() {
    super("register");
    this.picker = new PlacePicker(this.map, this.lat, this.lon, () => this.lat.setCustomValidity(""));
  }

  protected async content(): Promise<readonly (HTMLElement | null)[]> {
    const [agencies, models, session] = await Promise.all([all<Agency>("/v1/agencies?limit=10000"), all<Model>("/v1/models?limit=10000"), get<Session>("/v1/session")]);
    setAgencies(agencies.items);
    setModels(models.items);
    const mine = agencies.items.map((one) => one.id).filter((id) => may(session, "install-devices", id));
    const form = this.form(session, mine, models.items.map((one) => one.id));
    return [h("a", { href: routeHash("devices") }, t("page.devices")), h("p.note", {}, t("register.lead")), form];
  }

  protected override drawn(): void {
    this.picker.open(null);
  }

  private form(session: Session, agencies: readonly string[], models: readonly string[]): HTMLElement {
    this.picker.fill(null);
    const agency = chosenOne("agency", agencies.map((id) => [id, agencyTitle(id)]));
    const proof = h("select", { name: "proof" }, ...(["password", "key", "claim"] as const).map((one) => h("option", { value: one }, t(`register.proof.${one}`))));
    const key = field(t("register.key"), h("textarea", { name: "key", required: true, rows: 3, spellcheck: "false", autocapitalize: "none" }));
    const place = h(
      "fieldset",
      { "aria-label": t("register.place") },
      field(t("register.address"), h("input", { name: "address", autocomplete: "off" })),
      field(t("register.lat"), this.lat),
      field(t("register.lon"), this.lon),
      h("p.note", {}, t("register.place.note")),
      h("div.place-map", {}, this.map, h("span.aim", { "aria-hidden": "true" })),
    );
    const send = h("button.primary", { type: "submit" });
    const choose = (): void => {
      key.hidden = proof.value !== "key";
      for (const input of key.querySelectorAll("textarea")) input.disabled = key.hidden;
      // Who brings it in says where it stands.
      place.hidden = place.disabled = proof.value === "claim";
      send.textContent = t(proof.value === "claim" ? "register.send.claim" : "register.send");
    };
    proof.addEventListener("change", choose);
    agency.addEventListener("change", () => void this.lookAt(agency.value));
    // A claim is made by those who manage devices.
    const offer = (): void => {
      const claims = proof.querySelector<HTMLOptionElement>('[value="claim"]');
      if (claims) claims.disabled = agency.value !== "" && !may(session, "manage-devices", agency.value);
    };
    agency.addEventListener("change", offer);
    offer();
    choose();
    const form = h(
      "form.page-filters.card",
      {},
      field(t("device.agency"), agency),
      field(t("device.model"), chosenOne("model", models.map((id) => [id, modelTitle(id)]))),
      field(t("register.id"), idInput("id", true)),
      field(t("record.name"), h("input", { name: "name", autocomplete: "off" })),
      field(t("register.proof"), proof),
      key,
      place,
      send,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(form);
    });
    return form;
  }

  private send(form: HTMLFormElement): void {
    const values = formValues(form);
    const place = this.picker.isBlank ? null : this.picker.read();
    if (values["proof"] !== "claim" && place === null && !this.picker.isBlank) {
      this.lat.setCustomValidity(t("register.place.fault"));
      this.lat.reportValidity();
      return;
    }
    void this.change(() => (values["proof"] === "claim" ? this.claim(values) : this.register(values, place)));
  }

  private async claim({ id = "", agency = "", model = "", name = "" }: Record<string, string>): Promise<void> {
    const issued = await post<IssuedClaim>("/v1/claims", { agency, model, device: id, note: name });
    this.tell(() => issuedClaim(issued));
  }

  private async register(values: Record<string, string>, place: Place | null): Promise<void> {
    const device = await post<Device>("/v1/devices", newDeviceBody(values, place));
    if (values["proof"] === "password") await this.makePassword(device);
    else this.tell(() => registered(device, null));
  }

  /** It is registered already: what fails here is tried again alone. */
  private async makePassword(device: Device): Promise<void> {
    try {
      const { password } = await post<MadePassword>(`/v1/devices/${encodeURIComponent(device.id)}/password`, {});
      this.tell(() => registered(device, password));
    } catch (error) {
      this.tell(() => h("div", {}, registered(device, null), faultBox(error, () => void this.makePassword(device))));
    }
  }

  /** Shows the district of the agency's devices, unless a place is chosen. */
  private async lookAt(agency: string): Promise<void> {
    if (agency === "" || !this.picker.isBlank) return;
    const wanted = new URLSearchParams({ agency, limit: String(LOOKED_AT) });
    const { items } = await get<Page<Device>>(`/v1/devices?${wanted}`).catch(() => ({ items: [] }));
    const place = items.find((one) => one.location !== null)?.location;
    if (place && this.picker.isBlank) this.picker.look(place, DISTRICT_ZOOM);
  }
}

function registered(device: Device, password: string | null): HTMLElement {
  const fact = (name: string, value: string): HTMLElement => h("div", {}, h("dt", {}, name), h("dd", {}, h("code", {}, value)));
  return h(
    "div.card.issued",
    {},
    h("p", {}, t("register.done", { name: deviceTitle(device) })),
    h("dl.facts", {}, fact(t("register.user"), device.id), fact(t("register.topic"), `devices/${device.id}/telemetry`)),
    ...(password === null ? [] : [h("p", {}, t("register.password")), secretLine(password)]),
    h("a", { href: routeHash("map", { device: device.id }) }, t("register.show")),
  );
}
