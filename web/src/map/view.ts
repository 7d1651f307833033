// Which part of the world the map shows; no DOM.

import { TILE, latitude, longitude, metresPerPixel, worldX, worldY } from "./projection";
import type { Place } from "../shapes";

export const MIN_ZOOM = 1.5;
export const MAX_ZOOM = 17;
/** A single device is not shown closer than this when everything is fitted. */
const FIT_ZOOM = 14;
/** Free border around fitted devices, in pixels; the legend lies at the top. */
const MARGIN = 40;
const MARGIN_TOP = 84;
/** South Korea: what an empty platform shows. */
const HOME: [Place, Place] = [{ lat: 33.1, lon: 125.6 }, { lat: 38.6, lon: 129.7 }];

export class View {
  x = worldX(127.7);
  y = worldY(36.2);
  zoom = 6;
  width = 1;
  height = 1;

  get scale(): number {
    return TILE * 2 ** this.zoom;
  }

  screenX(x: number): number {
    return (x - this.x) * this.scale + this.width / 2;
  }

  screenY(y: number): number {
    return (y - this.y) * this.scale + this.height / 2;
  }

  placeAt(screenX: number, screenY: number): Place {
    return {
      lat: latitude(this.y + (screenY - this.height / 2) / this.scale),
      lon: longitude(this.x + (screenX - this.width / 2) / this.scale),
    };
  }

  metresPerPixel(): number {
    return metresPerPixel(latitude(this.y), this.zoom);
  }

  pan(pixelsX: number, pixelsY: number): void {
    this.x = Math.max(0, Math.min(1, this.x - pixelsX / this.scale));
    this.y = Math.max(0, Math.min(1, this.y - pixelsY / this.scale));
  }

  /** Zooms by `steps` and keeps what lies under the pixel where it is. */
  zoomAt(steps: number, screenX: number, screenY: number): void {
    const [dx, dy] = [screenX - this.width / 2, screenY - this.height / 2];
    const [underX, underY] = [this.x + dx / this.scale, this.y + dy / this.scale];
    this.zoom = Math.max(MIN_ZOOM, Math.min(MAX_ZOOM, this.zoom + steps));
    this.x = Math.max(0, Math.min(1, underX - dx / this.scale));
    this.y = Math.max(0, Math.min(1, underY - dy / this.scale));
  }

  /** Shows all places; without any, the home country. */
  fit(places: readonly Place[], closest: number = FIT_ZOOM): void {
    const shown = places.length > 0 ? places : HOME;
    let [west, east, north, south] = [1, 0, 1, 0];
    for (const place of shown) {
      const [x, y] = [worldX(place.lon), worldY(place.lat)];
      [west, east] = [Math.min(west, x), Math.max(east, x)];
      [north, south] = [Math.min(north, y), Math.max(south, y)];
    }
    this.x = (west + east) / 2;
    this.y = (north + south) / 2;
    const room = (size: number): number => Math.max(32, size);
    const across = Math.max((east - west) / room(this.width - 2 * MARGIN), (south - north) / room(this.height - MARGIN - MARGIN_TOP), 1e-9);
    this.zoom = Math.max(MIN_ZOOM, Math.min(closest, Math.log2(1 / (across * TILE))));
    this.y -= (MARGIN_TOP - MARGIN) / 2 / this.scale;
  }
}
