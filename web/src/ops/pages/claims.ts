// Claims: with the code of one an installer puts one device into service.

import { all, get, post, remove } from "../../api";
import { h } from "../../dom";
import { dateTimeText } from "../../format";
import type { Claim, IssuedClaim, Session } from "../../record-shapes";
import type { Agency, Model } from "../../shapes";
import { t, word } from "../../text";
import { may } from "../rights";
import { routeHash } from "../route";
import { agencyTitle, modelTitle, setAgencies, setModels } from "../words";
import { ChangingPage } from "./changing-page";
import { dayEnd } from "./day";
import { issuedClaim } from "./issued-claim";
import { chosenOne, field, formValues, idInput, table } from "./parts";

export class ClaimsPage extends ChangingPage {
  constructor() {
    super("claims");
  }

  protected async content(): Promise<readonly (HTMLElement | null)[]> {
    const [claims, agencies, models, session] = await Promise.all([all<Claim>("/v1/claims?limit=10000"), all<Agency>("/v1/agencies?limit=10000"), all<Model>("/v1/models?limit=10000"), get<Session>("/v1/session")]);
    setAgencies(agencies.items);
    setModels(models.items);
    const managed = agencies.items.map((one) => one.id).filter((id) => may(session, "manage-devices", id));
    const form = managed.length === 0 ? null : this.newClaim(managed, models.items.map((one) => one.id));
    return [form, h("h2", {}, t("claims.list")), this.list(claims.items.reverse(), managed)];
  }

  /** The newest first. */
  private list(claims: readonly Claim[], managed: readonly string[]): HTMLElement {
    if (claims.length === 0) return h("p.empty", {}, t("claims.none"));
    const columns = [t("claims.note.column"), t("device.agency"), t("device.model"), t("record.device"), t("filter.state"), t("record.ends"), t("record.actions")];
    const rows = claims.map((claim) => [
      claim.note || "–",
      agencyTitle(claim.agency),
      modelTitle(claim.model),
      claim.used_by === null ? (claim.device ?? t("claims.device.free")) : h("a", { href: routeHash("map", { device: claim.used_by }) }, claim.used_by),
      word("claims.state", claim.state),
      dateTimeText(new Date(claim.expires)),
      claim.state === "open" && managed.includes(claim.agency) ? h("span.actions", {}, h("button", { type: "button", onclick: () => void this.change(() => remove(`/v1/claims/${encodeURIComponent(claim.id)}`)) }, t("claims.revoke"))) : "–",
    ]);
    return table(t("page.claims"), columns, rows);
  }

  private newClaim(agencies: readonly string[], models: readonly string[]): HTMLElement {
    const form = h(
      "form.page-filters.card",
      {},
      field(t("device.agency"), chosenOne("agency", agencies.map((id) => [id, agencyTitle(id)]))),
      field(t("device.model"), chosenOne("model", models.map((id) => [id, modelTitle(id)]))),
      field(t("claims.device"), idInput("device", false)),
      field(t("claims.note"), h("input", { name: "note", autocomplete: "off" })),
      field(t("claims.until"), h("input", { name: "expires", type: "date" })),
      h("button.primary", { type: "submit" }, t("claims.make")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.change(() => this.make(newClaimBody(formValues(form))));
    });
    return h("section", {}, h("h2", {}, t("claims.new")), h("p.note", {}, t("claims.lead")), form);
  }

  private async make(body: unknown): Promise<void> {
    const issued = await post<IssuedClaim>("/v1/claims", body);
    this.tell(() => issuedClaim(issued));
  }
}

/** What is left empty is left out. */
function newClaimBody({ expires = "", ...values }: Record<string, string>): unknown {
  const filled = Object.entries({ ...values, expires: dayEnd(expires) }).filter(([, value]) => value !== "");
  return Object.fromEntries(filled);
}
