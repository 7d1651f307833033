"""The store's questions, asked of others: DuckDB on the same Parquet files, and
a running madang through HTTP. Each answer is timed, and compared with the one
that was written in process."""

import datetime
import http.client
import json
import os
import statistics
import time
import urllib.parse
from dataclasses import dataclass

import duckdb

# Devices that DuckDB is asked for, and times that it is asked for all.
DUCK_DEVICES = 50
DUCK_TIMES = 5
# Requests of one kind, where they are short.
REQUESTS = 300
# And where they answer for all devices.
LONG_REQUESTS = 20
# Means are rounded in an order of each side's own; everything else is exact.
TOLERANCE = 1e-9
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MICROSECOND = datetime.timedelta(microseconds=1)


@dataclass
class Asked:
    median_ms: float
    equal: bool


def timed(questions, ask):
    """The median of the times of all questions, in milliseconds, and the answers."""
    times, answers = [], []
    for question in questions:
        begun = time.perf_counter()
        answers.append(ask(question))
        times.append((time.perf_counter() - begun) * 1e3)
    return statistics.median(times), answers


def same(ours, theirs, inexact=()):
    """Row for row and cell for cell; the places `inexact` within the tolerance."""
    def cells(one, other):
        near = lambda a, b: abs(a - b) <= TOLERANCE * max(abs(a), abs(b))
        return len(one) == len(other) and all(
            near(a, b) if at in inexact else a == b for at, (a, b) in enumerate(zip(one, other)))
    return len(ours) > 0 and len(ours) == len(theirs) and all(map(cells, ours, theirs))


def flat(rows):
    """[start, [values]] as one row."""
    return [[start, *values] for start, values in rows]


def manifest_files(data):
    store = os.path.join(data, "store")
    with open(os.path.join(store, "manifest")) as file:
        files = json.loads(file.read().splitlines()[1])["files"]
    return [os.path.join(store, f'{one["number"]:012}.parquet') for one in files]


def bytes_by_column(data):
    """The greatest first; those below a hundredth of all are left out."""
    rows = duckdb.connect().execute(
        """select path_in_schema, sum(total_compressed_size) as bytes from parquet_metadata(?)
           group by 1 order by 2 desc""", [manifest_files(data)]).fetchall()
    total = sum(size for _, size in rows)
    return [(name, size) for name, size in rows if size * 100 >= total]


class Duck:
    """Of rows of one datastream and time the one with the greatest offset and
    index holds, as the schema says."""

    def __init__(self, data, answers):
        self.answers = answers
        self.db = duckdb.connect()
        self.db.execute("set timezone = 'UTC'")
        files = ", ".join(f"'{path}'" for path in manifest_files(data))
        self.db.execute(f"create view files as select * from read_parquet([{files}])")
        self.db.execute("""create view newest as select * from files
            qualify row_number() over (partition by series, time order by "offset" desc, index desc) = 1""")
        self.db.execute("create table places (series integer, lat double, lon double)")
        places = [[series, lat / 1e7, lon / 1e7] for series, _, lat, lon in answers["places"]]
        self.db.executemany("insert into places values (?, ?, ?)", places)
        self.span = [answers["from"], answers["to"]]

    def query(self, text, *parameters):
        return [list(row) for row in self.db.execute(text, list(parameters)).fetchall()]

    def latest_one(self, series):
        return self.query("""select series, epoch_us(time), value from files where series = ?
            order by time desc, "offset" desc, index desc limit 1""", series)

    def latest_all(self, _):
        return self.query("""select series, epoch_us(max(time)), arg_max(value, row(time, "offset", index))
            from files group by 1 order by 1""")

    def range(self, series):
        return self.query("""select epoch_us(time), value from newest
            where series = ? and time >= make_timestamptz(?) and time < make_timestamptz(?) order by 1""",
                          series, *self.span)

    def buckets(self, series):
        return self.query("""select epoch_us(time_bucket(interval 5 minutes, time)), avg(value), min(value),
            max(value), count(*) from newest
            where series = ? and quality <= 1 and time >= make_timestamptz(?) and time < make_timestamptz(?)
            group by 1 order by 1""", series, *self.span)

    def hours(self, bbox):
        west, south, east, north = bbox
        return self.query("""select epoch_us(time_bucket(interval 1 hour, time)), avg(value), count(*) from newest
            where series in (select series from places where lat between ? and ? and lon between ? and ?)
              and quality <= 1 and time >= make_timestamptz(?) and time < make_timestamptz(?)
            group by 1 order by 1""", south, north, west, east, *self.span)

    def ask_all(self):
        asked = self.answers["asked"]
        asked = asked[:: max(1, len(asked) // DUCK_DEVICES)]
        latest = {row[0]: row for row in self.answers["latest"]}
        one, found = timed(asked, self.latest_one)
        results = {"latest_one": Asked(one, found == [[latest[series]] for series in asked])}
        every, found = timed(range(DUCK_TIMES), self.latest_all)
        results["latest_all"] = Asked(every, same(found[0], self.answers["latest"]))
        for name, ask, inexact in [("range", self.range, ()), ("buckets", self.buckets, (1,))]:
            median, _ = timed(asked, ask)
            results[name] = Asked(median, all(
                same(ask(one["datastream"]), rows_of(one), inexact) for one in self.answers[name]))
        for one in self.answers["hourly_mean"]:
            median, found = timed([one["bbox"]] * DUCK_TIMES, self.hours)
            results["box_" + one["box"]] = Asked(median, same(found[0], rows_of(one), (1,)))
        return results


def rows_of(answer):
    rows = answer["rows"]
    return flat(rows) if rows and isinstance(rows[0][1], list) else rows


class Web:
    """One kept-alive connection with the operator's token."""

    def __init__(self, server, data, answers):
        self.answers = answers
        self.connection = http.client.HTTPConnection(server.addresses["http"], timeout=120)
        with open(os.path.join(data, "admin.token")) as file:
            self.headers = {"Authorization": "Bearer " + file.read().strip()}
        iso = lambda micros: (EPOCH + micros * MICROSECOND).isoformat().replace("+00:00", "Z")
        self.span = {"from": iso(answers["from"]), "to": iso(answers["to"])}
        self.device = {series: device for series, device, _, _ in answers["places"]}

    def get(self, path, **parameters):
        self.connection.request("GET", f"{path}?{urllib.parse.urlencode(parameters)}", headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, f"{path} {parameters}: {answer.status} {body[:300]}"
        return body

    def latest_one(self, series):
        return self.get("/v1/latest", device=self.device[series], field=self.answers["field"])

    def latest_all(self, _):
        return self.get("/v1/latest", field=self.answers["field"], limit=10_000)

    def range(self, series):
        return self.get(f"/v1/datastreams/{series}/observations", limit=10_000, **self.span)

    def buckets(self, series):
        return self.get("/v1/aggregate", datastream=series, bucket="5m", fn="avg,min,max,count", **self.span)

    def hours(self, bbox):
        return self.get("/v1/aggregate", field=self.answers["field"], bbox=",".join(map(str, bbox)), bucket="1h",
                        fn="avg,count", **self.span)

    def ask_all(self):
        asked = self.answers["asked"]
        many = [asked[at % len(asked)] for at in range(REQUESTS)]
        latest = {row[0]: row for row in self.answers["latest"]}
        one, found = timed(many, self.latest_one)
        results = {"latest_one": Asked(one, all(
            latest_rows(body) == [latest[series]] for series, body in zip(many, found)))}
        every, found = timed(range(LONG_REQUESTS), self.latest_all)
        results["latest_all"] = Asked(every, latest_rows(found[0]) == self.answers["latest"])
        for name, ask, read, inexact in [("range", self.range, observation_rows, ()),
                                         ("buckets", self.buckets, bucket_rows("avg", "min", "max", "count"), (1,))]:
            median, _ = timed(many, ask)
            results[name] = Asked(median, all(
                same(read(ask(one["datastream"])), rows_of(one), inexact) for one in self.answers[name]))
        for one in self.answers["hourly_mean"]:
            median, found = timed([one["bbox"]] * LONG_REQUESTS, self.hours)
            rows = bucket_rows("avg", "count")(found[0])
            results["box_" + one["box"]] = Asked(median, same(rows, rows_of(one), (1,)))
        return results


def micros(text):
    return (datetime.datetime.fromisoformat(text) - EPOCH) // MICROSECOND


def latest_rows(body):
    return [[item["id"], micros(item["phenomenon_time"]), item["value"]] for item in json.loads(body)["items"]]


def observation_rows(body):
    return [[micros(item["phenomenon_time"]), item["value"]] for item in json.loads(body)["items"]]


def bucket_rows(*names):
    return lambda body: [[micros(item["start"]), *(item[name] for name in names)]
                         for item in json.loads(body)["items"]]
