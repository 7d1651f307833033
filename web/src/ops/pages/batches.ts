// Batches: with the credential of one the devices of a lot enrol themselves.

import { all, get, post, remove } from "../../api";
import { h } from "../../dom";
import { dateTimeText, numberText } from "../../format";
import type { Batch, IssuedBatch, Session } from "../../record-shapes";
import type { Agency, Model } from "../../shapes";
import { language, learn, t } from "../../text";
import { batchesTexts } from "../../texts/ops/batches";
import { may } from "../rights";
import { agencyTitle, modelTitle, setAgencies, setModels } from "../words";
import { ChangingPage } from "./changing-page";
import { dayEnd } from "./day";
import { chosenOne, field, formValues, idInput, secretLine, table } from "./parts";

learn(batchesTexts);

const MAX_DEVICES = 100_000;

export class BatchesPage extends ChangingPage {
  constructor() {
    super("batches");
  }

  protected async content(): Promise<readonly (HTMLElement | null)[]> {
    const [batches, agencies, models, session] = await Promise.all([all<Batch>("/v1/batches?limit=10000"), all<Agency>("/v1/agencies?limit=10000"), all<Model>("/v1/models?limit=10000"), get<Session>("/v1/session")]);
    setAgencies(agencies.items);
    setModels(models.items);
    const managed = agencies.items.map((one) => one.id).filter((id) => may(session, "manage-devices", id));
    const form = managed.length === 0 ? null : this.newBatch(managed, models.items.map((one) => one.id));
    return [form, h("h2", {}, t("batches.list")), this.list(batches.items.reverse(), managed)];
  }

  /** The newest first. */
  private list(batches: readonly Batch[], managed: readonly string[]): HTMLElement {
    if (batches.length === 0) return h("p.empty", {}, t("batches.none"));
    const columns = [t("record.name"), t("device.agency"), t("device.model"), t("batches.prefix.short"), t("batches.enrolled"), t("record.ends"), t("record.actions")];
    const count = (value: number): string => numberText(value, language());
    const rows = batches.map((batch) => [
      batch.name || batch.id,
      agencyTitle(batch.agency),
      modelTitle(batch.model),
      batch.id_prefix ?? "–",
      t("batches.of", { enrolled: count(batch.enrolled), devices: count(batch.devices) }),
      batch.revoked === null ? dateTimeText(new Date(batch.expires)) : t("batches.ended", { time: dateTimeText(new Date(batch.revoked)) }),
      batch.revoked === null && managed.includes(batch.agency) ? this.end(batch) : "–",
    ]);
    return table(t("page.batches"), columns, rows);
  }

  private end(batch: Batch): HTMLElement {
    const end = (): void => {
      if (confirm(t("batches.sure", { name: batch.name || batch.id }))) void this.change(() => remove(`/v1/batches/${encodeURIComponent(batch.id)}`));
    };
    return h("span.actions", {}, h("button", { type: "button", onclick: end }, t("batches.end")));
  }

  private newBatch(agencies: readonly string[], models: readonly string[]): HTMLElement {
    const form = h(
      "form.page-filters.card",
      {},
      field(t("device.agency"), chosenOne("agency", agencies.map((id) => [id, agencyTitle(id)]))),
      field(t("device.model"), chosenOne("model", models.map((id) => [id, modelTitle(id)]))),
      field(t("record.name"), h("input", { name: "name", autocomplete: "off" })),
      field(t("batches.prefix"), idInput("id_prefix", false)),
      field(t("batches.devices"), h("input", { name: "devices", type: "number", required: true, min: 1, max: MAX_DEVICES, step: 1 })),
      field(t("record.last-day"), h("input", { name: "expires", type: "date", required: true })),
      h("button.primary", { type: "submit" }, t("batches.make")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.change(() => this.make(newBatchBody(formValues(form))));
    });
    return h("section", {}, h("h2", {}, t("batches.new")), h("p.note", {}, t("batches.lead")), form);
  }

  private async make(body: unknown): Promise<void> {
    const { credential } = await post<IssuedBatch>("/v1/batches", body);
    this.tell(() => h("div.card.issued", {}, h("p", {}, t("batches.issued")), secretLine(credential)));
  }
}

/** A prefix that is left empty is left out: ids are free then. */
function newBatchBody({ devices = "", expires = "", id_prefix = "", ...values }: Record<string, string>): unknown {
  return { ...values, ...(id_prefix === "" ? {} : { id_prefix }), devices: Number(devices), expires: dayEnd(expires) };
}
