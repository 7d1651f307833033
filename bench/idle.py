#!/usr/bin/env -S python3 -B
"""What an idle connection costs, and how fast connections are made.

    cargo build --release --workspace
    bench/idle.py [--connections N] > table.md
    bench/idle.py --datastreams 1000000 --subscribe 'open/#' > table.md

The devices are registered by a first run; then the server is started again,
so that no memory of the registration is measured with them. Needs openssl,
and Debian's mosquitto to compare with.

With --subscribe each connection is an application's and subscribes once before
it is silent, on a registry of so many public datastreams, some of which have a
value; the table then tells what a SUBSCRIBE took of the server's worker, and
what the turns took in which retained messages went out.
"""

import argparse

import plot
from brokers import Madang, Mosquitto, certificate, folder, load, running
from registered import register, request

NAME = ["--name", "idle"]


def row(name, result):
    server = result["server"]
    print(f'| {name} | {result["standing"]:,} of {result["connections"]:,} '
          f'| {result["connects_per_second"]:,.0f} | {server["kib_each"]:.2f} '
          f'| {server["before_kib"] / 1024:.0f} to {server["after_kib"] / 1024:.0f} '
          f'| {server["cpu_seconds"]:.2f} | {result["own_cpu_seconds"]:.2f} |', flush=True)


def metrics(broker):
    lines = (line.rsplit(" ", 1) for line in request(broker, "/metrics").splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines if name.startswith("madang_mqtt_") and "{" not in name}


def subscribers(path, options, crowd):
    with running(Madang(path)) as broker:
        made = register(broker, options.datastreams)
        # Some have a value.
        load(broker, "--connections", 100, "--messages", 1_000, "--fields", 3)
    with running(Madang(path)) as broker:
        result = load(broker, *crowd, "--subscribe", options.subscribe)
        found = metrics(broker)
    print("| Idle connections | standing | made a second | KiB each | server MiB | server CPU s | client CPU s |")
    print("|---|---|---|---|---|---|---|")
    row(f"each with `{options.subscribe}`, {made:,} datastreams", result)
    print()
    count = found["madang_mqtt_subscribes_total"]
    turns = max(found["madang_mqtt_retained_turns_total"], 1)
    print("| SUBSCRIBE | of the worker, mean ms | longest ms | turns of retained messages each | a turn, mean ms | longest ms |")
    print("|---|---|---|---|---|---|")
    print(f'| {count:,.0f} | {found["madang_mqtt_subscribing_seconds_total"] / max(count, 1) * 1e3:.3f} '
          f'| {found["madang_mqtt_longest_subscribe_seconds"] * 1e3:.3f} | {turns / max(count, 1):.2f} '
          f'| {found["madang_mqtt_retained_seconds_total"] / turns * 1e3:.3f} '
          f'| {found["madang_mqtt_longest_retained_turn_seconds"] * 1e3:.3f} |')


def connections(path, crowd):
    print("| Idle connections | standing | made a second | KiB each | server MiB | server CPU s | client CPU s |")
    print("|---|---|---|---|---|---|---|")
    cert, key = certificate(path)
    flags = ["--mqtts", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key, "--https", "off"]
    with running(Madang(path, flags)) as broker:
        load(broker, *crowd, *NAME)
    for name, listener, tls in [("plain TCP", "mqtt", []), ("TLS", "mqtts", ["--ca", cert])]:
        with running(Madang(path, flags)) as broker:
            mqtt = broker.addresses[listener]
            row(f"madang, {name}", load(broker, *crowd, *NAME, "--registered", *tls, mqtt=mqtt))
        with running(Mosquitto(path, (cert, key))) as broker:
            row(f"mosquitto, {name}", load(broker, *crowd, *tls, mqtt=broker.addresses[listener]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--hold", type=int, default=2, help="seconds before the memory is read")
    parser.add_argument("--subscribe", metavar="FILTER", help="what each connection subscribes to")
    parser.add_argument("--datastreams", type=int, default=1_000_000, help="registered, with --subscribe")
    plot.add_argument(parser)
    options = parser.parse_args()
    with plot.recorded(options.plot):
        measure(options)


def measure(options):
    crowd = ["--idle", "--connections", options.connections, "--hold", options.hold]
    with folder() as path:
        if options.subscribe:
            subscribers(path, options, crowd)
        else:
            connections(path, crowd)


if __name__ == "__main__":
    main()
