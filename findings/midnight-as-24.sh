#!/usr/bin/env bash
# Public air-quality data (Korea's is one) ends its day with the hour 24:00, which
# ISO 8601 had until 2019 and has again since 2022. A clock that is told of a leap
# second shows 23:59:60. Which readers of a CSV file know them?
#
# Expected: a library that knows one of the rare times knows both or neither, and
# a time that cannot be read gives an error, at least for its row.
# Seen: DuckDB reads 24:00:00 and not 23:59:60; pandas, polars and DataFusion read
# 23:59:60 and not 24:00:00; pyarrow reads neither. DuckDB's own `strptime` and
# dateutil's `parse` refuse the 24:00 that DuckDB's cast and dateutil's `isoparse`
# take; pandas' `to_datetime` refuses a single 23:59:60 that its `read_csv` takes.
# Where one of 24 rows is not understood, pandas, polars and pyarrow give the whole
# column as text with no word, and DuckDB does so with the leap second. The leap
# second is the next day's 00:00:00 in pandas and polars, and in DataFusion the
# second 23:59:59 a second time.
# Versions: as pinned below.
# Why it matters: pandas' usual cure, `errors="coerce"`, removes just the last hour
# of every day, so that daily means are of 23 hours and nobody sees a gap.
# Fails if any of this changes.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --only-binary :all: duckdb==2.0.1 polars==2.1.0 \
    datafusion==55.0.0 pandas==3.1.1 pyarrow==26.0.1 python-dateutil==4.0.0
venv/bin/python - <<'PY'
import importlib.metadata
import datafusion, dateutil.parser, duckdb, pandas, polars, pyarrow.csv

for name in ("duckdb", "polars", "datafusion", "pandas", "pyarrow", "python-dateutil"):
    print(name, importlib.metadata.version(name))
hours = [f"2026-11-29 {hour:02}:00:00" for hour in range(1, 25)]
leap = ["2016-12-31 23:59:59", "2016-12-31 23:59:60", "2017-01-01 00:00:00"]
for name, times in (("hours.csv", hours), ("leap.csv", leap)):
    with open(name, "w") as file:
        file.write("time,pm10\n" + "".join(f"{time},31\n" for time in times))


def by_datafusion(name):
    context = datafusion.SessionContext()
    context.register_csv("t", name)
    try:
        return [str(time) for time in context.sql("SELECT time FROM t").to_pydict()["time"]]
    except Exception:
        return "refused"


def by_polars(name):
    column = polars.read_csv(name, try_parse_dates=True)["time"]
    return "text" if column.dtype == polars.String else [str(time) for time in column]


def by_duckdb(name):
    rows = duckdb.sql(f"SELECT typeof(time), time FROM '{name}'").fetchall()
    return "text" if rows[0][0] == "VARCHAR" else [str(time) for _, time in rows]


def by_pandas(name):
    column = pandas.read_csv(name, parse_dates=["time"])["time"]
    return [str(time) for time in column] if pandas.api.types.is_datetime64_any_dtype(column) else "text"


def by_pyarrow(name):
    column = pyarrow.csv.read_csv(name)["time"]
    return "text" if column.type == pyarrow.string() else [str(time) for time in column.to_pylist()]


expected = {
    "duckdb": (by_duckdb, "2026-11-30 00:00:00", "text"),
    "polars": (by_polars, "text", "2017-01-01 00:00:00"),
    "datafusion": (by_datafusion, "refused", "2016-12-31 23:59:59"),
    "pandas": (by_pandas, "text", "2017-01-01 00:00:00"),
    "pyarrow": (by_pyarrow, "text", "text"),
}
for library, (read, midnight, second) in expected.items():
    seen = []
    for name, place in (("hours.csv", 23), ("leap.csv", 1)):
        times = read(name)
        seen.append(times if isinstance(times, str) else times[place])
    print(f"{library}: 24:00:00 is {seen[0]}; 23:59:60 is {seen[1]}")
    assert seen == [midnight, second], "CHANGED"

lost = pandas.to_datetime(pandas.Series(hours), errors="coerce").isna()
print("pandas, errors='coerce': lost rows", lost[lost].index.tolist(), "of 24")
assert lost[lost].index.tolist() == [23], "CHANGED"
try:
    single = str(pandas.to_datetime(leap[1]))
except ValueError:
    single = "refused"
print("pandas, a single 23:59:60:", single)
assert single == "refused", "CHANGED"
form = duckdb.sql(f"SELECT try_strptime('{hours[23]}', '%Y-%m-%d %H:%M:%S')").fetchall()[0][0]
print("DuckDB's strptime:", form)
assert form is None, "CHANGED"
iso = str(dateutil.parser.isoparse(hours[23]))
try:
    free = str(dateutil.parser.parse(hours[23]))
except ValueError:
    free = "refused"
print(f"dateutil: isoparse {iso}, parse {free}")
assert (iso, free) == ("2026-11-30 00:00:00", "refused"), "CHANGED"
print("as described")
PY
