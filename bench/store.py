#!/usr/bin/env -S python3 -B
"""Measures the store, and DuckDB on the store's own files in the same run.

    cargo build --release --workspace
    bench/store.py [--quick] [--days N ...] > table.md
    bench/store.py --before PROGRAM [--rounds N] [--quick] [--days N] > table.md

Builds and runs `ingest/benches/store`, which says how the rows are made; asks
DuckDB (PyPI, in an environment of its own below target/peers) and a running
madang, through HTTP, the same questions of the same folder; compares every
answer, and prints the tables. A day is 10 million rows; `--days 1 10` is 10 and
100 million, which takes 2 GB for files and 8 GB for the log. With --before the
peer is the bench program of another build instead, the two in turn.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

import plot
from brokers import ROOT, Madang, folder, running

VENV = os.path.join(ROOT, "target", "peers", "duckdb")
BARS = {
    "cpu": 0.7, "bytes": 7, "rollups": 1, "memory": 600, "latest_one": 0.01, "latest_all": 5, "range": 0.3,
    "buckets": 0.3, "box_cpu": 40, "open_clean": 1_000, "open_killed": 5_000,
}


def build():
    """The bench program, as cargo names it."""
    command = ["cargo", "bench", "--package", "ingest", "--bench", "store", "--no-run", "--message-format", "json"]
    said = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = map(json.loads, said.splitlines())
    return next(one["executable"] for one in messages
                if one.get("executable") and one["target"]["name"] == "store")


def phase(program, data, name, days, devices, sending="each"):
    """Runs a phase in a process of its own; gives its report."""
    command = [program, data, "--phase", name, "--days", str(days), "--devices", str(devices), "--sending", sending]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}")
    return json.loads(done.stdout)


def costs(load, daily, crash, queries):
    after, before = load["after_compaction"], load["before_compaction"]
    cpu = lambda one: (f'{one["cpu_s_per_million"]:.2f} ({one["cpu_s_per_million_until_applied"]:.2f} until applied, '
                       f'{one["cpu_s_per_million_of_last_compaction"]:.2f} in the last compaction)')
    speed = lambda one: f'{one["rows_per_second"]:,.0f}; {one["batch_p50_ms"]:.2f} / {one["batch_p99_ms"]:.2f}'
    clean = queries["open_after_clean_stop"]["wall_ms"]
    killed = max(one["open_ms"] for one in crash["opens"])
    rows = [
        ("ingest to durable and queryable, flushed and compacted, CPU-s per million rows: 1,000 rows a message",
         cpu(daily), BARS["cpu"]),
        ("the same: a message for each row, 1,000 a commit", cpu(load), ""),
        ("rows a second while loading; a commit, p50 / p99 ms: 1,000 rows a message", speed(daily), ""),
        ("the same: a message for each row", speed(load), ""),
        ("bytes a row after compaction (before)", f'{after["bytes_a_row"]:.2f} ({before["bytes_a_row"]:.2f})',
         BARS["bytes"]),
        ("the same: 1,000 rows a message", f'{daily["after_compaction"]["bytes_a_row"]:.2f}', BARS["bytes"]),
        ("of rollups", f'{after["rollup_bytes_a_row"]:.2f}', BARS["rollups"]),
        ("of indexes", f'{after["index_bytes_a_row"]:.2f}', ""),
        ("files after compaction (before)", f'{after["files"]} ({before["files"]})', ""),
        ("peak of resident memory while loading and compacting, MiB",
         f'{max(load["peak_mib"], daily["peak_mib"]):.0f}', BARS["memory"]),
        ("resident memory at each tenth, MiB",
         ", ".join(f"{one:.0f}" for one in load["resident_mib_on_the_way"]), "flat"),
        ("peak of resident memory in the queries, MiB", f'{queries["peak_mib"]:.0f}', ""),
        ("open after a clean stop, ms", f"{clean:.0f}", BARS["open_clean"]),
        (f'open after kill -9 with {crash["opens"][0]["rows_in_head"]:,} rows in the log alone, ms',
         f"{killed:.0f}", BARS["open_killed"]),
    ]
    print(f'\n| {load["rows"]:,} rows, {load["devices"]:,} devices | | limit |\n|---|---|---|')
    for name, figure, bar in rows:
        print(f"| {name} | {figure} | {bar} |")


def answers_table(queries, duck, web):
    boxes = {one["box"]: one for one in queries["hourly_mean"]}
    range_, buckets = queries["range_24h"], queries["buckets_5m"]
    timed = lambda one: f'{one["again"]["median_ms"]:.3f} | {one["first"]["median_ms"]:.3f}'
    rows = [
        ("latest of one", f'{queries["latest_one_ms"]:.5f} | -', BARS["latest_one"], "latest_one"),
        ("latest of all", f'{queries["latest_all_ms"]:.2f} | -', BARS["latest_all"], "latest_all"),
        ("24 h of one device", timed(range_), BARS["range"], "range"),
        ("5-minute buckets of one device", timed(buckets), BARS["buckets"], "buckets"),
    ]
    for name, what in [("all", "all devices"), ("tenth", "a tenth of them")]:
        one = boxes[name]
        rows.append((f'hourly mean in a box, {what} ({one["datastreams"]:,}); CPU {one["median_cpu_ms"]:.1f}',
                     f'{one["median_ms"]:.1f} | {one["first_ms"]:.1f}', f'{BARS["box_cpu"]} CPU', f"box_{name}"))
    print("\n| Query, ms | in process | first touch | limit | through HTTP, p50 | DuckDB on our files | answers |")
    print("|---|---|---|---|---|---|---|")
    for name, own, bar, key in rows:
        equal = "equal" if duck[key].equal and web[key].equal else "DIFFERENT"
        print(f"| {name} | {own} | {bar} | {web[key].median_ms:.2f} | {duck[key].median_ms:.1f} | {equal} |")
    across = queries["range_24h_across_midnight"]["median_ms"]
    print(f"\n24 h across midnight: {across:.3f} ms; the very first query of a process, which checks a file's "
          f'CRC: {range_["first"]["very_first_ms"]:.1f} ms; finding the box\'s datastreams in the registry: '
          f'{boxes["all"]["finding_the_datastreams_ms"]:.1f} ms; count of a device: '
          f'{queries["count"]["median_ms"]:.4f} ms.')


def run(program, days, devices):
    """One folder from its first row to its end; prints its tables."""
    from store_peers import Duck, Web, bytes_by_column
    with folder() as path:
        daily = phase(program, os.path.join(path, "data"), "load", days, devices, "daily")
        # Asked for what it checks by itself: every count and sum.
        phase(program, os.path.join(path, "data"), "queries", days, devices, "daily")
    with folder() as path:
        data = os.path.join(path, "data")
        load = phase(program, data, "load", days, devices)
        queries = phase(program, data, "queries", days, devices)
        with open(os.path.join(data, "answers.json")) as file:
            answers = json.load(file)
        duck = Duck(data, answers).ask_all()
        columns = bytes_by_column(data)
        with running(Madang(path)) as server:
            web = Web(server, data, answers).ask_all()
        crash = phase(program, data, "crash", days, devices)
    costs(load, daily, crash, queries)
    answers_table(queries, duck, web)
    print("\nBytes a row by column: "
          + ", ".join(f'{name} {each / load["rows"]:.2f}' for name, each in columns) + ".", flush=True)
    return queries, [key for side in (duck, web) for key, one in side.items() if not one.equal]


def figures(program, days, devices):
    """What one build takes for each thing, by name."""
    with folder() as path:
        daily = phase(program, os.path.join(path, "data"), "load", days, devices, "daily")
    with folder() as path:
        data = os.path.join(path, "data")
        each = phase(program, data, "load", days, devices)
        queries = phase(program, data, "queries", days, devices)
        crash = phase(program, data, "crash", days, devices)
    boxes = {one["box"]: one for one in queries["hourly_mean"]}
    return {
        "CPU-s per million rows, 1,000 rows a message": daily["cpu_s_per_million"],
        "CPU-s per million rows, a message for each row": each["cpu_s_per_million"],
        "a commit of 1,000 messages, p50 ms": each["batch_p50_ms"],
        "bytes a row": each["after_compaction"]["bytes_a_row"],
        "peak of memory while loading, MiB": max(each["peak_mib"], daily["peak_mib"]),
        "peak of memory in the queries, MiB": queries["peak_mib"],
        "open after a clean stop, ms": queries["open_after_clean_stop"]["wall_ms"],
        "open after kill -9, ms": min(one["open_ms"] for one in crash["opens"]),
        "latest of one, us": queries["latest_one_ms"] * 1e3,
        "latest of all, ms": queries["latest_all_ms"],
        "24 h of one device, ms": queries["range_24h"]["again"]["median_ms"],
        "24 h across midnight, ms": queries["range_24h_across_midnight"]["median_ms"],
        "5-minute buckets, ms": queries["buckets_5m"]["again"]["median_ms"],
        "hourly mean in a box, all, CPU ms": boxes["all"]["median_cpu_ms"],
        "hourly mean in a box, a tenth, CPU ms": boxes["tenth"]["median_cpu_ms"],
        "count of a device, ms": queries["count"]["median_ms"],
    }


def against(programs, days, devices, rounds):
    """The same on the build before."""
    now, before = zip(*([figures(program, days, devices) for program in programs] for _ in range(rounds)))
    print(f"| {days * devices * 1_000:,} rows | now | before | ratio of the medians | lowest and highest ratio of a round |")
    print("|---|---|---|---|---|")
    for name in now[0]:
        ratios = sorted(a[name] / b[name] for a, b in zip(now, before))
        middle = [statistics.median(one[name] for one in side) for side in (now, before)]
        print(f"| {name} | {middle[0]:.4g} | {middle[1]:.4g} | **{middle[0] / middle[1]:.2f}** "
              f"| {ratios[0]:.2f} to {ratios[-1]:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="a tenth of the devices")
    parser.add_argument("--days", type=int, nargs="+", default=[1], help="1 10: 10 and 100 million rows")
    parser.add_argument("--before", metavar="PROGRAM", help="the bench program to compare with")
    parser.add_argument("--rounds", type=int, default=3)
    plot.add_argument(parser)
    options = parser.parse_args()
    devices = 1_000 if options.quick else 10_000
    program = build()
    if options.before:
        return against((program, options.before), options.days[0], devices, options.rounds)
    with plot.recorded(options.plot):
        runs = [run(program, days, devices) for days in options.days]
    ranges = [queries["range_24h"]["again"]["median_ms"] for queries, _ in runs]
    if len(ranges) > 1:
        print(f"\n24 h of one device in {options.days[-1]} days against {options.days[0]}: "
              f"{ranges[-1] / ranges[0]:.2f} (limit: 2).")
    different = sorted({key for _, keys in runs for key in keys})
    if different:
        sys.exit(f"NOT EQUAL: {', '.join(different)}")


def in_the_environment():
    """Starts again with the interpreter that has DuckDB, which is made where it is absent."""
    python = os.path.join(VENV, "bin", "python")
    if os.path.realpath(sys.prefix) == os.path.realpath(VENV):
        return
    if not os.path.exists(python):
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                        "duckdb==2.0.0", "pytz==2026.6"], check=True)
    os.execv(python, [python, "-B", *sys.argv])


if __name__ == "__main__":
    in_the_environment()
    main()
