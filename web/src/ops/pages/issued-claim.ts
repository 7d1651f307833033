// The code of a new claim, shown once: as text and as a QR code.

import { drawing, h } from "../../dom";
import { dateTimeText } from "../../format";
import type { IssuedClaim } from "../../record-shapes";
import { learn, t } from "../../text";
import { claimsTexts } from "../../texts/ops/claims";
import { agencyTitle, modelTitle } from "../words";
import { secretLine } from "./parts";

learn(claimsTexts);

/** On paper it is all that the page prints. */
export function issuedClaim({ claim, code, qr }: IssuedClaim): HTMLElement {
  const fact = (name: string, value: string): HTMLElement => h("div", {}, h("dt", {}, name), h("dd", {}, value));
  return h(
    "div.card.issued",
    {},
    h("p", {}, t("claims.issued")),
    h("div.qr", { role: "img", "aria-label": t("claims.qr") }, drawing(qr)),
    secretLine(code),
    h(
      "dl.facts",
      {},
      fact(t("device.agency"), agencyTitle(claim.agency)),
      fact(t("device.model"), modelTitle(claim.model)),
      claim.device !== null && fact(t("record.device"), claim.device),
      claim.note !== "" && fact(t("claims.note"), claim.note),
      fact(t("record.ends"), dateTimeText(new Date(claim.expires))),
    ),
    h("button", { type: "button", onclick: () => print() }, t("claims.print")),
  );
}
