// Photos of the place: taken with the phone's camera, shown small, taken back.

import { byId, h, setText } from "../dom";
import { faultText } from "../faults";
import { drawn, scaled } from "../photo";
import { t } from "../text";
import { MOST_PHOTOS, type PhotoBox, bytes } from "./photo-box";

/** The longest side as it is shown, in pixels. */
const SHOWN_SIDE = 160;

export class PhotoStep {
  /** Those that were drawn, so that a photo is read once. */
  private readonly pictures = new Map<string, HTMLElement>();

  constructor(private readonly box: PhotoBox, tell: (text: string) => void) {
    const picker = byId<HTMLInputElement>("photo");
    picker.addEventListener("change", () => {
      const file = picker.files?.[0];
      picker.value = "";
      if (file === undefined) return;
      tell("");
      void scaled(file)
        .then((jpeg) => box.add(jpeg))
        .catch(() => tell(t("field.photo.unreadable")));
    });
  }

  draw(): void {
    const { taken } = this.box;
    byId("photos").replaceChildren(...taken.map((jpeg, at) => this.picture(jpeg, at)));
    byId("photo-add").hidden = taken.length >= MOST_PHOTOS;
    setText(byId("photo-state"), this.stateText());
  }

  /** On every screen: those of the device before may be on their way still. */
  private stateText(): string {
    const { waiting, fault } = this.box;
    if (waiting > 0) return t("field.photo.waiting", { count: waiting });
    return fault === null ? "" : t("field.photo.refused", { detail: faultText(fault) });
  }

  private picture(jpeg: string, at: number): HTMLElement {
    const shown = this.pictures.get(jpeg) ?? small(jpeg);
    this.pictures.set(jpeg, shown);
    const remove = h("button", { type: "button", "aria-label": t("field.photo.drop", { number: at + 1 }), onclick: () => this.box.drop(jpeg) }, "✕");
    return h("li", {}, shown, remove);
  }
}

/** Drawn, since the page's security policy shows no picture that has no address. */
function small(jpeg: string): HTMLElement {
  const frame = h("div");
  void createImageBitmap(bytes(jpeg)).then((picture) => frame.append(drawn(picture, SHOWN_SIDE)));
  return frame;
}
