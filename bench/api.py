#!/usr/bin/env -S python3 -B
"""What a question to the API costs the server, in CPU time a request.

    cargo build --release --workspace
    bench/api.py [--seconds N] [--things N] > table.md
    bench/api.py --before FOLDER > table.md

Needs Debian's wrk, which shares the cores with the server, with eight
connections. The things lie at random in a box of 2 by 1.5 degrees, with nine
datastreams each, one of which has a value. With --before the same is asked of
another build (a folder with its `madang`), over a copy of the same data, and
both answers must be equal.
"""

import argparse
import http.client
import json
import os
import random
import re
import shutil
import subprocess
import sys
import urllib.request

from brokers import Madang, folder, load, running
from registered import request

WEST, SOUTH, WIDTH, HEIGHT = 126.0, 36.5, 2.0, 1.5
CONNECTIONS = 8
FLAGS = ["--http-key-rate", "100000000", "--http-anonymous-rate", "100000000"]
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


def box(share):
    """One that has such a share of the things."""
    side = share ** 0.5
    west, south = WEST + WIDTH * 0.41, SOUTH + HEIGHT * 0.37
    return f"{west:.4f},{south:.4f},{west + WIDTH * side:.4f},{south + HEIGHT * side:.4f}"


def questions(things):
    centre = f"{SOUTH + HEIGHT / 2:.4f},{WEST + WIDTH / 2:.4f}"
    small = box(57 / things)
    return [
        ("latest, a box with about 57 things", f"/v1/latest?bbox={small}&limit=1000"),
        ("the same, a field besides", f"/v1/latest?bbox={small}&field=speed&limit=1000"),
        ("latest, 5 km around a place", f"/v1/latest?near={centre},5000&limit=1000"),
        ("latest, the first 100", "/v1/latest"),
        ("latest, 10,000", "/v1/latest?limit=10000"),
        ("datastreams, the small box", f"/v1/datastreams?bbox={small}&limit=1000"),
    ]


def prepare(path, things, build):
    """By the older of two builds, whose data both can read."""
    with running(Madang(path, FLAGS, build=build)) as broker:
        load(broker, "--connections", things, "--messages", things, "--no-read-back", "--name", "city")
        ids, after = [], "/v1/devices?limit=10000"
        while after:
            page = json.loads(request(broker, after))
            ids += [item["id"] for item in page["items"]]
            after = page["next"] and page["next"].removeprefix(broker.identity[1])
        dice = random.Random(1)
        with open(broker.identity[-1]) as file:
            headers = {"Authorization": f"Bearer {file.read().strip()}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection(broker.addresses["http"])
        for device in ids:
            place = {"lat": round(SOUTH + HEIGHT * dice.random(), 6), "lon": round(WEST + WIDTH * dice.random(), 6)}
            connection.request("PATCH", f"/v1/devices/{device}", json.dumps({"location": place}), headers)
            reply = connection.getresponse()
            text = reply.read()
            if reply.status != 200:
                sys.exit(f"{device} could not be placed: {text}")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def answer(broker, path, headers):
    """Without its own address, which differs from run to run."""
    asked = urllib.request.Request(broker.identity[1] + path, headers=headers)
    with urllib.request.urlopen(asked) as got:
        text = got.read().decode()
    return text.replace(broker.identity[1], "")


def measure(broker, path, headers, seconds):
    given = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    before = cpu_seconds(broker.process.pid)
    said = subprocess.run(
        ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds}s", "--timeout", "60s", "--latency", *given,
         broker.identity[1] + path], capture_output=True, text=True, check=True).stdout
    spent = cpu_seconds(broker.process.pid) - before
    if "Non-2xx" in said or "Socket errors" in said:
        sys.exit(f"{path}\n{said}")
    requests = int(re.search(r"(\d+) requests in", said)[1])
    per_second = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    p99, unit = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", said).groups()
    return {"cpu_ms": spent / requests * 1e3, "per_second": per_second, "p99_ms": float(p99) * UNITS[unit]}


def ask(path, things, seconds, build=None):
    """Figures and answers, of the operator and of the public."""
    found = {}
    with running(Madang(path, FLAGS, build=build)) as broker:
        with open(broker.identity[-1]) as file:
            operator = {"Authorization": f"Bearer {file.read().strip()}"}
        for who, headers in (("operator", operator), ("public", {})):
            for name, question in questions(things):
                text = answer(broker, question, headers)
                count = len(json.loads(text)["items"])
                figures = measure(broker, question, headers, seconds)
                found[f"{name}: {who}"] = {"answer": text, "items": count, **figures}
                print(f"{name}: {who}: {figures}", file=sys.stderr)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--things", type=int, default=10_000)
    parser.add_argument("--before", metavar="FOLDER", help="with the madang of another build")
    options = parser.parse_args()
    with folder() as path:
        mine = os.path.join(path, "mine")
        os.mkdir(mine)
        prepare(mine, options.things, options.before)
        other = {}
        if options.before:
            theirs = os.path.join(path, "theirs")
            shutil.copytree(mine, theirs)
            other = ask(theirs, options.things, options.seconds, options.before)
        found = ask(mine, options.things, options.seconds)
    before = "| before: CPU ms a request | requests a second | p99 ms | times less CPU " if other else ""
    print(f"| Question, {options.things:,} things | items | CPU ms a request | requests a second | p99 ms {before}|")
    print("|---|---|---|---|---|" + "---|" * (4 if other else 0))
    for name, one in found.items():
        row = f'| {name} | {one["items"]:,} | {one["cpu_ms"]:.3f} | {one["per_second"]:,.0f} | {one["p99_ms"]:.1f} |'
        if name in other:
            was = other[name]
            if was["answer"] != one["answer"]:
                sys.exit(f"{name}: the builds differ\n{was['answer'][:500]}\n{one['answer'][:500]}")
            row += (f' {was["cpu_ms"]:.3f} | {was["per_second"]:,.0f} | {was["p99_ms"]:.1f} '
                    f'| {was["cpu_ms"] / one["cpu_ms"]:.0f} |')
        print(row)


if __name__ == "__main__":
    main()
