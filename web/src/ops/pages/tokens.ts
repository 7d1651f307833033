// Service tokens: what programs prove themselves with.

import { all, get, post, remove } from "../../api";
import { h } from "../../dom";
import { dateTimeText } from "../../format";
import type { IssuedServiceToken, ServiceToken, Session } from "../../record-shapes";
import type { Agency } from "../../shapes";
import { learn, t } from "../../text";
import { tokensTexts } from "../../texts/ops/tokens";
import { may } from "../rights";
import { setAgencies } from "../words";
import { ChangingPage } from "./changing-page";
import { dayEnd } from "./day";
import { ownerBody, ownerFields, ownerTitle, rolesText } from "./grants";
import { field, formValues, secretLine, table } from "./parts";

learn(tokensTexts);

export class TokensPage extends ChangingPage {
  constructor() {
    super("tokens");
  }

  protected async content(): Promise<readonly (HTMLElement | null)[]> {
    const [tokens, agencies, session] = await Promise.all([all<ServiceToken>("/v1/service-tokens?limit=1000"), all<Agency>("/v1/agencies?limit=10000"), get<Session>("/v1/session")]);
    setAgencies(agencies.items);
    return [this.list(tokens.items, session), may(session, "manage-people") ? this.newToken(agencies.items.map((one) => one.id)) : null];
  }

  private list(tokens: readonly ServiceToken[], session: Session): HTMLElement {
    if (tokens.length === 0) return h("p.empty", {}, t("tokens.none"));
    const columns = [t("tokens.name"), t("device.agency"), t("people.roles"), t("tokens.until"), t("record.actions")];
    const rows = tokens.map((token) => [
      h("span.device-link", {}, h("b", {}, token.name), h("code", {}, token.id)),
      ownerTitle(token.agency),
      rolesText(token.roles),
      dateTimeText(new Date(token.until)),
      may(session, "manage-people", token.agency) ? this.removal(token) : "–",
    ]);
    return table(t("page.tokens"), columns, rows);
  }

  private removal(token: ServiceToken): HTMLElement {
    const end = (): void => {
      if (confirm(t("tokens.sure", { name: token.name }))) void this.change(() => remove(`/v1/service-tokens/${encodeURIComponent(token.id)}`));
    };
    return h("span.actions", {}, h("button", { type: "button", onclick: end }, t("tokens.remove")));
  }

  private newToken(agencies: readonly string[]): HTMLElement {
    const form = h(
      "form.page-filters.card",
      {},
      field(t("tokens.name"), h("input", { name: "name", required: true, autocomplete: "off" })),
      ...ownerFields(agencies, null),
      field(t("record.last-day"), h("input", { name: "until", type: "date", required: true })),
      h("button.primary", { type: "submit" }, t("tokens.make")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { name = "", until = "", ...owner } = formValues(form);
      void this.change(() => this.make({ name, until: dayEnd(until), ...ownerBody(owner) }));
    });
    return h("section", {}, h("h2", {}, t("tokens.new")), h("p.note", {}, t("tokens.lead")), form);
  }

  private async make(body: unknown): Promise<void> {
    const { name, token } = await post<IssuedServiceToken>("/v1/service-tokens", body);
    this.tell(() => h("div.card.issued", {}, h("p", {}, t("tokens.issued", { name })), secretLine(token)));
  }
}
