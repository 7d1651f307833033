// Which device it is, and how it proves itself.

import { byId, h } from "../dom";
import { type Key, language, t } from "../text";
import type { Draft } from "./draft";
import { idIsSound, keyIsSound, readLabel } from "./label";
import { offerScan } from "./scan";

export class DeviceStep {
  private readonly id = byId<HTMLInputElement>("device-id");
  private readonly key = byId<HTMLTextAreaElement>("device-key");

  constructor(private readonly draft: Draft, private readonly keep: () => void) {
    for (const field of [this.id, this.key]) field.addEventListener("input", () => this.take());
    for (const choice of this.choices()) {
      choice.addEventListener("change", () => {
        this.draft.proof = choice.value === "password" ? "password" : "key";
        this.draw();
        this.keep();
      });
    }
    offerScan(byId("label-scan"), (text) => void (byId("fault").textContent = text), (text) => this.scanned(text));
  }

  fill(): void {
    this.id.value = this.draft.id;
    this.key.value = this.draft.key;
    for (const choice of this.choices()) choice.checked = choice.value === this.draft.proof;
  }

  draw(): void {
    const { claim, proof } = this.draft;
    const fixed = claim !== null && claim.device !== null;
    if (fixed) this.id.value = this.draft.id;
    this.id.readOnly = fixed;
    byId("key-field").hidden = proof !== "key";
    byId("password-note").hidden = proof !== "password";
    const rows: [Key, string][] = claim === null ? [] : [["field.claim.model", claim.title?.[language()] ?? claim.model], ["field.claim.agency", claim.agency]];
    if (claim !== null && claim.note !== "") rows.push(["field.claim.note", claim.note]);
    byId("claim").replaceChildren(...rows.flatMap(([key, text]) => [h("dt", {}, t(key)), h("dd", {}, text)]));
  }

  /** What is wrong with what was entered, if anything. */
  fault(): Key | null {
    this.take();
    const wrong = (field: HTMLElement, key: Key): Key => {
      field.setAttribute("aria-invalid", "true");
      field.focus();
      return key;
    };
    if (!idIsSound(this.draft.id)) return wrong(this.id, "field.id.fault");
    if (this.draft.proof === "key" && !keyIsSound(this.draft.key)) return wrong(this.key, "field.key.fault");
    return null;
  }

  private take(): void {
    for (const field of [this.id, this.key]) field.removeAttribute("aria-invalid");
    this.draft.id = this.id.value.trim();
    this.draft.key = this.key.value;
    this.keep();
  }

  private scanned(text: string): void {
    const label = readLabel(text);
    if (label === null) return void (byId("fault").textContent = t("field.scan.other"));
    if (label.id !== undefined && !this.id.readOnly) this.id.value = label.id;
    if (label.key !== undefined) {
      this.key.value = label.key;
      this.draft.proof = "key";
    }
    this.take();
    this.fill();
    this.draw();
  }

  private choices(): NodeListOf<HTMLInputElement> {
    return document.querySelectorAll<HTMLInputElement>("input[name=proof]");
  }
}
