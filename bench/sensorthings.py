#!/usr/bin/env -S python3 -B
"""What SensorThings' questions cost, by how many observations there are.

    cargo build --release --workspace
    bench/sensorthings.py [--seconds N] [--things N] [--observations N,N] > table.md

Needs Debian's wrk, which shares the cores with the server, with eight
connections. A thing has nine datastreams, of which three have observations. For
each number of observations, all are sent over MQTT and compacted as the platform
does it by itself; then the questions are asked by the operator and the public.
"""

import argparse
import json
import os
import sys
import time
import urllib.parse

import api
from api import FLAGS, answer, measure
from brokers import Madang, folder, load, running

FIELDS = 3
# Seconds.
SETTLES = 30
WIDE = urllib.parse.quote("POLYGON((126.8 37.2,127.0 37.2,127.0 37.4,126.8 37.4,126.8 37.2))", safe="(),")


def questions(one, first, last):
    """About the datastream `one`, whose observations lie between two times."""
    encoded = lambda text: urllib.parse.quote(text, safe="(),;=$'/:")
    day = encoded(f"phenomenonTime ge {first} and phenomenonTime le {last} and result gt 50")
    newest = encoded("Observations($top=1;$orderby=phenomenonTime desc)")
    return [
        ("the latest of each of 100 Datastreams", f"/Datastreams?$top=100&$expand={newest}"),
        ("$count of a Datastream's Observations", f"/Datastreams({one})/Observations?$top=0&$count=true"),
        ("$count of all Observations", "/Observations?$top=0&$count=true"),
        ("100 Observations of a Datastream", f"/Datastreams({one})/Observations?$top=100"),
        ("the newest 100 of a Datastream", f"/Datastreams({one})/Observations?$top=100&$orderby=phenomenonTime%20desc"),
        ("result gt 50 over a Datastream", f"/Datastreams({one})/Observations?$filter={day}"),
        ("a polygon over Locations", f"/Locations?$filter=st_within(location,geography'{WIDE}')"),
        ("the newest 10 of all", "/Observations?$top=10&$orderby=phenomenonTime%20desc"),
    ]


def settled():
    """What was sent is compacted by then, and the first look at the devices' health is over."""
    time.sleep(SETTLES)


def ask(path, seconds):
    with running(Madang(path, FLAGS)) as broker:
        with open(broker.identity[-1]) as file:
            operator = {"Authorization": f"Bearer {file.read().strip()}"}
        settled()
        root = "/sta/v1.1"
        newest = json.loads(answer(broker, f"{root}/Observations?$top=1&$orderby=phenomenonTime%20desc"
                                           "&$expand=Datastream", operator))["value"][0]
        one = newest["Datastream"]
        first, last = one["phenomenonTime"].split("/")
        count = json.loads(answer(broker, f"{root}/Observations?$top=0&$count=true", operator))["@iot.count"]
        found = {}
        for who, headers in (("operator", operator), ("public", {})):
            for name, question in questions(one["@iot.id"], first, last):
                entities = len(json.loads(answer(broker, root + question, headers))["value"])
                figures = measure(broker, root + question, headers, seconds)
                found[f"{name}: {who}"] = {"entities": entities, **figures}
                print(f"{count:,}: {name}: {who}: {figures}", file=sys.stderr)
        return count, found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--things", type=int, default=10_000)
    parser.add_argument("--observations", default="10000000,100000000")
    options = parser.parse_args()
    columns = []
    with folder() as path:
        api.prepare(path, options.things, None)
        sent = options.things
        for wanted in map(int, options.observations.split(",")):
            messages = (wanted - sent) // FIELDS
            with running(Madang(path, FLAGS)) as broker:
                load(broker, "--connections", options.things, "--messages", messages, "--fields", FIELDS,
                     "--no-read-back", "--name", "city", "--registered")
            sent = wanted
            columns.append(ask(path, options.seconds))
    head = "".join(f"| {count:,}: CPU ms | a second | p99 ms " for count, _ in columns)
    print(f"| Question, {options.things:,} things | entities {head}|")
    print("|---|---|" + "---|---|---|" * len(columns))
    for name, one in columns[0][1].items():
        row = f'| {name} | {one["entities"]:,} |'
        for _, found in columns:
            figures = found[name]
            row += f' {figures["cpu_ms"]:.3f} | {figures["per_second"]:,.0f} | {figures["p99_ms"]:.1f} |'
        print(row)


if __name__ == "__main__":
    main()
