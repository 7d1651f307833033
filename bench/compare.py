#!/usr/bin/env -S python3 -B
"""Measures madang, mosquitto and FlashMQ with the same load in one run.

    cargo build --release --workspace
    bench/compare.py [--quick] [--only WORD] > table.md
    bench/compare.py --before FOLDER [--rounds N] [--datastreams N] > table.md
    bench/compare.py --flashmq [--rounds N] > table.md

Needs Debian's mosquitto; FlashMQ is measured where the environment variable
FLASHMQ names its program. With --before the peer is another build of madang
instead: both run at the same time with a load each, so that whatever else the
machine does meets both, and the mean ratio of N rounds counts; each round
starts with so many datastreams registered. With --flashmq FlashMQ is the peer of
such rounds. Each row starts a fresh broker, so that no row pays for the one
before. The load (firmware-sim) shares the two cores with it; what counts is the
broker's own CPU time per million messages, or per million deliveries where one
publisher has many subscribers.
"""

import argparse
import functools
import math
import os
import shutil
import statistics
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import plot
from brokers import FLASHMQ, FlashMq, Madang, Mosquitto, folder, load, running
from registered import register

IN_FLIGHT = 100
# At QoS 2 mosquitto loses what comes beyond 20, acknowledged or not.
IN_FLIGHT_QOS_2 = 20
# Messages a second of each paced publisher.
RATE = 10


@dataclass
class Row:
    publishers: int
    qos: int
    fields: int
    messages: int
    paced: bool = False
    subscribers: int = 0

    def name(self):
        count = lambda number, thing: f"{number:,} {thing}{'s' * (number > 1)}"
        manner = f"paced, {self.publishers:,} x {RATE}/s" if self.paced \
            else f"pipelined, {count(self.publishers, 'publisher')}"
        heard = f", {count(self.subscribers, 'subscriber')}" if self.subscribers else ""
        return f"{manner}, QoS {self.qos}, {count(self.fields, 'field')}{heard}"

    def run(self, start, quick, data=None):
        """`data` is a folder to begin with a copy of."""
        window = IN_FLIGHT_QOS_2 if self.qos == 2 else IN_FLIGHT
        pace = ["--rate", RATE] if self.paced else ["--inflight", window]
        with folder() as path:
            if data:
                shutil.copytree(data, os.path.join(path, "data"))
                os.sync()
            with running(start(path)) as broker:
                return self.load(broker, pace, quick)

    def load(self, broker, pace, quick):
        return load(broker, "--connections", self.publishers, "--qos", self.qos, "--fields", self.fields,
                    "--messages", self.messages // (10 if quick else 1),
                    "--subscribers", self.subscribers, *pace)


MESSAGES = [
    Row(1, 1, 1, 400_000),
    Row(50, 1, 1, 1_000_000),
    Row(1_000, 1, 1, 1_000_000),
    Row(1, 0, 1, 400_000),
    Row(50, 0, 1, 1_000_000),
    Row(1_000, 0, 1, 1_000_000),
    Row(50, 2, 1, 500_000),
    Row(1_000, 2, 1, 500_000),
    Row(1_000, 1, 3, 1_000_000),
    Row(1_000, 1, 1, 300_000, paced=True),
    Row(1_000, 1, 1, 300_000, paced=True, subscribers=1),
    Row(1_000, 0, 1, 300_000, paced=True),
    Row(1_000, 2, 1, 300_000, paced=True),
    Row(1_000, 1, 3, 300_000, paced=True),
]
# Messages of the one publisher to each of the subscribers, its window, or its
# rate a second.
SUBSCRIBERS = 1_000
FAN_OUT = [
    ("1 publisher, 1 in flight", 3_000, ["--inflight", 1]),
    ("1 publisher, 100 in flight", 3_000, ["--inflight", 100]),
    ("1 publisher, paced, 50/s", 1_500, ["--rate", 50]),
]


def latency(result):
    ack = result["ack_latency_us"]
    return f'{ack["p50"] / 1000:.1f} / {ack["p99"] / 1000:.1f}' if result["qos"] else "-"


def heard(result):
    subscribers = result["subscribers"]
    return f'{subscribers["received"]:,} of {subscribers["expected"]:,}'


def speed(result):
    subscribers = result["subscribers"]
    return subscribers["received"] / max(subscribers["seconds"], 1e-3)


def messages(rows, peers, quick):
    cells = " | ".join(f"{peer.name} CPU-s per million | messages/s | ack p50 / p99 ms" for peer in (Madang, *peers))
    header(f"Load | {cells}", peers, "read back | received")
    for row in rows:
        ours, *theirs = results = [row.run(start, quick) for start in (Madang, *peers)]
        cpu = [result["server"]["cpu_seconds_per_million"] for result in results]
        cells = [f'{each:.2f} | {result["messages_per_second"]:,.0f} | {latency(result)}'
                 for each, result in zip(cpu, results)]
        back = ours["readback"]
        right = back["found"] - back["wrong"] - back["strange"]
        received = "; ".join(map(heard, results)) if row.subscribers else "-"
        line(row.name(), cells, cpu, f'{right:,} of {back["expected"]:,} | {received}')


def to_all(start, count, pace, quick):
    with folder() as path, running(start(path)) as broker:
        return load(broker, "--connections", 1, "--messages", count // (10 if quick else 1),
                    "--subscribers", SUBSCRIBERS, *pace)


def fan_out(rows, peers, quick):
    cells = " | ".join(f"{peer.name} CPU-s per million deliveries | deliveries/s" for peer in (Madang, *peers))
    print()
    header(f"To {SUBSCRIBERS:,} subscribers | {cells}", peers, "received")
    for name, count, pace in rows:
        results = [to_all(start, count, pace, quick) for start in (Madang, *peers)]
        cpu = [result["server"]["cpu_seconds_per_million_deliveries"] for result in results]
        cells = [f"{each:.2f} | {speed(result):,.0f}" for each, result in zip(cpu, results)]
        line(name, cells, cpu, "; ".join(map(heard, results)))


def header(first, peers, last):
    ratios = "".join(f" | ratio to {peer.name}" for peer in peers)
    columns = f"{first}{ratios} | {last}"
    print(f"| {columns} |\n|{'---|' * len(columns.split(' | '))}")


def line(name, cells, cpu, last):
    """The first of `cpu` is ours."""
    ratios = "".join(f"| **{cpu[0] / each:.2f}** " for each in cpu[1:])
    print(f'| {name} | {" | ".join(cells)} {ratios}| {last} |', flush=True)


def registered(start, datastreams, path):
    """A data folder with so many datastreams; none where it is none."""
    if not datastreams:
        return None
    with running(start(path)) as broker:
        register(broker, datastreams)
    return os.path.join(path, "data")


def against(start, title, rows, fan_outs, options):
    """The same rows on the peer that `start` starts, at the same time."""
    builds = (Madang, start)
    print(f"| Load | CPU-s per million, now | {title} | mean ratio | its standard error | lowest and highest |")
    print("|---|---|---|---|---|---|")
    with folder() as here, folder() as there:
        folders = [registered(start, options.datastreams, path) for start, path in zip(builds, (here, there))]
        for row in rows:
            runs = [lambda start=start, data=data: row.run(start, options.quick, data)["server"]["cpu_seconds_per_million"]
                    for start, data in zip(builds, folders)]
            ratio(row.name(), runs, options.rounds)
    for name, count, pace in fan_outs:
        runs = [lambda start=start: to_all(start, count, pace, options.quick)["server"]["cpu_seconds_per_million_deliveries"]
                for start in builds]
        ratio(f"{name}, to {SUBSCRIBERS:,} subscribers", runs, options.rounds)


def ratio(name, runs, rounds):
    """A line of what the first costs beside the second, measured at once."""
    logarithms, costs = [], []
    for number in range(rounds):
        # Neither is always the one that starts first.
        order = runs if number % 2 == 0 else runs[::-1]
        with ThreadPoolExecutor(len(runs)) as pool:
            results = list(pool.map(lambda run: run(), order))
        costs.append(results if order is runs else results[::-1])
        logarithms.append(math.log(costs[-1][0] / costs[-1][1]))
    now, before = (statistics.median(side) for side in zip(*costs))
    error = statistics.stdev(logarithms) / math.sqrt(rounds) if rounds > 1 else math.nan
    low, high = math.exp(min(logarithms)), math.exp(max(logarithms))
    print(f"| {name} | {now:.2f} | {before:.2f} | **{math.exp(statistics.fmean(logarithms)):.2f}** "
          f"| {error:.3f} | {low:.2f} to {high:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="a tenth of the messages")
    parser.add_argument("--only", default="", help="rows whose name holds this text")
    parser.add_argument("--before", metavar="FOLDER", help="with the madang to compare with")
    parser.add_argument("--flashmq", action="store_true", help="compare with FlashMQ at the same time")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--datastreams", type=int, default=0, help="registered before, with --before")
    plot.add_argument(parser)
    options = parser.parse_args()
    wanted = [row for row in MESSAGES if options.only in row.name()]
    fan_outs = [row for row in FAN_OUT if options.only in row[0] + " fan-out"]
    if options.before:
        return against(functools.partial(Madang, build=options.before), "before", wanted, fan_outs, options)
    if options.flashmq:
        return against(FlashMq, FlashMq.name, wanted, fan_outs, options)
    peers = [Mosquitto, *([FlashMq] if FLASHMQ else [])]
    with plot.recorded(options.plot):
        if wanted:
            messages(wanted, peers, options.quick)
        if fan_outs:
            fan_out(fan_outs, peers, options.quick)


if __name__ == "__main__":
    main()
