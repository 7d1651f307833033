// What openapi-fetch reads and sends with the types of openapi-typescript.

import createClient from "openapi-fetch";

import { basic, check, checkLatest, device, key, readings, token, url } from "./check";
import type { paths } from "./generated/schema";

// Lists are tables too, where one asks for them; this client does not.
type Json = "application/json" | "application/problem+json";

const open = createClient<paths, Json>({ baseUrl: url, headers: { "X-API-Key": key } });
const latest = await open.GET("/v1/latest", { params: { query: { device } } });
check(latest.data !== undefined, latest.error);
const id = checkLatest(latest.data.items, "openapi-typescript");

const observations = await open.GET("/v1/datastreams/{id}/observations", { params: { path: { id }, query: { count: true } } });
check((observations.data?.count ?? 0) >= 2, observations);
const query = { field: "speed", device, bucket: "1d", fn: "avg,count,p95" };
const bucket = (await open.GET("/v1/aggregate", { params: { query } })).data?.items[0];
check(bucket?.count === 2 && bucket.left_out === 0 && (bucket["p95"] ?? 0) !== 0, bucket);
const refused = await open.GET("/v1/latest", { params: { query: { domain: "trafic" } } });
check(refused.error?.status === 400 && refused.error.detail.includes("traffic"), refused.error);

const operator = createClient<paths, Json>({ baseUrl: url, headers: { Authorization: `Bearer ${token}` } });
const found = await operator.GET("/v1/devices/{id}", { params: { path: { id: device } } });
check(found.data?.status === "active", found);

const own = createClient<paths, Json>({ baseUrl: url, headers: { Authorization: basic } });
const receipt = await own.POST("/v1/devices/{id}/telemetry", { params: { path: { id: device } }, body: readings });
check(receipt.data !== undefined && receipt.data.stored + receipt.data.duplicates === 2, receipt);
