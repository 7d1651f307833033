#!/usr/bin/env python3
"""Measures madang and mosquitto with the same load in one run.

    cargo build --release --workspace
    bench/compare.py [--quick] [--only WORD] > table.md

Needs Debian's mosquitto. Each row starts a fresh broker, so that no row pays
for the one before. The load (firmware-sim) shares the two cores with it;
what counts is the broker's own CPU time per million messages.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.path.join(ROOT, "target", "release")
# Publishers, QoS, fields, pipelined messages altogether.
PIPELINED = [
    (1, 1, 1, 400_000),
    (50, 1, 1, 1_000_000),
    (1_000, 1, 1, 1_000_000),
    (1, 0, 1, 400_000),
    (50, 0, 1, 1_000_000),
    (1_000, 0, 1, 1_000_000),
    (1_000, 1, 3, 1_000_000),
]
IN_FLIGHT = 100
# Publishers, QoS, fields, messages altogether; 10 a second each.
PACED = [(1_000, 1, 1, 300_000), (1_000, 0, 1, 300_000), (1_000, 1, 3, 300_000)]
RATE = 10


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process):
    for _ in range(500):
        if process.poll() is not None:
            sys.exit(f"the broker ended: {process.args}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    sys.exit("the broker never listened")


def start_madang(folder):
    ready = os.path.join(folder, "ready")
    process = subprocess.Popen(
        [os.path.join(BIN, "madang"), "serve", "--data", os.path.join(folder, "data"),
         "--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0", "--coap", "off", "--ready-file", ready],
        env={**os.environ, "MADANG_LOG": "warn"})
    while not os.path.exists(ready):
        if process.poll() is not None:
            sys.exit("madang ended")
        time.sleep(0.02)
    with open(ready) as file:
        address = json.load(file)
    token = os.path.join(folder, "data", "admin.token")
    return process, address["mqtt"], ["--register", "http://" + address["http"], "--token-file", token]


def start_mosquitto(folder):
    port = free_port()
    path = os.path.join(folder, "mosquitto.conf")
    with open(path, "w") as file:
        file.write(f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n")
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    process = subprocess.Popen([program, "-c", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(port, process)
    return process, f"127.0.0.1:{port}", ["--anonymous"]


def run(start, connections, qos, fields, messages, pace):
    with tempfile.TemporaryDirectory(dir=ROOT + "/target") as folder:
        process, mqtt, identity = start(folder)
        try:
            output = subprocess.run(
                [os.path.join(BIN, "firmware-sim"), "load", "--mqtt", mqtt,
                 "--connections", str(connections), "--messages", str(messages), "--qos", str(qos),
                 "--fields", str(fields), "--server-pid", str(process.pid), "--json", *pace, *identity],
                check=True, capture_output=True, text=True).stdout
        except subprocess.CalledProcessError as error:
            sys.exit(f"{' '.join(error.cmd)}\n{error.stdout}\n{error.stderr}")
        finally:
            process.terminate()
            process.wait()
    return json.loads(output.strip().splitlines()[-1])


def row(name, ours, theirs):
    def cell(result):
        cpu = result["server"]["cpu_seconds_per_million"]
        ack = result["ack_latency_us"]
        latency = f'{ack["p50"] / 1000:.1f} / {ack["p99"] / 1000:.1f}' if result["qos"] else "-"
        return f'{cpu:.2f} | {result["messages_per_second"]:,.0f} | {latency}'
    ratio = ours["server"]["cpu_seconds_per_million"] / theirs["server"]["cpu_seconds_per_million"]
    back = ours["readback"]
    right = back["found"] - back["wrong"] - back["strange"]
    checked = f'{right:,} of {back["expected"]:,}'
    print(f"| {name} | {cell(ours)} | {cell(theirs)} | **{ratio:.2f}** | {checked} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="a tenth of the messages")
    parser.add_argument("--only", default="", help="rows whose name holds this word")
    options = parser.parse_args()
    print("| Load | madang CPU-s per million | messages/s | ack p50 / p99 ms "
          "| mosquitto CPU-s per million | messages/s | ack p50 / p99 ms | ratio | read back |")
    print("|---|---|---|---|---|---|---|---|---|")
    rows = [(f"pipelined, {c} publisher{'s' * (c > 1)}, QoS {q}, {f} field{'s' * (f > 1)}",
             c, q, f, m, ["--inflight", str(IN_FLIGHT)]) for c, q, f, m in PIPELINED]
    rows += [(f"paced, {c} x {RATE}/s, QoS {q}, {f} field{'s' * (f > 1)}",
              c, q, f, m, ["--rate", str(RATE)]) for c, q, f, m in PACED]
    for name, connections, qos, fields, messages, pace in rows:
        if options.only not in name:
            continue
        if options.quick:
            messages //= 10
        load = (connections, qos, fields, messages, pace)
        row(name, run(start_madang, *load), run(start_mosquitto, *load))


if __name__ == "__main__":
    main()
