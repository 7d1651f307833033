// What the client of @hey-api/openapi-ts reads and sends.

import { basic, check, checkLatest, device, key, readings, token, url } from "./check";
import { createClient } from "./generated/hey/client";
import {
  getAggregate,
  getDatastreamsIdObservations,
  getDevicesId,
  getLatest,
  postDevicesIdTelemetry,
} from "./generated/hey";

const client = createClient({ baseUrl: url, auth: (scheme) => (scheme.key === "key" ? key : undefined) });
const latest = await getLatest({ client, query: { device } });
check(latest.data !== undefined, latest.error);
const id = checkLatest(latest.data.items, "hey-api");

const observations = await getDatastreamsIdObservations({ client, path: { id }, query: { count: true } });
check((observations.data?.count ?? 0) >= 2, observations.error);
const query = { field: "speed", device, bucket: "1d", fn: "avg,count,p95" };
const bucket = (await getAggregate({ client, query })).data?.items[0];
check(bucket?.count === 2 && bucket.left_out === 0 && (bucket["p95"] ?? 0) !== 0, bucket);
const refused = await getLatest({ client, query: { domain: "trafic" } });
check(refused.error?.status === 400 && refused.error.detail.includes("traffic"), refused.error);

const operator = createClient({ baseUrl: url, headers: { Authorization: `Bearer ${token}` } });
const found = await getDevicesId({ client: operator, path: { id: device } });
check(found.data?.status === "active", found.error);

const own = createClient({ baseUrl: url, headers: { Authorization: basic } });
const receipt = await postDevicesIdTelemetry({ client: own, path: { id: device }, body: readings });
check(receipt.data !== undefined && receipt.data.stored + receipt.data.duplicates === 2, receipt.error);
