// A place that is chosen by moving the map under a ring, or typed in as numbers.

import type { Place } from "../shapes";
import { readPlatform } from "../simulated";
import { onLanguage, t } from "../text";
import { MapPanel } from "./panel";

const CLOSE_ZOOM = 16;
/** About 1 m. */
const DECIMALS = 5;

export class PlacePicker {
  private map: MapPanel | null = null;

  /** `chosen` is told each place, and null while the numbers are none. */
  constructor(private readonly host: HTMLElement, private readonly lat: HTMLInputElement, private readonly lon: HTMLInputElement, private readonly chosen: (place: Place | null) => void) {
    for (const field of [lat, lon]) field.addEventListener("input", () => this.read());
    onLanguage(() => this.label());
  }

  /** The map is made when it is in sight first: only then it has a size. */
  open(place: Place | null): void {
    if (this.map === null) {
      const map = new MapPanel(this.host, { onPick: () => undefined, onGroup: () => undefined, onMove: (middle) => this.set(middle) });
      this.map = map;
      this.label();
      void readPlatform().then(({ simulated }) => (simulated === true ? map.showInvented() : undefined)).catch(() => undefined);
    }
    if (place !== null) this.map.bring(place, CLOSE_ZOOM);
  }

  /** Shows where to look, without choosing it. */
  look(place: Place, zoom: number): void {
    this.map?.bring(place, zoom);
  }

  fill(place: Place | null): void {
    this.lat.value = place === null ? "" : place.lat.toFixed(DECIMALS);
    this.lon.value = place === null ? "" : place.lon.toFixed(DECIMALS);
  }

  /** Chooses a place that was found otherwise. */
  bring(place: Place): void {
    this.map?.bring(this.set(place), CLOSE_ZOOM);
  }

  get isBlank(): boolean {
    return this.lat.value.trim() === "" && this.lon.value.trim() === "";
  }

  /** Takes the numbers as they stand. */
  read(): Place | null {
    const number = (field: HTMLInputElement, most: number): number | null => {
      const text = field.value.trim().replace(",", ".");
      const value = Number(text);
      return text === "" || !Number.isFinite(value) || Math.abs(value) > most ? null : value;
    };
    const [lat, lon] = [number(this.lat, 90), number(this.lon, 180)];
    const place = lat === null || lon === null ? null : { lat, lon };
    this.chosen(place);
    if (place !== null) this.map?.bring(place, CLOSE_ZOOM);
    return place;
  }

  private set({ lat, lon }: Place): Place {
    const place = { lat: Number(lat.toFixed(DECIMALS)), lon: Number(lon.toFixed(DECIMALS)) };
    this.fill(place);
    this.chosen(place);
    return place;
  }

  private label(): void {
    this.host.querySelector("canvas")?.setAttribute("aria-label", t("map.place"));
  }
}
