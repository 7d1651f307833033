// The photos of an installer: kept on the phone until they are sent, each with
// the receipt of the device that it belongs to. They outlive a reload, a lost
// network, and the device: the next one may be begun while they are on their way.

import { ApiError, request } from "../api";
import { untilAnswered } from "./send";

const STORED = "madang.field.photos";
/** Of one device: so many fit into what a browser keeps for a page. */
export const MOST_PHOTOS = 3;
/** How long one may take on a bad network, in milliseconds: as long as the platform
 * waits for one of the longest. */
const SEND_DEADLINE_MS = 160_000;

interface Kept {
  /** Null as long as its device is not in service. */
  receipt: string | null;
  /** JPEG in base64. */
  jpeg: string;
}

export class PhotoBox {
  private photos: Kept[] = load();
  private sending = false;
  /** Why one was refused, until the next device. */
  fault: ApiError | null = null;

  /** `changed` is told that another number waits; `unkept` that the browser keeps nothing. */
  constructor(private readonly changed: () => void, private readonly unkept: () => void) {}

  /** Of the device that is being entered. */
  get taken(): readonly string[] {
    return this.photos.flatMap((one) => (one.receipt === null ? [one.jpeg] : []));
  }

  /** On their way. */
  get waiting(): number {
    return this.photos.length - this.taken.length;
  }

  /** The same one twice is one. */
  async add(jpeg: Blob): Promise<void> {
    const text = await base64(jpeg);
    if (this.taken.includes(text)) return;
    this.photos.push({ receipt: null, jpeg: text });
    this.keep();
  }

  drop(jpeg: string): void {
    this.photos = this.photos.filter((one) => one.jpeg !== jpeg || one.receipt !== null);
    this.keep();
  }

  /** The device is in service: they may go to it. */
  release(receipt: string): void {
    for (const one of this.photos) one.receipt ??= receipt;
    this.keep();
    void this.send();
  }

  /** The next device has none of these. */
  startAnew(): void {
    this.photos = this.photos.filter((one) => one.receipt !== null);
    this.fault = null;
    this.keep();
  }

  /** Sends what is on its way, one after the other. */
  async send(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    for (let next = this.next(); next !== undefined; next = this.next()) {
      try {
        const headers = { "Content-Type": "image/jpeg", "Claim-Receipt": next.receipt ?? "" };
        const init = { method: "POST", body: bytes(next.jpeg), headers };
        await untilAnswered(() => request("/v1/claims/photos", init, SEND_DEADLINE_MS), () => undefined);
      } catch (error) {
        // Another try would not change it.
        if (error instanceof ApiError) this.fault = error;
      }
      this.photos = this.photos.filter((one) => one !== next);
      this.keep();
    }
    this.sending = false;
  }

  private next(): Kept | undefined {
    return this.photos.find((one) => one.receipt !== null);
  }

  private keep(): void {
    try {
      if (this.photos.length === 0) localStorage.removeItem(STORED);
      else localStorage.setItem(STORED, JSON.stringify(this.photos));
    } catch {
      this.unkept();
    }
    this.changed();
  }
}

function load(): Kept[] {
  try {
    return JSON.parse(localStorage.getItem(STORED) ?? "[]") as Kept[];
  } catch {
    return [];
  }
}

function base64(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

export const bytes = (text: string): Blob => new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], { type: "image/jpeg" });
