// What the open API answers of people, tokens, claims, groups, shares,
// refinements, features and the audit, as far as the pages use it. The rest is in shapes.ts.

import type { Titles } from "./shapes";

export interface Role {
  role: string;
  /** Null: for the whole platform. */
  agency: string | null;
}

/** Who is logged in. */
export interface Session {
  principal: "person" | "operator";
  id: string | null;
  roles: Role[];
}

export interface Person {
  /** The login name. */
  id: string;
  name: string;
  /** Null: one of the platform's. */
  agency: string | null;
  enabled: boolean;
  roles: Role[];
}

/** Shown once. */
export interface Invitation {
  invitation: string;
  path: string;
  /** Null where the platform does not know its own address. */
  url: string | null;
}

export interface ServiceToken {
  id: string;
  name: string;
  /** Null: one of the platform's. */
  agency: string | null;
  roles: Role[];
  until: string;
}

/** Shown once. */
export interface IssuedServiceToken extends ServiceToken {
  token: string;
}

/** Of a device, shown once. */
export interface MadePassword {
  password: string;
}

/** Opens one enrolment, to whoever has its code. */
export interface Claim {
  id: string;
  agency: string;
  model: string;
  /** The id that the device will have, where it is given. */
  device: string | null;
  note: string;
  state: "open" | "used" | "revoked" | "expired";
  expires: string;
  /** The device that it put into service. */
  used_by: string | null;
}

/** Shown once. */
export interface IssuedClaim {
  claim: Claim;
  code: string;
  /** The code as a QR code in SVG. */
  qr: string;
}

/** Opens the enrolment of so many devices, to whoever has its credential. */
export interface Batch {
  id: string;
  agency: string;
  model: string;
  /** What the ids of its devices begin with. */
  id_prefix: string | null;
  name: string;
  devices: number;
  enrolled: number;
  expires: string;
  revoked: string | null;
}

/** Shown once. */
export interface IssuedBatch {
  batch: Batch;
  credential: string;
}

/** Devices of one agency under one name: `listed`, or by a `query`. */
export interface Group {
  id: string;
  agency: string;
  name: string;
  /** How many it lists. */
  listed: number | null;
  query: GroupQuery | null;
}

/** What a device needs to be in a group; null is not asked for. */
export interface GroupQuery {
  model: string | null;
  tag: string | null;
  /** West, south, east, north. */
  bbox: [number, number, number, number] | null;
  boundary: string | null;
  text: string | null;
}

/** What one agency lets another read: of a model, or of a group. */
export interface Share {
  id: string;
  /** Whose data it is. */
  agency: string;
  to: string;
  model: string | null;
  group: string | null;
  position: "exact" | "coarse";
  /** Null: until it is removed. */
  until: string | null;
  state: "active" | "ended";
}

/** What an agency says otherwise of a model; what it leaves out is as the model says. */
export interface Refinement {
  title?: Titles;
  purpose?: Titles;
  expected_interval_s?: number;
  retention_days?: number;
  fields?: RefinedField[];
}

export interface RefinedField {
  name: string;
  title?: Titles;
  min?: number;
  max?: number;
  expected_interval_s?: number;
}

export interface RefinementEntry {
  model: string;
  version: number;
  refinement: Refinement;
}

/** A named area on the map. */
export interface Boundary {
  name: string;
  title: Titles;
  /** West, south, east, north. */
  bbox: [number, number, number, number];
}

/** What datastreams are about, as a river's section. */
export interface Feature {
  id: string;
  title: Titles;
  kind: string | null;
  /** West, south, east, north. */
  bbox: [number, number, number, number];
}

/** What a search finds. */
export interface Hit {
  kind: "agency" | "boundary" | "feature" | "group" | "thing";
  id: string;
  name: string;
  agency: string | null;
  devices: string[];
  address: string | null;
}

export interface AuditEntry {
  number: number;
  time: string;
  actor: string;
  address: string | null;
  means: string;
  action: string;
  kind: string;
  object: string;
  agency: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

export interface OpenInvitation {
  /** The login name. */
  id: string;
  name: string;
  /** What the authenticator app gets, and the same as a QR code in SVG. */
  secret: string;
  qr: string;
  code_required: boolean;
}

export interface AcceptedInvitation {
  id: string;
  recovery_codes: string[];
}

export interface LoggedOut {
  logout_url: string;
}
