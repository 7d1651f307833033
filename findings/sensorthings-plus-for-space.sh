#!/usr/bin/env bash
# SensorThings takes its query options from OData, whose URLs are those of RFC 3986:
# a space is `%20`, and a `+` is a plus. A filter is full of spaces, and a time with
# a zone has a plus.
#
# Expected: `$filter=phenomenonTime ge 2026-05-01T09:00:00+09:00` arrives with `%20`
# for its spaces, as the examples of the standard have it.
# Seen: frost_sta_client (by furl), aio-sensorthings (by yarl) and whatever hands
# `params` to requests write each space as `+`, as HTML forms do; a plus of the value
# becomes `%2B`. istsos4-client writes `%20` and says why: servers of OData expect it.
# yarl leaves `$`, quotes, brackets and colons as they are; the others encode them,
# the `$` of the option's name too.
# Versions: as pinned below.
# Why it matters: a server that decodes by RFC 3986 refuses every filter and order of
# the two, and serves all requests that have no space, so that a first look passes.
# A server has to take both forms: first `+` to a space, then percent-encoding, and
# names of options after decoding. What is typed into curl with a bare plus then
# loses it, in the zone of a time.
# Needs Python 3.13 (for aio-sensorthings). Fails if any of this changes.
set -euo pipefail
for python in /usr/bin/python3.1[34] ~/.pyenv/versions/3.1[34]*/bin/python3; do
    [ -x "$python" ] && break
done
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
"$python" -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check frost_sta_client==1.1.53 \
    'aio-sensorthings[http,redis]==0.8.0' istsos4-client==0.4.0 furl==2.1.4 yarl==1.25.1 requests==2.34.2
venv/bin/python - <<'PY'
import asyncio
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version

import aio_sensorthings
import frost_sta_client
import istsos4_client
import requests

asked = []


class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path.split("?")[1])
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"value": []}')

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{server.server_port}"
FILTER = "phenomenonTime ge 2026-05-01T09:00:00+09:00"


def frost():
    frost_sta_client.SensorThingsService(f"{here}/v1.1").observations().query().filter(FILTER).list()


def aio():
    async def run():
        async with aio_sensorthings.STAClient(here) as client:
            await client.get("Observations", params={"$filter": FILTER})
    asyncio.run(run())


def istsos():
    istsos4_client.Client(f"{here}/v1.1").list(istsos4_client.Observation, filter=FILTER)


def plain():
    requests.get(f"{here}/v1.1/Observations", params={"$filter": FILTER})


FORM = "%24filter=phenomenonTime+ge+2026-05-01T09%3A00%3A00%2B09%3A00"
for name, ask, wanted in [
    ("frost_sta_client", frost, FORM),
    ("requests", plain, FORM),
    ("aio-sensorthings", aio, "$filter=phenomenonTime+ge+2026-05-01T09:00:00%2B09:00"),
    ("istsos4-client", istsos, "$filter=phenomenonTime%20ge%202026-05-01T09%3A00%3A00%2B09%3A00"),
]:
    ask()
    print(f"{name} {version(name)}: {asked[-1]}")
    assert asked[-1] == wanted, wanted
PY
