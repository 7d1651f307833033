// The one form of the portal: a name and a contact become a key, shown once.

import { post } from "../api";
import { byId, copyButton, h, setText } from "../dom";
import { faultText } from "../faults";
import type { Application, Platform } from "../shapes";
import { t } from "../text";
import { commands } from "./commands";

export class Apply {
  private application: Application | null = null;
  private status: () => string = () => "";
  private readonly form = byId<HTMLFormElement>("apply");
  private readonly issued = byId("issued");

  constructor(private readonly platform: () => Promise<Platform>) {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
  }

  private async send(): Promise<void> {
    const name = byId<HTMLInputElement>("apply-name");
    const contact = byId<HTMLInputElement>("apply-contact");
    const wrong = [name, contact].find((input) => input.value.trim() === "" || !input.checkValidity());
    for (const input of [name, contact]) input.toggleAttribute("aria-invalid", input === wrong);
    if (wrong) {
      this.tell(() => t("apply.missing"), true);
      wrong.focus();
      return;
    }
    const button = this.form.querySelector("button") as HTMLButtonElement;
    button.disabled = true;
    this.tell(() => t("apply.sending"), false);
    try {
      this.application = await post<Application>("/v1/applications", { name: name.value.trim(), contact: contact.value.trim() });
      this.tell(() => "", false);
      await this.show();
      this.issued.querySelector<HTMLElement>("h2")?.focus();
    } catch (error) {
      this.tell(() => faultText(error), true);
    } finally {
      button.disabled = false;
    }
  }

  private tell(status: () => string, fault: boolean): void {
    this.status = status;
    const element = byId("apply-status");
    element.className = fault ? "fault" : "";
    setText(element, status());
  }

  /** Also after a change of language. */
  async show(): Promise<void> {
    setText(byId("apply-status"), this.status());
    const { application } = this;
    this.form.hidden = application !== null;
    this.issued.hidden = application === null;
    if (!application) return;
    const platform = await this.platform().catch((): Platform => ({ name: "", version: "", public_url: null, listeners: {} }));
    const key = application.key.key;
    const lines = commands(location.origin, location.hostname, platform, key);
    this.issued.replaceChildren(
      h("h2", { tabindex: -1 }, t("issued.head")),
      h("p.note", {}, t("issued.for", { name: application.name, id: application.id })),
      line("", key, "key"),
      h("p.warn", {}, t("issued.once")),
      line(t("issued.curl"), lines.curl, "curl"),
      line(t("issued.sse"), lines.sse, "sse"),
      lines.mqtt === null ? h("p.note", {}, t("issued.mqtt.none")) : line(t("issued.mqtt"), lines.mqtt, "mqtt"),
      h("p.actions", {}, h("a", { href: "/docs" }, t("issued.next")), h("button.quiet", { type: "button", onclick: () => this.again() }, t("issued.again"))),
    );
  }

  private again(): void {
    this.application = null;
    this.form.reset();
    void this.show();
    byId("apply-name").focus();
  }
}

function line(title: string, text: string, name: string): HTMLElement {
  return h(
    "div.line",
    { "data-line": name },
    title !== "" && h("h3", {}, title),
    h("div.line-body", {}, h("pre", { tabindex: 0 }, h("code", {}, text)), copyButton(() => t("copy"), () => t("copied"), () => text)),
  );
}
