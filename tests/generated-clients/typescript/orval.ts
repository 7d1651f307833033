// What orval's client reads and sends.

import { basic, check, checkLatest, device, key, readings, token } from "./check";
import {
  getAggregate,
  getDatastreamsIdObservations,
  getDevicesId,
  getLatest,
  postDevicesIdTelemetry,
} from "./generated/orval";

const open = { headers: { "X-API-Key": key } };
const latest = await getLatest({ device }, open);
check(latest.status === 200 && typeof latest.data !== "string", latest);
const id = checkLatest(latest.data.items, "orval");

const observations = await getDatastreamsIdObservations(id, { count: true }, open);
check(observations.status === 200 && typeof observations.data !== "string", observations);
check((observations.data.count ?? 0) >= 2, observations);
const buckets = await getAggregate({ field: "speed", device, bucket: "1d", fn: "avg,count,p95" }, open);
check(buckets.status === 200 && typeof buckets.data !== "string", buckets);
const bucket = buckets.data.items[0];
check(bucket?.count === 2 && bucket.left_out === 0 && (bucket["p95"] ?? 0) !== 0, bucket);
const refused = await getLatest({ domain: "trafic" }, open);
check(refused.status !== 200 && refused.data.detail.includes("traffic"), refused);

const found = await getDevicesId(device, { headers: { Authorization: `Bearer ${token}` } });
check(found.status === 200 && found.data.status === "active", found);

const receipt = await postDevicesIdTelemetry(device, readings, {
  headers: { Authorization: basic, "Content-Type": "application/json" },
});
check(receipt.status === 200 && receipt.data.stored + receipt.data.duplicates === 2, receipt);
