// Where the device stands: by the phone, by moving the map, or as numbers.

import { byId, setText } from "../dom";
import { PlacePicker } from "../map/place-picker";
import { type Key, t } from "../text";
import type { Draft } from "./draft";

const LOCATE_MS = 15_000;

export class PlaceStep {
  private readonly picker: PlacePicker;

  constructor(private readonly draft: Draft, keep: () => void) {
    this.picker = new PlacePicker(byId("map"), byId("lat"), byId("lon"), (place) => {
      draft.place = place;
      keep();
    });
    byId("locate").addEventListener("click", () => this.locate());
  }

  open(): void {
    this.picker.open(this.draft.place);
  }

  fill(): void {
    this.picker.fill(this.draft.place);
  }

  fault(): Key | null {
    if (this.picker.isBlank) return "field.place.missing";
    return this.picker.read() === null ? "field.place.fault" : null;
  }

  private locate(): void {
    const tell = (key: Key, values: Record<string, string | number> = {}): void => setText(byId("locate-note"), t(key, values));
    if (!isSecureContext || navigator.geolocation === undefined) return tell("field.locate.insecure");
    tell("field.locate.wait");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        this.picker.bring({ lat: coords.latitude, lon: coords.longitude });
        tell("field.locate.done", { metres: Math.max(1, Math.round(coords.accuracy)) });
      },
      () => tell("field.locate.refused"),
      { enableHighAccuracy: true, timeout: LOCATE_MS },
    );
  }
}
