// Shares: what one agency lets another read, by data model or by group.

import { all, get, post, remove } from "../../api";
import { h } from "../../dom";
import { dateTimeText, nameText } from "../../format";
import type { Group, Session, Share } from "../../record-shapes";
import type { Agency, Model } from "../../shapes";
import { language, learn, t } from "../../text";
import { sharesTexts } from "../../texts/ops/shares";
import { may } from "../rights";
import { agencyTitle, modelTitle, setAgencies, setModels } from "../words";
import { ChangingPage } from "./changing-page";
import { chosenOne, field, formValues, idInput, table } from "./parts";
import { newShareBody } from "./share-body";

learn(sharesTexts);

export class SharesPage extends ChangingPage {
  private groups: readonly Group[] = [];

  constructor() {
    super("shares");
  }

  protected async content(): Promise<readonly (HTMLElement | null)[]> {
    const [shares, agencies, models, groups, session] = await Promise.all([
      all<Share>("/v1/shares?limit=1000"),
      all<Agency>("/v1/agencies?limit=10000"),
      all<Model>("/v1/models?limit=10000"),
      all<Group>("/v1/groups?limit=10000"),
      get<Session>("/v1/session"),
    ]);
    setAgencies(agencies.items);
    setModels(models.items);
    this.groups = groups.items;
    const mine = agencies.items.map((one) => one.id).filter((agency) => may(session, "manage-agency", agency));
    const form = mine.length === 0 ? null : this.newShare(mine, agencies.items.map((one) => one.id), models.items.map((one) => one.id));
    return [form, h("h2", {}, t("shares.list")), this.list(shares.items, session)];
  }

  private list(shares: readonly Share[], session: Session): HTMLElement {
    if (shares.length === 0) return h("p.empty", {}, t("shares.none"));
    const columns = [t("shares.from"), t("shares.to"), t("shares.what"), t("shares.position"), t("filter.state"), t("record.ends"), t("record.actions")];
    const rows = shares.map((share) => [
      agencyTitle(share.agency),
      agencyTitle(share.to),
      share.model === null ? t("shares.group", { name: this.groupTitle(share.group ?? "") }) : t("shares.model", { name: modelTitle(share.model) }),
      t(`shares.${share.position}`),
      t(`shares.${share.state}`),
      share.until === null ? t("shares.for-good") : dateTimeText(new Date(share.until)),
      may(session, "manage-agency", share.agency) ? this.ending(share) : "–",
    ]);
    return table(t("page.shares"), columns, rows);
  }

  private groupTitle(id: string): string {
    return nameText(this.groups.find((one) => one.id === id)?.name ?? "", language()) || id;
  }

  private ending(share: Share): HTMLElement {
    const end = (): void => {
      if (share.state === "ended" || confirm(t("shares.sure", { name: agencyTitle(share.to) }))) void this.change(() => remove(`/v1/shares/${encodeURIComponent(share.id)}`));
    };
    return h("span.actions", {}, h("button", { type: "button", onclick: end }, t(share.state === "ended" ? "shares.remove" : "shares.end")));
  }

  /** The other agency may be one that the caller is not told of. */
  private newShare(mine: readonly string[], known: readonly string[], models: readonly string[]): HTMLElement {
    const to = idInput("to", true);
    to.setAttribute("list", "share-agencies");
    const agency = chosenOne("agency", mine.map((id) => [id, agencyTitle(id)]));
    const what = chosenOne("what", []);
    const offer = (): void => {
      const groups = this.groups.filter((one) => one.agency === agency.value);
      const option = (value: string, text: string): HTMLElement => h("option", { value }, text);
      what.replaceChildren(
        option("", t("choose")),
        ...groups.map((one) => option(`group:${one.id}`, t("shares.group", { name: this.groupTitle(one.id) }))),
        ...models.map((id) => option(`model:${id}`, t("shares.model", { name: modelTitle(id) }))),
      );
    };
    agency.addEventListener("change", offer);
    offer();
    const position = h("select", { name: "position" }, h("option", { value: "coarse" }, t("shares.coarse")), h("option", { value: "exact" }, t("shares.exact")));
    const form = h(
      "form.page-filters.card",
      {},
      field(t("shares.from"), agency),
      field(t("shares.to.id"), to),
      h("datalist", { id: "share-agencies" }, ...known.map((id) => h("option", { value: id }, agencyTitle(id)))),
      field(t("shares.what"), what),
      field(t("shares.position"), position),
      field(t("shares.until"), h("input", { name: "until", type: "date" })),
      h("button.primary", { type: "submit" }, t("shares.make")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.change(() => post("/v1/shares", newShareBody(formValues(form))));
    });
    return h("section", {}, h("h2", {}, t("shares.new")), h("p.note", {}, t("shares.lead")), form);
  }
}
