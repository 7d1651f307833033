// What the open API answers, as far as the pages use it. Nothing else may be
// asked: every path here is in /openapi.json. What the operators' pages keep
// records of is in record-shapes.ts.

export interface Place {
  lat: number;
  lon: number;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

export type Quality = "good" | "uncertain" | "bad" | "missing";
export type Value = number | boolean | string | null;

export interface Platform {
  name: string;
  version: string;
  public_url: string | null;
  listeners: Record<string, number>;
  /** Nothing that it serves was measured. */
  simulated?: boolean;
  /** The identity provider at which people log in. */
  sign_on?: string | null;
}

export interface Titles {
  en: string;
  ko: string;
}

export interface Model {
  id: string;
  domain: string;
  version: number;
  title: Titles;
  /** Whose own it is; null: everybody's. */
  agency: string | null;
  purpose: Titles | null;
  owner: string | null;
  licence: string | null;
  expected_interval_s: number | null;
  /** Null: for ever. */
  retention_days: number | null;
  fields: ModelField[];
  /** In an answer to who has added it. */
  changes?: ModelChange[];
}

export interface ModelField {
  name: string;
  unit: string | null;
  kind: string;
  title: Titles;
  min: number | null;
  max: number | null;
  expected_interval_s: number | null;
}

/** One change between two versions of a model, in English. */
export interface ModelChange {
  change: string;
  field: string | null;
  message: string;
}

export interface ModelVersion {
  version: number;
  created: string;
  /** Which agency refines the model so, for its own devices. */
  agency: string | null;
  changes: ModelChange[];
}

export interface Agency {
  id: string;
  name: string;
  /** By model, where it is not as the model says. */
  retention_days: Record<string, number>;
}

export interface Device {
  id: string;
  thing: string;
  agency: string;
  model: string;
  name: string;
  location: Place | null;
  status: "active" | "revoked" | "expired";
  created: string;
  last_seen: string | null;
  licence?: string;
  visibility?: string;
  credentials?: { id: number; kind: string; alg: string | null }[];
  connection?: Record<string, unknown> | null;
  datastreams?: { id: number; field: string }[];
}

/** The datastreams of one data model and agency, counted. */
export interface Summary {
  domain: string;
  model: string;
  agency: string;
  fields: string[];
  things: number;
  datastreams: number;
  licences: string[];
}

export interface Latest {
  id: number;
  device: string;
  thing: string;
  agency: string;
  domain: string;
  model: string;
  field: string;
  unit: string | null;
  location: Place | null;
  phenomenon_time: string;
  result_time: string;
  value: Value;
  quality: Quality;
  revision: number;
  offset: number;
}

export interface LatestPage extends Page<Latest> {
  offset?: number;
}

export interface Frame {
  offset: number;
  result_time: string;
  device: string;
  thing: string;
  agency: string;
  domain: string;
  model: string;
  location: Place | null;
  observations: {
    datastream: number;
    field: string;
    unit: string | null;
    phenomenon_time: string;
    value: Value;
    quality: Quality;
    revision: number;
  }[];
}

export interface Gap {
  from_offset: number;
  to_offset: number;
  fill: string;
}

export interface DeviceEvent {
  sequence: number;
  time: string;
  device: string | null;
  login: string;
  address: string;
  listener: string;
  kind: string;
  reason: string;
  cure: string;
}

/** What was found when a sensor was calibrated. */
export interface Calibration {
  at: string;
  by: string | null;
  certificate: string | null;
  valid_until: string | null;
  expired: boolean;
  result: string | null;
  note: string | null;
}

/** What measures one or several datastreams of a device. */
export interface Sensor {
  id: number;
  device: string;
  name: string;
  maker: string | null;
  model: string | null;
  serial: string | null;
  note: string | null;
  datasheet: string | null;
  datastreams: number[];
  installed_at: string;
  /** Null: it measures now. */
  removed_at: string | null;
  /** Left out of lists. */
  calibrations?: Calibration[];
}

/** Of a thing; the picture has an address of its own. */
export interface Photo {
  id: string;
  added: string;
  width: number;
  height: number;
}

/** One thing that a score of health is made of. */
export interface HealthPart {
  part: string;
  score: number;
  value: number;
  unit: string;
}

/** A score from 0 to 100 with what it is made of. */
export interface DeviceHealth {
  score: number;
  parts: HealthPart[];
  reasons: HealthReason[];
  left_out: { part: string; code: string }[];
}

/** Why a score lost points. */
export interface HealthReason {
  code: string;
  points: number;
  value: number;
  unit: string;
  field: string | null;
}

export type Band = "good" | "fair" | "poor";

/** A device's score when it was last looked at. */
export interface KeptHealth {
  device: string;
  name: string;
  agency: string;
  model: string;
  score: number;
  band: Band;
  at: string;
  reasons: HealthReason[];
}

/** How many of an agency's devices do how well; `unknown`: not looked at yet. */
export interface AgencyHealth extends Record<Band | "unknown", number> {
  agency: string;
  oldest: string | null;
}

/** What only a standing connection has is null without one. */
export interface DeviceConnection {
  device: string;
  connected: boolean;
  since: string | null;
  address: string | null;
  listener: string | null;
  protocol: string | null;
  client_id: string | null;
  keep_alive: number | null;
  session_expiry: number | null;
  assurance: string | null;
  messages_in: number | null;
  messages_out: number | null;
  message_rate: number | null;
  dropped: number | null;
  queued: number | null;
  last_seen: string | null;
  gateway: { device: string; connected: boolean; since: string | null } | null;
  last_disconnect: DeviceEvent | null;
  last_error: DeviceEvent | null;
}

export interface Quarantined {
  offset: number;
  time: string;
  unreadable: { code: string; message: string } | null;
  rejections: { index: number; field: string; code: string; message: string }[];
}

export interface Bucket {
  start: string;
  end: string;
  datastream?: number;
  avg?: number | null;
  min?: number | null;
  max?: number | null;
  first?: number | null;
  count?: number | null;
}

export interface Observation {
  phenomenon_time: string;
  result_time: string;
  value: Value;
  quality: Quality;
  revision: number;
  offset: number;
}

export interface Application {
  id: string;
  name: string;
  key: { id: string; key: string };
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  request_id?: string;
  /** What is wrong, in one word of the platform's. */
  code?: string;
}
