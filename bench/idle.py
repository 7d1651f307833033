#!/usr/bin/env -S python3 -B
"""What an idle connection costs, and how fast connections are made.

    cargo build --release --workspace
    bench/idle.py [--connections N] > table.md

The devices are registered by a first run; then the server is started again,
so that memory that the registration left behind hides nothing. Needs openssl,
and Debian's mosquitto to compare with.
"""

import argparse

from brokers import Madang, Mosquitto, certificate, folder, load, running

NAME = ["--name", "idle"]


def row(name, result):
    server = result["server"]
    print(f'| {name} | {result["standing"]:,} of {result["connections"]:,} '
          f'| {result["connects_per_second"]:,.0f} | {server["kib_each"]:.2f} '
          f'| {server["before_kib"] / 1024:.0f} to {server["after_kib"] / 1024:.0f} '
          f'| {server["cpu_seconds"]:.2f} | {result["own_cpu_seconds"]:.2f} |', flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--hold", type=int, default=2, help="seconds before the memory is read")
    options = parser.parse_args()
    crowd = ["--idle", "--connections", options.connections, "--hold", options.hold]
    print("| Idle connections | standing | made a second | KiB each | server MiB | server CPU s | client CPU s |")
    print("|---|---|---|---|---|---|---|")
    with folder() as path:
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


if __name__ == "__main__":
    main()
