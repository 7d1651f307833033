"""What openapi-generator's client for Python reads and sends."""

import datetime
import os

import madang
from madang.models import Reading, Readings, Value

DEVICE = os.environ["MADANG_DEVICE"]


def client(**more):
    return madang.ApiClient(madang.Configuration(host=os.environ["MADANG_URL"], **more))


public = madang.DataApi(client(access_token=os.environ["MADANG_KEY"]))
page = public.get_latest(device=DEVICE)
# pydantic has a `field` of its own, so the generator renames ours.
values = {item.var_field: item.value and item.value.actual_instance for item in page.items}
assert values["speed"] == 43.5 and isinstance(values["speed"], float), values
assert values["note"] == "dry" and values["open"] is True, values
assert "occupancy" in values and values["occupancy"] is None, values
speed = next(item for item in page.items if item.var_field == "speed")
assert abs(speed.location.lat - 37.5665) < 1e-9, speed.location
assert speed.phenomenon_time.tzinfo is not None

observations = public.get_datastreams_id_observations(speed.id, count=True)
assert observations.count == len(observations.items) >= 2, observations
buckets = public.get_aggregate(var_field="speed", device=DEVICE, bucket="1d", fn="avg,count,p95")
assert buckets.items[0].count == 2 and buckets.items[0].left_out == 0, buckets
assert buckets.items[0].additional_properties["p95"] > 0, buckets
assert public.get_datastreams_summary().items[0].things >= 1
assert public.get_things(device=DEVICE).items[0].id == DEVICE
day = datetime.date(2026, 5, 1).isoformat()
export = public.get_export_date(day).items[0]
file = public.get_export_date_domain_file(day, export.domain, f"{export.agency}.parquet")
assert bytes(file[:4]) == b"PAR1", file[:4]
try:
    public.get_latest(domain="trafic")
    raise SystemExit("a mistyped filter was answered")
except madang.ApiException as problem:
    assert problem.status == 400 and "traffic" in problem.body, problem

operator = client(access_token=os.environ["MADANG_TOKEN"])
device = madang.DevicesApi(operator).get_devices_id(DEVICE)
assert device.status == "active" and device.gateway is None, device
assert madang.RegistryApi(operator).get_agencies().items[0].retention_days == {}

own = madang.DevicesApi(client(username=DEVICE, password=os.environ["MADANG_PASSWORD"]))
time = Value("2025-01-01T00:00:00Z")
one = Reading(t=time, v={"speed": Value(50.5), "note": Value("wet")})
receipt = own.post_devices_id_telemetry(DEVICE, Readings([one]))
assert receipt.stored + receipt.duplicates == 2, receipt
print("read by openapi-generator for Python:", values)
