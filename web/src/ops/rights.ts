// Which pages somebody's roles open. The platform decides; the navigation only
// leaves out what it would refuse. No DOM.

import type { Session } from "../record-shapes";
import type { PageName } from "./route";

/** As docs/rights.md has it: read-devices, read-data, manage-devices, install-devices, read-people, manage-agency, read-audit; models are public. */
const OPENED_BY: Record<PageName, readonly string[]> = {
  map: ["viewer", "installer", "operator", "agency-administrator", "auditor", "platform-administrator"],
  devices: ["viewer", "installer", "operator", "agency-administrator", "auditor", "platform-administrator"],
  health: ["viewer", "installer", "operator", "agency-administrator", "platform-administrator"],
  groups: ["viewer", "installer", "operator", "agency-administrator", "auditor", "platform-administrator"],
  register: ["installer", "operator", "agency-administrator", "platform-administrator"],
  sensors: ["viewer", "installer", "operator", "agency-administrator", "auditor", "platform-administrator"],
  import: ["operator", "agency-administrator", "platform-administrator"],
  claims: ["installer", "operator", "agency-administrator", "platform-administrator"],
  batches: ["operator", "agency-administrator", "platform-administrator"],
  people: ["agency-administrator", "auditor", "platform-administrator"],
  tokens: ["agency-administrator", "auditor", "platform-administrator"],
  agencies: ["agency-administrator", "platform-administrator"],
  shares: ["agency-administrator", "platform-administrator"],
  models: ["viewer", "installer", "operator", "agency-administrator", "auditor", "platform-administrator"],
  refinements: ["viewer", "installer", "operator", "agency-administrator", "auditor", "platform-administrator"],
  audit: ["agency-administrator", "auditor", "platform-administrator"],
};

export function opens(session: Session, page: PageName): boolean {
  return session.principal === "operator" || session.roles.some((one) => OPENED_BY[page].includes(one.role));
}

/** Roles that permit it, as docs/rights.md has it. */
const GIVEN_TO = {
  "install-devices": ["installer", "operator", "agency-administrator", "platform-administrator"],
  "manage-devices": ["operator", "agency-administrator", "platform-administrator"],
  "manage-people": ["agency-administrator", "platform-administrator"],
  "manage-agency": ["agency-administrator", "platform-administrator"],
  "manage-platform": ["platform-administrator"],
} as const;

/** In one agency, on the platform (null), or anywhere at all where none is named. */
export function may(session: Session, permission: keyof typeof GIVEN_TO, agency?: string | null): boolean {
  const roles: readonly string[] = GIVEN_TO[permission];
  const holds = (one: Session["roles"][number]): boolean => roles.includes(one.role) && (agency === undefined || one.agency === null || one.agency === agency);
  return session.principal === "operator" || session.roles.some(holds);
}
