// Tells a fault in the reader's language, with the request id for support.

import { ApiError } from "./api";
import { t } from "./text";

export function faultText(error: unknown): string {
  if (!(error instanceof ApiError) || error.status === 0) return t("error.network");
  if (error.status === 429 && error.retryAfter !== null) return t("error.quota", { seconds: error.retryAfter });
  const text = t("error.status", { detail: error.message, status: error.status });
  return error.requestId === null ? text : `${text} · ${t("error.request", { id: error.requestId })}`;
}
