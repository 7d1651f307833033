// To whom people and tokens belong, and which roles they have.

import type { Role } from "../../record-shapes";
import { learn, t, word } from "../../text";
import { peopleTexts } from "../../texts/ops/people";
import { agencyTitle } from "../words";
import { field, select } from "./parts";

learn(peopleTexts);

const ROLES = ["viewer", "installer", "operator", "agency-administrator", "auditor", "platform-administrator"] as const;
/** In no agency; an auditor may be one agency's, or the platform's. */
const OF_PLATFORM: readonly string[] = ["platform-administrator"];

/** A form's inputs `agency`, where `chosen` stands first, and `role`. */
export function ownerFields(agencies: readonly string[], chosen: string | null): HTMLElement[] {
  return [
    field(t("device.agency"), select("agency", chosen ?? "", t("people.platform"), agencies.map((id) => [id, agencyTitle(id)]))),
    field(t("people.role"), select("role", "", t("people.role.none"), ROLES.map((one) => [one, word("role", one)]))),
  ];
}

/** A role of the platform is in no agency, whoever it is given to. */
export function ownerBody({ agency = "", role = "" }: Record<string, string>): { agency?: string; roles: unknown[] } {
  const of = OF_PLATFORM.includes(role) || agency === "" ? {} : { agency };
  return { ...(agency === "" ? {} : { agency }), roles: role === "" ? [] : [{ role, ...of }] };
}

export const ownerTitle = (agency: string | null): string => (agency === null ? t("people.platform") : agencyTitle(agency));

export const rolesText = (roles: readonly Role[]): string => roles.map(roleText).join(", ") || "–";

export function roleText({ role, agency }: Role): string {
  return agency === null ? word("role", role) : `${word("role", role)} (${agencyTitle(agency)})`;
}
