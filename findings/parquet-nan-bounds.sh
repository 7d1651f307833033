#!/usr/bin/env bash
# A column has the numbers 1, 50 and NaN (a probe that gave no value). Which rows
# are over 100, and which are NaN?
#
# Expected: an engine's answer depends on its rules for NaN, but not on who wrote
# the Parquet file, since every file holds the same three numbers.
# Seen: pyarrow, polars and DataFusion leave NaN out of the bounds that they write
# (1 to 50), as the format asks; DuckDB writes no bounds then. DuckDB and
# DataFusion take NaN for the largest number, yet trust such bounds. So DuckDB
# says of the file with bounds that no row is over 100, that all three rows are at
# most 100, and that `isnan(v)` is true for none, while the same question as
# `count(*) FILTER (...)` finds the NaN, and `max(v)` is NaN. Of its own file it
# says the opposite. DataFusion loses the row too, but never counts it as low;
# polars answers alike for both files.
# Versions: as pinned below.
# Why it matters: an archive's query for broken probes finds none, and an alarm's
# back-test changes when the same day is written again by another tool. Write
# null for "no value", or no bounds, and refuse NaN where data comes in.
# Fails if any of this changes.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --only-binary :all: \
    duckdb==2.0.1 polars==2.1.0 datafusion==55.0.0 pyarrow==26.0.1
venv/bin/python - <<'PY'
import datafusion, duckdb, polars, pyarrow, pyarrow.parquet

for library in (duckdb, polars, datafusion, pyarrow):
    print(library.__name__, library.__version__)
numbers = pyarrow.table({"v": [1.0, 50.0, float("nan")]})
pyarrow.parquet.write_table(numbers, "pyarrow.parquet")
polars.from_arrow(numbers).write_parquet("polars.parquet")
duckdb.sql("COPY (FROM numbers) TO 'duckdb.parquet'")


def by_duckdb(name, condition):
    return duckdb.sql(f"SELECT count(*) FROM '{name}' WHERE {condition}").fetchall()[0][0]


def by_datafusion(name, condition):
    context = datafusion.SessionContext()
    context.register_parquet("t", name)
    return context.sql(f"SELECT count(*) AS n FROM t WHERE {condition}").to_pydict()["n"][0]


def by_polars(name, condition):
    return polars.scan_parquet(name).filter(polars.sql_expr(condition)).collect().height


def bounds(name):
    statistics = pyarrow.parquet.ParquetFile(name).metadata.row_group(0).column(0).statistics
    return (statistics.min, statistics.max) if statistics.has_min_max else None


expected = {
    # Rows over 100, and rows at most 100, that each engine counts.
    "pyarrow.parquet": {"bounds": (1.0, 50.0), "duckdb": (0, 3), "datafusion": (0, 2), "polars": (1, 2)},
    "polars.parquet": {"bounds": (1.0, 50.0), "duckdb": (0, 3), "datafusion": (0, 2), "polars": (1, 2)},
    "duckdb.parquet": {"bounds": None, "duckdb": (1, 2), "datafusion": (1, 2), "polars": (1, 2)},
}
for name, wanted in expected.items():
    seen = {"bounds": bounds(name)}
    for engine, count in (("duckdb", by_duckdb), ("datafusion", by_datafusion), ("polars", by_polars)):
        seen[engine] = (count(name, "v > 100"), count(name, "v <= 100"))
    print(f"{name}: bounds, then (over 100, at most 100): {seen}")
    assert seen == wanted, "CHANGED"
for name, wanted in (("pyarrow.parquet", 0), ("duckdb.parquet", 1)):
    filtered = by_duckdb(name, "isnan(v)")
    counted = duckdb.sql(f"SELECT count(*) FILTER (isnan(v)), max(v)::VARCHAR FROM '{name}'").fetchall()[0]
    print(f"{name}: DuckDB's WHERE isnan(v) finds {filtered}; FILTER (isnan(v)), max(v): {counted}")
    assert (filtered, counted) == (wanted, (1, "nan")), "CHANGED"
print("as described")
PY
