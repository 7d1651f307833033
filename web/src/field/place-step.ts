// Where the device stands: by the phone, by moving the map, or as numbers.

import { byId, setText } from "../dom";
import { MapPanel } from "../map/panel";
import type { Place } from "../shapes";
import { type Key, onLanguage, t } from "../text";
import type { Draft } from "./draft";

const CLOSE_ZOOM = 16;
/** About 1 m. */
const DECIMALS = 5;
const LOCATE_MS = 15_000;

export class PlaceStep {
  private map: MapPanel | null = null;
  private readonly lat = byId<HTMLInputElement>("lat");
  private readonly lon = byId<HTMLInputElement>("lon");

  constructor(private readonly draft: Draft, private readonly keep: () => void) {
    for (const field of [this.lat, this.lon]) field.addEventListener("input", () => this.typed());
    byId("locate").addEventListener("click", () => this.locate());
    onLanguage(() => this.label());
  }

  /** The map is made when it is in sight first: only then it has a size. */
  open(): void {
    if (this.map === null) {
      const onMove = (middle: Place): void => this.set(middle);
      this.map = new MapPanel(byId("map"), { onPick: () => undefined, onGroup: () => undefined, onMove });
      this.label();
    }
    if (this.draft.place !== null) this.map.bring(this.draft.place, CLOSE_ZOOM);
  }

  fill(): void {
    const { place } = this.draft;
    this.lat.value = place === null ? "" : place.lat.toFixed(DECIMALS);
    this.lon.value = place === null ? "" : place.lon.toFixed(DECIMALS);
  }

  fault(): Key | null {
    if (this.lat.value.trim() === "" && this.lon.value.trim() === "") return "field.place.missing";
    this.typed();
    return this.draft.place === null ? "field.place.fault" : null;
  }

  private label(): void {
    byId("map").querySelector("canvas")?.setAttribute("aria-label", t("field.place.map"));
  }

  private set(place: Place): void {
    this.draft.place = { lat: Number(place.lat.toFixed(DECIMALS)), lon: Number(place.lon.toFixed(DECIMALS)) };
    this.fill();
    this.keep();
  }

  private typed(): void {
    const read = (field: HTMLInputElement, most: number): number | null => {
      const text = field.value.trim().replace(",", ".");
      const number = Number(text);
      return text === "" || !Number.isFinite(number) || Math.abs(number) > most ? null : number;
    };
    const [lat, lon] = [read(this.lat, 90), read(this.lon, 180)];
    this.draft.place = lat === null || lon === null ? null : { lat, lon };
    this.keep();
    if (this.draft.place !== null) this.map?.bring(this.draft.place, CLOSE_ZOOM);
  }

  private locate(): void {
    const tell = (key: Key, values: Record<string, string | number> = {}): void => setText(byId("locate-note"), t(key, values));
    if (!isSecureContext || navigator.geolocation === undefined) return tell("field.locate.insecure");
    tell("field.locate.wait");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        this.set({ lat: coords.latitude, lon: coords.longitude });
        if (this.draft.place !== null) this.map?.bring(this.draft.place, CLOSE_ZOOM);
        tell("field.locate.done", { metres: Math.max(1, Math.round(coords.accuracy)) });
      },
      () => tell("field.locate.refused"),
      { enableHighAccuracy: true, timeout: LOCATE_MS },
    );
  }
}
