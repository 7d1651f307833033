"""Every aggregate of the recordings, as the platform answers it and as DuckDB
computes it from the CSV itself.

usage: recordings.py '{"url", "token", "maps", "recordings": [{"file", "map"}]}'

By default only good observations count, and a bucket tells how many others it
leaves out; with quality=good,uncertain all of these recordings count. Both are
compared: which one is good follows from the model's plausible range.

Counts, extremes, first and last must be equal to the last bit. Sums, averages
and percentiles are rounded on their way, by each side in an order of its own
(a sum of n numbers is off by at most n x 1.1e-16 of the sum of their
magnitudes, and no bucket here has a thousand): 1e-9 of the magnitudes leaves
room for that, and for no missing, doubled or misplaced observation.

Ends with 0 when everything was equal, and prints how many buckets were.
"""

import datetime
import http.client
import json
import os
import sys
import tempfile
import time
import tomllib
import urllib.parse

import duckdb

FUNCTIONS = ["count", "sum", "avg", "min", "max", "p50", "p95", "first", "last"]
# A bucket, and days that one request asks of it: at most 10,000 buckets.
BUCKETS = {"5m": 30, "1h": 400, "1d": 400}
MINUTES = {"5m": 5, "1h": 60, "1d": 1440}
ZONES = {"UTC": 0, "Asia/Seoul": 9}
# Datastreams of one request: with 9 functions, at most a million values.
TOGETHER = 11
# From the recording's unit into the model's, exactly: powers of ten move the
# decimal point of the text.
CONVERSIONS = {
    ("cm", "m"): "value / 100",
    ("10^4 m3", "m3"): "(text || 'e4')::double",
    ("10^6 m3", "m3"): "(text || 'e6')::double",
    ("m EL", "m"): "value",
    ("vehicle", "{vehicle}"): "value",
    ("ppm", "[ppm]"): "value",
}
TOLERANCE = 1e-9

task = json.loads(sys.argv[1])


class Platform:
    def __init__(self, url, token):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=120)
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path, parameters, accept):
        query = urllib.parse.urlencode(parameters)
        self.connection.request("GET", f"{path}?{query}", headers={**self.headers, "Accept": accept})
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit(f"GET {path}?{query}: {answer.status} {body[:500]}")
        return body

    def ranges(self):
        """{(model, field): (least, greatest)}, where there are any."""
        page = json.loads(self.get("/v1/models", {"limit": 10_000}, "application/json"))
        return {(model["id"], field["name"]): (field["min"], field["max"])
                for model in page["items"] for field in model["fields"]}

    def datastreams(self, agency):
        """{(device, field): (id, unit, model)}"""
        found = {}
        parameters = {"agency": agency, "limit": 10_000}
        page = json.loads(self.get("/v1/datastreams", parameters, "application/json"))
        assert page["next"] is None, "one page holds all of them"
        for item in page["items"]:
            found[item["device"], item["field"]] = (item["id"], item.get("unit"), item["model"])
        return found


def load(recording):
    """The recording's observations, in the model's units: `expected`. Of rows
    of one datastream and time the last one holds."""
    db = duckdb.connect()
    db.execute("set timezone = 'UTC'")
    db.execute(
        """create table rows as select * from read_csv(?, header = true, columns = {
             'device': 'varchar', 't': 'timestamptz', 'metric': 'varchar', 'text': 'varchar', 'unit': 'varchar'})""",
        [recording["file"]])
    db.execute("create table rules (id integer, device varchar, metric varchar, unit varchar, missing double, "
               "conversion varchar, least double, greatest double)")
    with open(os.path.join(task["maps"], recording["map"] + ".toml"), "rb") as file:
        source = tomllib.load(file)
    datastreams, ranges = platform.datastreams(source["agency"]), platform.ranges()
    devices = db.execute("select distinct device, metric, coalesce(unit, '') from rows").fetchall()
    for device, metric, unit in devices:
        rule = next(rule for rule in source["rule"] if (rule["metric"], rule["unit"]) == (metric, unit))
        number, wanted, model = datastreams[device, rule["field"]]
        sent = rule.get("send", unit)
        conversion = "value" if sent == wanted else CONVERSIONS[sent, wanted]
        missing = rule.get("missing", [None])[0]
        least, greatest = ranges.get((model, rule["field"]), (None, None))
        db.execute("insert into rules values (?, ?, ?, ?, ?, ?, ?, ?)",
                   [number, device, metric, unit, missing, conversion, least, greatest])
    choice = " ".join(f"when '{one.replace(chr(39), chr(39) * 2)}' then {one}"
                      for one in sorted({"value", *CONVERSIONS.values()}))
    # The order of a table's rows is that of the file.
    db.execute(f"""
        create table expected as
        with newest as (
            select rules.id, epoch_us(t) as micros, text, text::double as value, missing, conversion,
                   least, greatest
            from (select *, rowid as place from rows) as rows
            join rules on rules.device = rows.device and rules.metric = rows.metric
                      and rules.unit = coalesce(rows.unit, '')
            qualify row_number() over (partition by rules.id, t order by place desc) = 1),
        converted as (
            select id, micros, case conversion {choice} end as value, value as sent, missing, least, greatest
            from newest)
        select id, micros, value, coalesce(value >= least, true) and coalesce(value <= greatest, true) as good
        from converted where missing is null or sent <> missing""")
    return db


def ask(db, bucket, zone, qualities):
    """The platform's buckets of these qualities, or of its usual ones:
    `answered`."""
    days = datetime.timedelta(days=BUCKETS[bucket])
    shift = datetime.timedelta(hours=ZONES[zone])
    ids = [row[0] for row in db.execute("select distinct id from expected order by id").fetchall()]
    with tempfile.TemporaryDirectory() as folder:
        for at in range(0, len(ids), TOGETHER):
            group = ids[at:at + TOGETHER]
            first, last = db.execute(
                "select min(micros), max(micros) from expected where id in (select unnest(?))", [group]).fetchone()
            moment = lambda micros: datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)
            # The local midnight before the first.
            start = (moment(first) + shift).replace(hour=0, minute=0, second=0, microsecond=0) - shift
            while start <= moment(last):
                body = platform.get("/v1/aggregate", {
                    "datastream": ",".join(map(str, group)), "bucket": bucket, "fn": ",".join(FUNCTIONS),
                    "tz": zone, "from": start.isoformat() + "Z", "to": (start + days).isoformat() + "Z",
                    **({"quality": qualities} if qualities else {})}, "text/csv")
                with open(os.path.join(folder, f"{at}-{start:%Y%m%d}.csv"), "wb") as file:
                    file.write(body)
                start += days
        columns = {"s": "timestamptz", "e": "timestamptz", "id": "integer",
                   **{f"{name}_": "double" for name in FUNCTIONS}, "approximate": "boolean",
                   "left_out": "bigint"}
        db.execute(f"create or replace table answered as select * from read_csv('{folder}/*.csv', header = true, "
                   f"columns = {columns})")


def compare(db, bucket, zone, qualities):
    """How many buckets there are, and what differs."""
    width = f"interval {MINUTES[bucket]} minutes"
    local = f"timezone('{zone}', make_timestamptz(micros))"
    start = f"date_trunc('day', {local})" if bucket == "1d" else f"time_bucket({width}, {local})"
    counts = "true" if qualities else "good"
    of = lambda function: f"{function} filter (where {counts})"
    db.execute(f"""
        create or replace table computed as
        select id, timezone('{zone}', {start}) as s, {of("count(*)")} as count_, {of("sum(value)")} as sum_,
               {of("avg(value)")} as avg_, {of("min(value)")} as min_, {of("max(value)")} as max_,
               {of("quantile_cont(value, 0.5)")} as p50_, {of("quantile_cont(value, 0.95)")} as p95_,
               {of("arg_min(value, micros)")} as first_, {of("arg_max(value, micros)")} as last_,
               sum(abs(value)) as magnitude, max(abs(value)) as greatest_,
               count(*) filter (where not ({counts})) as left_out
        from expected group by all""")
    exact = [f"a.{name}_ is distinct from c.{name}_" for name in ("count", "min", "max", "first", "last")]
    exact += [f"a.e is distinct from c.s + {width}", "a.left_out is distinct from c.left_out"]
    near = [f"coalesce(abs(a.{name}_ - c.{name}_) > {TOLERANCE} * c.{scale}, a.{name}_ is distinct from c.{name}_)"
            for name, scale in [("sum", "magnitude"), ("avg", "greatest_"), ("p50", "greatest_"), ("p95", "greatest_")]]
    differing = db.execute(f"""
        select coalesce(a.id, c.id), coalesce(a.s, c.s)::varchar, a, c
        from answered a full outer join computed c on a.id = c.id and a.s = c.s
        where {' or '.join(exact + near)} order by 1, 2""").fetchall()
    return db.execute("select count(*) from computed").fetchone()[0], differing


platform = Platform(task["url"], task["token"])
wrong = 0
for recording in task["recordings"]:
    begun = time.monotonic()
    db = load(recording)
    observations, series = db.execute("select count(*), count(distinct id) from expected").fetchone()
    print(f"{recording['map']}: {observations:,} observations of {series} datastreams", flush=True)
    assert observations > 0
    uncertain = db.execute("select count(*) from expected where not good").fetchone()[0]
    print(f"  {uncertain:,} of them are uncertain", flush=True)
    questions = [(bucket, zone, "good,uncertain") for bucket in BUCKETS for zone in ZONES]
    questions += [(bucket, "UTC", "") for bucket in BUCKETS]
    for bucket, zone, qualities in questions:
        ask(db, bucket, zone, qualities)
        buckets, differing = compare(db, bucket, zone, qualities)
        wrong += len(differing)
        print(f"  {bucket:>3} {zone:<10} {qualities or 'as usual':<14} {buckets:>9,} buckets x {len(FUNCTIONS)} functions, "
              f"{len(differing)} differ ({time.monotonic() - begun:.1f} s)", flush=True)
        for number, at, answered, computed in differing[:5]:
            print(f"    DIFFERENT: datastream {number} at {at}\n      answered {answered}\n      computed {computed}")
sys.exit(1 if wrong else 0)
