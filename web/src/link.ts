// The pill that tells how the live stream fares.

import { setText } from "./dom";
import type { LinkState } from "./follow";
import { t } from "./text";

export class LinkPill {
  private state: LinkState = "connecting";
  private next: number | null = null;

  constructor(private readonly element: HTMLElement) {}

  set(state: LinkState, next: number | null): void {
    this.state = state;
    this.next = next;
    this.show();
  }

  show(): void {
    this.element.dataset["state"] = this.state;
    const resumes = this.state === "reconnecting" && this.next !== null;
    const text = resumes ? t("link.reconnecting", { offset: this.next ?? 0 }) : this.state === "reconnecting" ? t("link.reconnecting.new") : t(`link.${this.state}`);
    setText(this.element, text);
  }
}
