// Logins: what proves somebody becomes an HttpOnly cookie and is forgotten.

import { ApiError, get, post, request } from "../api";
import type { AcceptedInvitation, LoggedOut, OpenInvitation, Session } from "../record-shapes";

/** Takes `#name=...` out of the address bar before anything else happens. */
export function takeFromFragment(name: string): string | null {
  const value = new URLSearchParams(location.hash.slice(1)).get(name);
  if (value !== null) history.replaceState(null, "", location.pathname + location.search);
  return value;
}

export type Proof = { token: string } | { name: string; password: string; code?: string };

export type Entry = "in" | "refused" | "code-needed" | "wrong-code" | "authenticator-missing";

export async function logIn(proof: Proof): Promise<Entry> {
  try {
    await post<Session>("/v1/session", proof);
    return "in";
  } catch (error) {
    if (!(error instanceof ApiError) || error.status < 400 || error.status >= 500 || error.status === 429) throw error;
    const { code } = error;
    return code === "code-needed" || code === "wrong-code" || code === "authenticator-missing" ? code : "refused";
  }
}

/** Null where nobody is logged in. */
export async function readSession(): Promise<Session | null> {
  try {
    return await get<Session>("/v1/session");
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

/** Where the browser logs out of the identity provider too; null: nowhere. */
export async function logOut(): Promise<string | null> {
  const answer = await request<LoggedOut | undefined>("/v1/session", { method: "DELETE" });
  return answer?.logout_url ?? null;
}

/** Null where the invitation cannot be taken. */
export async function openInvitation(invitation: string): Promise<OpenInvitation | null> {
  try {
    return await post<OpenInvitation>("/v1/invitation", { invitation });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

export const acceptInvitation = (body: { invitation: string; password: string; code?: string }): Promise<AcceptedInvitation> => post("/v1/invitation/accept", body);
