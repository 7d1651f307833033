// The keys of all texts: types alone, so that a page loads only the texts that it learns.

import type { chartTexts } from "./chart";
import type { docsTexts } from "./docs";
import type { fieldTexts } from "./field";
import type { mapTexts } from "./map";
import type { agenciesTexts } from "./ops/agencies";
import type { auditTexts } from "./ops/audit";
import type { batchesTexts } from "./ops/batches";
import type { claimsTexts } from "./ops/claims";
import type { deviceTexts } from "./ops/device";
import type { groupsTexts } from "./ops/groups";
import type { healthTexts } from "./ops/health";
import type { importTexts } from "./ops/import";
import type { loginTexts } from "./ops/login";
import type { opsTexts } from "./ops/main";
import type { modelsTexts } from "./ops/models";
import type { peopleTexts } from "./ops/people";
import type { refinementsTexts } from "./ops/refinements";
import type { registerTexts } from "./ops/register";
import type { sensorsTexts } from "./ops/sensors";
import type { sharesTexts } from "./ops/shares";
import type { tokensTexts } from "./ops/tokens";
import type { portalTexts } from "./portal";
import type { sharedTexts } from "./shared";

/** Both languages of each text stand side by side. */
export type Texts = Record<string, { en: string; ko: string }>;

export type Key =
  | keyof typeof chartTexts
  | keyof typeof docsTexts
  | keyof typeof fieldTexts
  | keyof typeof mapTexts
  | keyof typeof agenciesTexts
  | keyof typeof auditTexts
  | keyof typeof batchesTexts
  | keyof typeof claimsTexts
  | keyof typeof deviceTexts
  | keyof typeof groupsTexts
  | keyof typeof healthTexts
  | keyof typeof importTexts
  | keyof typeof loginTexts
  | keyof typeof opsTexts
  | keyof typeof modelsTexts
  | keyof typeof peopleTexts
  | keyof typeof refinementsTexts
  | keyof typeof registerTexts
  | keyof typeof sensorsTexts
  | keyof typeof sharesTexts
  | keyof typeof tokensTexts
  | keyof typeof portalTexts
  | keyof typeof sharedTexts;
