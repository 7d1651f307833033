// Which pages somebody's roles open. The platform decides; the navigation only
// leaves out what it would refuse. No DOM.

import type { Session } from "../shapes";
import type { PageName } from "./route";

/** As docs/rights.md has it: read-devices, manage-devices, read-people, read-audit; models are public. */
const OPENED_BY: Record<PageName, readonly string[]> = {
  map: ["viewer", "installer", "operator", "agency-administrator", "auditor", "platform-administrator"],
  devices: ["viewer", "installer", "operator", "agency-administrator", "auditor", "platform-administrator"],
  import: ["operator", "agency-administrator", "platform-administrator"],
  people: ["agency-administrator", "auditor", "platform-administrator"],
  models: ["viewer", "installer", "operator", "agency-administrator", "auditor", "platform-administrator"],
  audit: ["auditor", "platform-administrator"],
};

export function opens(session: Session, page: PageName): boolean {
  return session.principal === "operator" || session.roles.some((one) => OPENED_BY[page].includes(one.role));
}
