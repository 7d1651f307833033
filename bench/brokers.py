"""What the measurements share: fresh brokers, and firmware-sim against them.

The environment variable BIN names a folder with madang and firmware-sim;
without it the release build of this tree is measured. FLASHMQ names FlashMQ's
program, which is a peer beside mosquitto then. DATA names the folder for the
brokers' data; one in memory leaves a noisy disk out of a comparison of builds.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.environ.get("BIN", os.path.join(ROOT, "target", "release"))
DATA = os.environ.get("DATA", os.path.join(ROOT, "target"))
FLASHMQ = os.environ.get("FLASHMQ")


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


@contextlib.contextmanager
def folder():
    """On the disk that is measured: /tmp may be memory. What others left to be
    written, as a build does, is written first: it would hold up the syncs."""
    os.sync()
    with tempfile.TemporaryDirectory(dir=DATA) as path:
        yield path


def certificate(path):
    """A self-signed one for 127.0.0.1, and its key."""
    cert, key = os.path.join(path, "cert.pem"), os.path.join(path, "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
         "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", key, "-out", cert],
        check=True, capture_output=True)
    return cert, key


class Madang:
    """A platform over the folder's data; `flags` are further ones of serve."""
    name = "madang"

    def __init__(self, path, flags=(), mqtt="127.0.0.1:0", http="127.0.0.1:0", build=None):
        data, ready = os.path.join(path, "data"), os.path.join(path, "ready")
        with contextlib.suppress(FileNotFoundError):
            os.remove(ready)
        self.process = subprocess.Popen(
            [os.path.join(build or BIN, "madang"), "serve", "--data", data, "--mqtt", mqtt, "--http", http,
             "--ws", "off", "--wss", "off", "--coap", "off", "--device-rate", "0", "--ready-file", ready, *flags],
            env={**os.environ, "MADANG_LOG": "warn"})
        while not os.path.exists(ready):
            if self.process.poll() is not None:
                sys.exit("madang ended")
            time.sleep(0.01)
        with open(ready) as file:
            self.addresses = json.load(file)
        self.mqtt = self.addresses["mqtt"]
        self.identity = ["--register", "http://" + self.addresses["http"],
                         "--token-file", os.path.join(data, "admin.token")]


class Mosquitto:
    """Debian's, with its defaults; a listener with TLS too, given `certificate`."""
    name = "mosquitto"
    identity = ["--anonymous"]

    def __init__(self, path, certificate=None):
        port = free_port()
        conf = os.path.join(path, "mosquitto.conf")
        with open(conf, "w") as file:
            file.write(f"allow_anonymous true\nuser root\nlistener {port} 127.0.0.1\n")
            if certificate:
                tls = free_port()
                cert, key = certificate
                file.write(f"listener {tls} 127.0.0.1\ncertfile {cert}\nkeyfile {key}\n")
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self.process = subprocess.Popen([program, "-c", conf], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_for(port, self.process)
        self.mqtt = f"127.0.0.1:{port}"
        self.addresses = {"mqtt": self.mqtt}
        if certificate:
            self.addresses["mqtts"] = f"127.0.0.1:{tls}"


class FlashMq:
    """The program that FLASHMQ names, with its defaults; it stores nothing."""
    name = "FlashMQ"
    identity = ["--anonymous"]

    def __init__(self, path):
        port = free_port()
        conf = os.path.join(path, "flashmq.conf")
        with open(conf, "w") as file:
            file.write("allow_anonymous true\nlog_level warning\n"
                       f"listen {{\n  protocol mqtt\n  port {port}\n  inet_protocol ip4\n"
                       "  inet4_bind_address 127.0.0.1\n}\n")
        self.process = subprocess.Popen([FLASHMQ, "--config-file", conf], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_for(port, self.process)
        self.mqtt = f"127.0.0.1:{port}"
        self.addresses = {"mqtt": self.mqtt}


@contextlib.contextmanager
def running(broker):
    try:
        yield broker
    finally:
        stop(broker)


def stop(broker, how=signal.SIGTERM):
    broker.process.send_signal(how)
    broker.process.wait()


def peak_mib(broker):
    with open(f"/proc/{broker.process.pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) / 1024


def command(broker, *arguments, mqtt=None, watch=True):
    """Without `watch` the broker's process is not looked at, as it may end."""
    pid = ["--server-pid", str(broker.process.pid)] if watch else []
    return [os.path.join(BIN, "firmware-sim"), "load", "--mqtt", mqtt or broker.mqtt, "--json", *pid,
            *map(str, arguments), *broker.identity]


def load(broker, *arguments, mqtt=None):
    """Runs firmware-sim load to its end; gives its report."""
    done = subprocess.run(command(broker, *arguments, mqtt=mqtt), capture_output=True, text=True)
    return report(done.args, done.returncode, done.stdout, done.stderr)


def report(arguments, status, output, errors):
    """An unsound run has a report too; one without any ends everything."""
    lines = output.strip().splitlines()
    if not lines:
        sys.exit(f"{' '.join(arguments)}\n{errors}")
    found = json.loads(lines[-1])
    if status != 0:
        print(f"NOT SOUND: {' '.join(arguments)}\n{lines[-1]}", file=sys.stderr)
    return found
