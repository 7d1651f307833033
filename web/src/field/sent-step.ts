// Sends what was entered, and follows whether the device's first data comes.

import { ApiError, post } from "../api";
import { byId, copyButton, h, setText } from "../dom";
import { type Key, t } from "../text";
import { type Claimed, type Draft, redemption } from "./draft";
import type { PhotoBox } from "./photo-box";
import { isFinal, pause, untilAnswered } from "./send";

interface FirstData {
  last_seen: string | null;
}
type State = "sending" | "waiting" | "lost" | "over" | "seen";

/** Asked this often, and after a while less. */
const LOOK_MS = 500;
const LOOK_LATER_MS = 3_000;
const LATER_AFTER = 60;

const WORDS: Record<State, [Key, Key]> = {
  sending: ["field.sending", "field.sending.note"],
  waiting: ["field.waiting", "field.waiting.note"],
  lost: ["field.waiting", "field.waiting.lost"],
  over: ["field.waiting", "field.waiting.over"],
  seen: ["field.seen", "field.seen.note"],
};

export class SentStep {
  onChange: () => void = () => undefined;
  private state: State = "sending";
  /** Counts the devices of this page, so that what is left for the one before ends. */
  private turn = 0;

  constructor(private readonly draft: Draft, private readonly keep: () => void, private readonly refused: (error: unknown) => void, private readonly photos: PhotoBox) {}

  get seen(): boolean {
    return this.state === "seen";
  }

  open(): void {
    const turn = ++this.turn;
    this.become(this.draft.claimed === null ? "sending" : "waiting");
    void this.run(turn).catch((error: unknown) => {
      if (turn === this.turn) this.refused(error);
    });
  }

  leave(): void {
    this.turn += 1;
    this.state = "sending";
  }

  draw(): void {
    const [head, note] = WORDS[this.state];
    const progress = byId("progress");
    progress.dataset["state"] = this.state === "lost" ? "waiting" : this.state;
    for (const [selector, key] of [["h1", head], ["p", note]] as const) {
      const element = progress.querySelector(selector);
      if (element) setText(element, t(key));
    }
    byId("settings").replaceChildren(...this.settings());
  }

  /** What is entered into the device. */
  private settings(): HTMLElement[] {
    const { claimed, proof, password } = this.draft;
    if (claimed === null) return [];
    const row = (key: Key, text: string): HTMLElement[] => [h("dt", {}, t(key)), h("dd", {}, h("code", {}, text))];
    const rows = [...row("field.set.id", claimed.device), ...row("field.set.topic", claimed.telemetry)];
    if (proof !== "password") return rows;
    const copy = copyButton(() => t("copy"), () => t("copied"), () => password);
    const value = h("dd", {}, h("code", { id: "password" }, password), h("p.note", {}, t("field.set.password.note")), copy);
    return [...rows, h("dt", {}, t("field.set.password")), value];
  }

  private become(state: State): void {
    if (this.state === state) return this.draw();
    this.state = state;
    this.onChange();
  }

  private async run(turn: number): Promise<void> {
    if (this.draft.claimed === null) {
      const claimed = await untilAnswered(() => post<Claimed>("/v1/claims/redeem", redemption(this.draft)), () => this.draw());
      if (turn !== this.turn) return;
      Object.assign(this.draft, { claimed, sending: false });
      this.keep();
      this.state = "waiting";
      this.onChange();
    }
    const receipt = this.draft.claimed?.receipt ?? "";
    this.photos.release(receipt);
    await this.follow(turn, receipt);
  }

  private async follow(turn: number, receipt: string): Promise<void> {
    for (let looks = 0; turn === this.turn; looks++) {
      let wait = looks < LATER_AFTER ? LOOK_MS : LOOK_LATER_MS;
      try {
        const { last_seen } = await post<FirstData>("/v1/claims/first-data", { receipt });
        if (turn !== this.turn) return;
        if (last_seen !== null) return this.become("seen");
        this.become("waiting");
      } catch (error) {
        if (turn !== this.turn) return;
        if (isFinal(error)) return this.become("over");
        this.become("lost");
        wait = Math.max(LOOK_LATER_MS, error instanceof ApiError ? (error.retryAfter ?? 0) * 1_000 : 0);
      }
      await pause(wait);
    }
  }
}
