#!/usr/bin/env python3
"""Client libraries that others wrote, each against a running Madang: it
connects, publishes, and verifies the receipt where there is one; those of
SensorThings read. Prints a line for each, and how the library behaves where it is
refused.

    tests/clients/run.py --install [LANGUAGE...]      once: libraries of pinned versions
    tests/clients/run.py [--madang FILE] [LANGUAGE...]

Languages: python, node, go, java, and sensorthings (in Python). Without --madang the debug build is started.
Nothing but loopback is spoken to. Exit status 1 where one does not get in.
"""

import argparse
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = ROOT / "target" / "peers" / "clients"
LANGUAGES = ["python", "node", "go", "java", "sensorthings"]
AUDIENCE = "madang"
# Each language has numbers of its own, by which its readings are found again.
BASES = {"python": 1000, "node": 2000, "go": 3000, "java": 4000}
PATIENCE = 60
# A language's programs together, on a busy machine.
DEADLINE = 600


def newest_python():
    """One client needs 3.13; with an older Python it is left out."""
    kept = pathlib.Path.home() / ".pyenv" / "versions"
    for name in ["python3.14", "python3.13"]:
        for found in [shutil.which(name), *map(str, kept.glob(f"*/bin/{name}"))]:
            if found and subprocess.run([found, "-c", "import ensurepip"], capture_output=True).returncode == 0:
                return found
    return sys.executable


def install(language):
    place = PEERS / language
    place.mkdir(parents=True, exist_ok=True)
    run = lambda *command, **more: subprocess.run(command, check=True, **more)
    source = HERE / language
    if language in ["python", "sensorthings"]:
        if not (place / "bin" / "pip").exists():
            run(newest_python() if language == "sensorthings" else sys.executable, "-m", "venv", str(place))
        pip = [str(place / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        run(*pip, "--requirement", str(source / "requirements.txt"))
        if language == "sensorthings":
            run(*pip, "--no-deps", "--requirement", str(source / "requirements-alone.txt"))
    elif language == "node":
        for name in ["package.json", "package-lock.json"]:
            (place / name).write_bytes((source / name).read_bytes())
        run("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error", cwd=place)
    elif language == "go":
        run("go", "build", "-o", str(place / "clients"), ".", cwd=source)
    elif language == "java":
        run("mvn", "--quiet", "--batch-mode", "package", f"-DbuildDirectory={place}", cwd=source)


def command(language, peer):
    place = PEERS / language
    source = HERE / language
    if language in ["python", "sensorthings"]:
        return [str(place / "bin" / "python"), str(source / "clients.py"), peer]
    if language == "node":
        # Modules are looked for beside the program, so it is put beside them.
        (place / "clients.mjs").write_bytes((source / "clients.mjs").read_bytes())
        return ["node", str(place / "clients.mjs"), peer]
    if language == "go":
        return [str(place / "clients"), peer]
    jars = str(place / "lib" / "*")
    return ["java", "-cp", f"{place / 'classes'}:{jars}", "Clients", peer]


def is_installed(language):
    marks = {"python": "bin/python", "node": "node_modules", "go": "clients", "java": "lib",
             "sensorthings": "bin/python"}
    return (PEERS / language / marks[language]).exists()


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def openssl(*arguments, data=None):
    done = subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True)
    return done.stdout


def new_key(kind):
    """A private key as PEM and as JWK, and the public JWK."""
    if kind == "ed25519":
        pem = openssl("genpkey", "-algorithm", "ed25519")
    else:
        pem = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    private = openssl("pkey", "-outform", "DER", data=pem)
    public = openssl("pkey", "-pubout", "-outform", "DER", data=pem)
    if kind == "ed25519":
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64(public[-32:])}
        secret = private[-32:]
    else:
        jwk = {"kty": "EC", "crv": "P-256", "x": b64(public[-64:-32]), "y": b64(public[-32:])}
        # ECPrivateKey: an INTEGER 1, then an OCTET STRING of 32 bytes.
        at = private.index(b"\x02\x01\x01\x04\x20") + 5
        secret = private[at:at + 32]
    return {
        "pem": pem.decode(),
        "public_pem": openssl("pkey", "-pubout", data=pem).decode(),
        "raw_public": b64(public[-32:] if kind == "ed25519" else public[-65:]),
        "jwk": {**jwk, "d": b64(secret)},
        "public_jwk": jwk,
    }


class Platform:
    """A running Madang in a folder of its own."""

    def __init__(self, binary):
        self.folder = tempfile.TemporaryDirectory(prefix="madang-clients-")
        self.data = pathlib.Path(self.folder.name) / "data"
        ready = pathlib.Path(self.folder.name) / "ready.json"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MADANG_")}
        listeners = [part for name in ["mqtt", "ws", "coap", "http"]
                     for part in [f"--{name}", "127.0.0.1:0"]]
        self.log = open(pathlib.Path(self.folder.name) / "log", "w")
        self.process = subprocess.Popen(
            [binary, "serve", "--data", str(self.data), "--ready-file", str(ready), *listeners],
            env=environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        end = time.monotonic() + PATIENCE
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"madang did not start: {self.told()}")
            time.sleep(0.05)
        self.addresses = json.loads(ready.read_text())
        self.token = (self.data / "admin.token").read_text().strip()
        self.url = f"http://{self.addresses['http']}"

    def told(self):
        return pathlib.Path(self.log.name).read_text()[-2000:]

    def call(self, method, path, body=None, authorization=None):
        request = urllib.request.Request(
            self.url + path, method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": authorization or f"Bearer {self.token}",
                     "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {path}: {error.code} {error.read().decode()}")

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.folder.cleanup()

    def values(self, device):
        """All numbers that are stored of its one field."""
        streams = self.call("GET", f"/v1/datastreams?device={device}&field=pm25")["items"]
        path = f"/v1/datastreams/{streams[0]['id']}/observations?limit=10000"
        return {item["value"] for item in self.call("GET", path)["items"]}


def prepare(platform, binary, language):
    """Registers this language's devices; what its program is told."""
    peer = {
        "host": "127.0.0.1", "audience": AUDIENCE, "http": platform.url,
        "base": BASES[language],
        "platform": {key["alg"]: key["public_key"]
                     for key in platform.call("GET", "/v1/platform")["public_keys"]},
    }
    for name in ["mqtt", "ws", "coap"]:
        peer[name] = int(platform.addresses[name].rsplit(":", 1)[1])
    for kind in ["ed25519", "es256"]:
        key = new_key(kind)
        device = f"{language}-{kind}"
        platform.call("POST", "/v1/devices", {
            "id": device, "agency": "seoul", "model": "safety.air", "visibility": "public",
            "keys": [key["public_jwk"]]})
        file = pathlib.Path(platform.folder.name) / f"{device}.pem"
        file.write_text(key["pem"])
        token = subprocess.run([binary, "device", "token", device, "--key", str(file)],
                               check=True, capture_output=True, text=True).stdout.strip()
        peer[kind] = {**key, "device": device, "token": token}
    return peer


def station(platform, at, visibility):
    """Registers a device with a place and an hour of values."""
    place = [37.5642 + at / 100, 126.9738 + at / 100]
    name = f"station-{at}"
    platform.call("POST", "/v1/devices", {
        "id": name, "agency": "seoul", "model": "safety.air", "visibility": visibility,
        "name": f"Station {at}", "location": {"lat": place[0], "lon": place[1]}})
    password = platform.call("POST", f"/v1/devices/{name}/password")["password"]
    told = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
    # Neither rising nor falling, and each value once.
    sent = [(f"2026-05-01T09:{minute:02}:00Z", (minute * 37 % 60) + at / 2 + 0.25)
            for minute in range(60)]
    platform.call("POST", f"/v1/devices/{name}/telemetry",
                  [{"t": time, "v": {"pm25": value}} for time, value in sent], told)
    [stream] = platform.call("GET", f"/v1/datastreams?device={name}&field=pm25")["items"]
    # The middle of the cell of 0.001 degrees that the public sees.
    cell = [round(int(side * 1000) / 1000 + 0.0005, 4) for side in reversed(place)]
    return {"id": name, "name": f"Station {at}", "datastream": stream["id"], "cell": cell,
            "observations": sent}


def prepare_stations(platform):
    """Some that the public may read, and one that it may not."""
    stations = [station(platform, at, "public") for at in range(5)]
    station(platform, 5, "restricted")
    return {"http": platform.url, "stations": stations}


def run_language(platform, binary, language):
    if language == "sensorthings":
        peer = prepare_stations(platform)
    else:
        peer = prepare(platform, binary, language)
    file = pathlib.Path(platform.folder.name) / f"{language}.json"
    file.write_text(json.dumps(peer))
    done = subprocess.run(command(language, str(file)), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=DEADLINE)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise SystemExit(f"{language} said nothing: {done.stderr[-3000:]}")
    devices = [peer[kind]["device"] for kind in ["ed25519", "es256"] if kind in peer]
    stored = set().union(*map(platform.values, devices))
    for line in lines:
        value = line.get("value")
        if line["ok"] and value is not None and value not in stored:
            line["ok"] = False
            line["note"] = f"it says that all is well, and {value} is not stored"
    return lines


def main():
    arguments = argparse.ArgumentParser(description=__doc__,
                                        formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--install", action="store_true")
    arguments.add_argument("--madang", default=str(ROOT / "target" / "debug" / "madang"))
    arguments.add_argument("--markdown", action="store_true", help="as in docs/clients.md")
    arguments.add_argument("languages", nargs="*", choices=[[], *LANGUAGES], default=[])
    given = arguments.parse_args()
    languages = given.languages or [one for one in LANGUAGES
                                    if given.install or is_installed(one)]
    if given.install:
        for language in languages:
            install(language)
        return
    platform = Platform(given.madang)
    try:
        platform.call("POST", "/v1/agencies", {"id": "seoul", "name": "Seoul"})
        lines = [line for language in languages
                 for line in run_language(platform, given.madang, language)]
    finally:
        platform.stop()
    for line in lines:
        told = "yes" if line["ok"] else "NO"
        cells = [line["library"], line["version"], line["does"], told, line.get("note", "")]
        if given.markdown:
            print("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        else:
            print("  ".join([f"{cells[0]:<24}", f"{cells[1]:<12}", f"{cells[2]:<44}", *cells[3:]]))
    failed = [line for line in lines if not line["ok"]]
    print(f"{len(lines) - len(failed)} passed, {len(failed)} failed")
    sys.exit(1 if failed or not lines else 0)


if __name__ == "__main__":
    main()
