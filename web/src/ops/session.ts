// The operator's session: a token becomes an HttpOnly cookie and is forgotten.

import { ApiError, get, post, request } from "../api";

/** Takes `#token=...` out of the address bar before anything else happens. */
export function tokenFromFragment(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token !== null) history.replaceState(null, "", location.pathname + location.search);
  return token;
}

export type Entry = "in" | "out" | "refused";

export async function logIn(token: string): Promise<Entry> {
  try {
    await post("/v1/session", { token: token.trim() });
    return "in";
  } catch (error) {
    if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) return "refused";
    throw error;
  }
}

export async function hasSession(): Promise<boolean> {
  try {
    await get("/v1/session");
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return false;
    throw error;
  }
}

export const logOut = (): Promise<void> => request("/v1/session", { method: "DELETE" });
