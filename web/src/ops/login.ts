// The way in: name and password, then a code; the operator's token instead; and
// the page that an invitation opens.

import { ApiError } from "../api";
import { byId, drawing, copyButton, h, setText } from "../dom";
import { faultText } from "../faults";
import type { OpenInvitation } from "../record-shapes";
import { readPlatform } from "../simulated";
import { type Key, learn, onLanguage, t } from "../text";
import { loginTexts } from "../texts/ops/login";
import { type Entry, acceptInvitation, logIn, openInvitation } from "./session";

learn(loginTexts);

/** The page's parts, one at a time; each is a form or a card with that id. */
const PARTS = ["login-form", "code-form", "token-form", "invitation-form", "recovery"] as const;
type Part = (typeof PARTS)[number];

const REASONS: Record<Exclude<Entry, "in">, Key> = {
  refused: "login.refused",
  "code-needed": "code.missing",
  "wrong-code": "code.refused",
  "authenticator-missing": "login.no-app",
};
const FAULTS: Record<string, Key> = {
  "poor-password": "invitation.poor",
  "wrong-code": "invitation.wrong-code",
  "code-missing": "code.missing",
  "unknown-invitation": "invitation.unknown",
};

/** Why the identity provider has let nobody in, as `#login-fault=` says. */
const SIGN_ON_FAULTS: Record<string, Key> = {
  "provider-unreachable": "sign-on.unreachable",
  "provider-refused": "sign-on.refused",
  "provider-not-believed": "sign-on.not-believed",
  "login-over": "sign-on.over",
  "no-role": "sign-on.no-role",
  "account-disabled": "sign-on.disabled",
};

const field = (id: string): HTMLInputElement => byId<HTMLInputElement>(id);

export class Login {
  /** Kept between password and code, and no longer. */
  private password = "";
  private invitation = "";
  private open: OpenInvitation | null = null;
  private codes: readonly string[] = [];
  /** The identity provider's name, where there is one. */
  private signOn: string | null = null;

  constructor(private readonly entered: () => Promise<void>) {
    this.onSubmit("login-form", () => this.byPassword());
    this.onSubmit("code-form", () => this.byCode());
    this.onSubmit("token-form", () => this.byToken(field("login-token").value));
    this.onSubmit("invitation-form", () => this.accept());
    byId("login-by-token").addEventListener("click", () => this.show("token-form"));
    for (const id of ["login-by-name", "code-back"]) byId(id).addEventListener("click", () => this.ask(""));
    byId("recovery-done").addEventListener("click", () => this.ask(""));
    byId("recovery").append(copyButton(() => t("copy"), () => t("copied"), () => this.codes.join("\n")));
    onLanguage(() => {
      this.tellInvitation();
      this.tellSignOn();
    });
    // Without the answer people log in by name.
    void readPlatform().then(({ sign_on }) => {
      this.signOn = sign_on ?? null;
      this.tellSignOn();
    }).catch(() => undefined);
  }

  /** The beginning, with a reason where there is one. */
  ask(reason: string): void {
    this.password = "";
    this.show("login-form", reason);
  }

  /** Back from the identity provider, which has let nobody in. */
  askAfterSignOn(code: string): void {
    this.ask(t(SIGN_ON_FAULTS[code] ?? "sign-on.failed"));
  }

  private tellSignOn(): void {
    const link = byId("login-sign-on");
    link.hidden = this.signOn === null;
    if (this.signOn !== null) setText(link, t("sign-on.send", { name: this.signOn }));
  }

  async byToken(token: string): Promise<void> {
    const entry = await logIn({ token: token.trim() });
    if (entry === "in") await this.entered();
    else this.show("token-form", t("token.refused"));
  }

  async byInvitation(invitation: string): Promise<void> {
    this.invitation = invitation;
    this.open = await openInvitation(invitation);
    if (this.open === null) return this.ask(t("invitation.unknown"));
    byId("invitation-qr").replaceChildren(drawing(this.open.qr));
    field("invitation-name").value = this.open.id;
    setText(byId("invitation-secret"), this.open.secret.replace(/(.{4})(?=.)/g, "$1 "));
    field("invitation-code").required = this.open.code_required;
    this.tellInvitation();
    this.show("invitation-form");
  }

  private tellInvitation(): void {
    if (this.open === null) return;
    setText(byId("invitation-who"), t("invitation.who", { name: this.open.name, id: this.open.id }));
    setText(byId("invitation-app"), t(this.open.code_required ? "invitation.app" : "invitation.app.optional"));
  }

  private async byPassword(): Promise<void> {
    this.password = field("login-password").value;
    const entry = await logIn({ name: field("login-name").value, password: this.password });
    if (entry === "code-needed") this.show("code-form");
    else await this.end(entry, "login-form");
  }

  private async byCode(): Promise<void> {
    const entry = await logIn({ name: field("login-name").value, password: this.password, code: field("login-code").value });
    await this.end(entry, entry === "wrong-code" ? "code-form" : "login-form");
  }

  private async end(entry: Entry, otherwise: Part): Promise<void> {
    if (entry !== "in") return this.show(otherwise, t(REASONS[entry]));
    this.password = "";
    await this.entered();
  }

  private async accept(): Promise<void> {
    const password = field("invitation-password").value;
    if (password !== field("invitation-again").value) return this.tell("invitation-form", t("invitation.differ"));
    const code = field("invitation-code").value.trim();
    const body = { invitation: this.invitation, password, ...(code === "" ? {} : { code }) };
    const { id, recovery_codes } = await acceptInvitation(body);
    this.open = null;
    this.invitation = "";
    field("login-name").value = id;
    this.codes = recovery_codes;
    byId("recovery-codes").replaceChildren(...recovery_codes.map((one) => h("li", {}, h("code", {}, one))));
    if (recovery_codes.length === 0) this.ask("");
    else this.show("recovery");
  }

  /** One part alone, empty but for the name, and ready to type into. */
  private show(part: Part, reason = ""): void {
    for (const one of PARTS) byId(one).hidden = one !== part;
    for (const input of byId("login").querySelectorAll<HTMLInputElement>("input:not([autocomplete=username])")) input.value = "";
    this.tell(part, reason);
    const inputs = [...byId(part).querySelectorAll<HTMLElement>("input:not([readonly])")];
    const first = inputs.find((input) => input instanceof HTMLInputElement && input.value === "") ?? byId(part).querySelector("button");
    first?.focus();
  }

  private tell(part: Part, reason: string): void {
    const status = byId(part).querySelector(".fault");
    if (status) setText(status, reason);
  }

  private onSubmit(part: Part, run: () => Promise<void>): void {
    byId(part).addEventListener("submit", (event) => {
      event.preventDefault();
      const button = byId(part).querySelector<HTMLButtonElement>(".primary");
      if (button) button.disabled = true;
      void run()
        .catch((error: unknown) => this.tell(part, reasonOf(error)))
        .finally(() => {
          if (button) button.disabled = false;
        });
    });
  }
}

function reasonOf(error: unknown): string {
  const key = error instanceof ApiError && error.code !== null ? FAULTS[error.code] : undefined;
  if (key !== undefined) return t(key);
  const delayed = error instanceof ApiError && error.code === "login-delayed";
  return delayed ? t("login.delayed", { seconds: error.retryAfter ?? 1 }) : faultText(error);
}
