#!/usr/bin/env -S python3 -B
"""Everybody at once: against a running server, and after a restart.

    cargo build --release --workspace
    bench/storm.py [--connections N] > table.md

While a crowd breaks in on a running server, a hundred paced publishers go on,
and none of them may see an error. For the restart the server is killed and
started again on its data and its ports.
"""

import argparse
import signal
import subprocess
import time

import plot
from brokers import Madang, certificate, command, folder, load, peak_mib, report, running, stop

PUBLISHERS, RATE = 100, 10
# Seconds that the publishers go on before the storm, and in all.
BEFORE, WHOLE = 5, 45


def start(arguments):
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    output, errors = process.communicate()
    return report(process.args, process.returncode, output, errors)


def row(name, result, peak):
    after = result["served_after_ms"]
    seconds = " / ".join(f"{after[share] / 1000:.1f}" if after[share] is not None else "-"
                         for share in ("p50", "p99", "all"))
    back = result["readback"]
    down = result["down_seconds"]
    print(f'| {name} | {result["served"]:,} of {result["connections"]:,} | {seconds} '
          f'| {"-" if down is None else f"{down:.1f}"} | {result["failed_attempts"]:,} '
          f'| {back["found"] - back["wrong"] - back["strange"]:,} of {back["expected"]:,} '
          f'| {peak:.0f} |', flush=True)


def at_once(path, flags, listener, tls, connections):
    """Reports of the storm and of the publishers who stayed, and the server's peak."""
    with running(Madang(path, flags)) as broker:
        stayed = start(command(broker, "--connections", PUBLISHERS, "--rate", RATE,
                               "--messages", PUBLISHERS * RATE * WHOLE))
        time.sleep(BEFORE)
        storm = load(broker, "--storm", "--connections", connections, *tls, mqtt=broker.addresses[listener])
        return storm, finish(stayed), peak_mib(broker)


def after_restart(path, flags, listener, tls, connections):
    broker = Madang(path, flags)
    addresses = broker.addresses
    crowd = start(command(broker, "--storm", "--after-restart", "--connections", connections, *tls,
                          mqtt=addresses[listener], watch=False))
    for line in crowd.stderr:
        if line.strip() == "standing":
            break
    stop(broker, signal.SIGKILL)
    # On the same ports; flags[:2] asked for any.
    again = ["--mqtts", addresses["mqtts"], *flags[2:]]
    with running(Madang(path, again, mqtt=addresses["mqtt"], http=addresses["http"])) as broker:
        return finish(crowd), peak_mib(broker)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--connections", type=int, default=15_000)
    parser.add_argument("--tls", action="store_true", help="over TLS only")
    plot.add_argument(parser)
    options = parser.parse_args()
    with plot.recorded(options.plot):
        measure(options)


def measure(options):
    print("| Storm | served | seconds until half / 99 % / all | server away s | failed attempts "
          "| read back | server peak MiB |")
    print("|---|---|---|---|---|---|---|")
    calm = []
    for name, listener in [("TLS", "mqtts")] if options.tls else [("plain TCP", "mqtt"), ("TLS", "mqtts")]:
        with folder() as path:
            cert, key = certificate(path)
            flags = ["--mqtts", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key, "--https", "off"]
            tls = ["--ca", cert] if listener == "mqtts" else []
            storm, stayed, peak = at_once(path, flags, listener, tls, options.connections)
            row(f"at once, {name}", storm, peak)
            calm.append((name, stayed))
            row(f"after kill -9, {name}", *after_restart(path, flags, listener, tls, options.connections))
    for name, stayed in calm:
        ack = stayed["ack_latency_us"]
        print(f'\n{PUBLISHERS} publishers, {RATE}/s each, beside the storm over {name}: '
              f'{stayed["acknowledged"]:,} of {stayed["messages"]:,} acknowledged, {len(stayed["faults"])} errors, '
              f'ack p50 {ack["p50"] / 1000:.1f}, p99 {ack["p99"] / 1000:.1f}, longest {ack["max"] / 1000:.0f} ms.')


if __name__ == "__main__":
    main()
