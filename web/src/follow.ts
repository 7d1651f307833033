// Follows GET /v1/stream without a gap. The browser's EventSource resumes by
// Last-Event-ID on its own; where it gives up (a refusal, a restart behind a
// proxy), a new one starts at the next offset.

import type { Frame, Gap } from "./shapes";

export type LinkState = "connecting" | "connected" | "reconnecting" | "disconnected";

/** First and longest pause before a new EventSource, in milliseconds. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 20_000;
/** Failed attempts in a row after which the page says disconnected. */
const PATIENCE = 3;
/** Failed attempts after which the old position is given up: the platform may
 * have been set up anew and its log be shorter than we remember. */
const GIVE_UP_POSITION = 6;

/** The part of EventSource that is used. */
export interface Source {
  readonly readyState: number;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onerror: ((event: Event) => void) | null;
  addEventListener(type: string, listener: (event: MessageEvent) => void): void;
  close(): void;
}

const CLOSED = 2;

export interface FollowOptions {
  /** As `domain=traffic&agency=seoul`; may be empty. */
  filter: string;
  /** The first offset to see; null: only what is new. */
  from: number | null;
  open: (url: string) => Source;
  later: (run: () => void, milliseconds: number) => void;
  onFrame: (frame: Frame) => void;
  onGap: (gap: Gap) => void;
  /** The stream is back, but not where it ended: read the values again. */
  onLost: () => void;
  onState: (state: LinkState, nextOffset: number | null) => void;
}

export class Follower {
  private source: Source | null = null;
  private next: number | null;
  private failures = 0;
  private lost = false;
  private stopped = false;

  constructor(private readonly options: FollowOptions) {
    this.next = options.from;
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.source?.close();
  }

  private connect(): void {
    if (this.stopped) return;
    const query = [this.options.filter, this.next === null ? "" : `from_offset=${this.next}`].filter((part) => part !== "");
    const source = this.options.open(`/v1/stream${query.length > 0 ? "?" : ""}${query.join("&")}`);
    this.source = source;
    this.tell();
    source.onopen = () => {
      this.failures = 0;
      this.options.onState("connected", this.next);
      if (this.lost) this.options.onLost();
      this.lost = false;
    };
    source.onmessage = (event) => this.frame(JSON.parse(event.data as string) as Frame);
    source.addEventListener("gap", (event) => {
      const gap = JSON.parse(event.data as string) as Gap;
      this.next = Math.max(this.next ?? 0, gap.to_offset);
      this.options.onGap(gap);
    });
    source.onerror = () => this.fault(source);
  }

  /** A repeated frame (resent after a reconnection) is passed on once. */
  private frame(frame: Frame): void {
    if (this.next !== null && frame.offset < this.next) return;
    this.next = frame.offset + 1;
    this.options.onFrame(frame);
  }

  private fault(source: Source): void {
    if (this.stopped || source !== this.source) return;
    this.failures += 1;
    this.tell();
    if (source.readyState !== CLOSED) return;
    this.source = null;
    if (this.failures === GIVE_UP_POSITION && this.next !== null) {
      this.next = null;
      this.lost = true;
    }
    this.options.later(() => this.connect(), pause(this.failures));
  }

  private tell(): void {
    const state = this.failures === 0 ? "connecting" : this.failures < PATIENCE ? "reconnecting" : "disconnected";
    this.options.onState(state, this.next);
  }
}

/** Doubles from the first pause to the longest. */
export function pause(failures: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, failures - 1));
}
