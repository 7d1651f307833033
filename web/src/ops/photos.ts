// Photos of a device's place: shown, added and removed.

import { ApiError, get, remove, request } from "../api";
import { h } from "../dom";
import { faultText } from "../faults";
import { dateTimeText } from "../format";
import { scaled } from "../photo";
import type { Session } from "../record-shapes";
import type { Device, Page, Photo } from "../shapes";
import { t } from "../text";
import { may } from "./rights";

/** Photos that a thing may have. */
const MOST_PHOTOS = 4;

export class PhotosSection {
  readonly element = h("section.photos");
  private device: Device | null = null;
  private photos: readonly Photo[] = [];
  private session: Session | null = null;
  private fault = "";
  /** What is drawn, so that pictures do not flicker each time they are read. */
  private drawnFor = "";

  /** Of another device, or of none. */
  show(device: Device | null): void {
    if (device?.id === this.device?.id) return;
    Object.assign(this, { device, photos: [], fault: "", drawnFor: "" });
    this.element.replaceChildren();
  }

  async read(): Promise<void> {
    const { device } = this;
    if (device === null) return;
    const [photos, session] = await Promise.all([get<Page<Photo>>(path(device)), this.session ?? get<Session>("/v1/session")]);
    if (device !== this.device) return;
    Object.assign(this, { photos: photos.items, session });
    this.draw();
  }

  /** In the language that is on. */
  redraw(): void {
    this.drawnFor = "";
    this.draw();
  }

  private draw(): void {
    const { device, session } = this;
    if (device === null || session === null) return;
    const key = `${device.id} ${this.photos.map((one) => one.id).join(" ")} ${this.fault}`;
    if (key === this.drawnFor) return;
    this.drawnFor = key;
    const adds = may(session, "install-devices", device.agency) && this.photos.length < MOST_PHOTOS;
    const items = this.photos.map((photo) => this.item(device, photo, may(session, "manage-devices", device.agency)));
    this.element.replaceChildren(
      h("div.head-row", {}, h("h3", {}, t("photos.head")), adds && this.adder(device)),
      items.length === 0 ? h("p.empty", {}, t("photos.none")) : h("ul", {}, ...items),
      this.fault === "" ? "" : h("p.fault", { role: "alert" }, this.fault),
    );
  }

  private item(device: Device, photo: Photo, removable: boolean): HTMLElement {
    const address = `${path(device)}/${encodeURIComponent(photo.id)}`;
    const added = dateTimeText(new Date(photo.added));
    const picture = h("img", { src: address, width: photo.width, height: photo.height, loading: "lazy", alt: t("photos.alt", { time: added }) });
    const end = (): void => {
      if (confirm(t("photos.sure"))) void this.change(() => remove(address));
    };
    return h("li", {}, h("a", { href: address, target: "_blank", rel: "noopener" }, picture), h("small", {}, added), removable && h("button.quiet", { type: "button", onclick: end }, t("photos.remove")));
  }

  private adder(device: Device): HTMLElement {
    const picker = h("input.off-screen", { type: "file", accept: "image/*" });
    picker.addEventListener("change", () => {
      const file = picker.files?.[0];
      if (file) void this.change(async () => this.add(device, await scaled(file)));
    });
    return h("label.button.small", {}, picker, t("photos.add"));
  }

  private add(device: Device, jpeg: Blob): Promise<unknown> {
    return request(path(device), { method: "POST", body: jpeg, headers: { "Content-Type": "image/jpeg" } });
  }

  private async change(run: () => Promise<unknown>): Promise<void> {
    this.fault = "";
    try {
      await run();
      await this.read();
    } catch (error) {
      this.fault = error instanceof ApiError ? faultText(error) : t("photos.unreadable");
    }
    this.redraw();
  }
}

const path = (device: Device): string => `/v1/things/${encodeURIComponent(device.thing)}/photos`;
