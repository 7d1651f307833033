#!/usr/bin/env bash
# frost_sta_client is Fraunhofer's Python client of SensorThings servers. SensorThings
# takes `$orderby` from OData: without `asc` or `desc` the order is ascending.
#
# Expected: `orderby("phenomenonTime").top(1)` reads the oldest observation, and a
# loop over a list of entities within a loop over the same list sees each pair.
# Seen: `orderby` sends `phenomenonTime DESC` where the caller names no order, so
# that the newest comes; and in capitals, though the standard has lower case only.
# A list is its own iterator: the inner loop uses up the outer one, which ends after
# its first round without an error.
# Version: as pinned below.
# Why it matters: what is right against the raw HTTP interface is the other way round
# in this client: "the first 100 since yesterday" are the last 100. Name the order
# always; make `list()` of a result before looping over it twice. A server that takes
# the standard's letters literally refuses every sorted query of this client.
# Fails if any of this changes.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check frost_sta_client==1.1.53
venv/bin/python - <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import frost_sta_client as client
from frost_sta_client.__version__ import __version__

asked = []


class Server(BaseHTTPRequestHandler):
    """Three observations, ordered by time as `$orderby` says."""

    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query)
        order = query.get("$orderby", ["phenomenonTime"])[0]
        asked.append(order)
        days = sorted((1, 2, 3), reverse=order.lower().endswith(" desc"))[: int(query.get("$top", ["100"])[0])]
        value = [{"@iot.id": day, "phenomenonTime": f"2026-11-0{day}T00:00:00Z", "result": day} for day in days]
        body = json.dumps({"value": value}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
service = client.SensorThingsService(f"http://127.0.0.1:{server.server_port}/v1.1")

print("frost_sta_client", __version__)
observations = lambda: service.observations().query()
first = [each.result for each in observations().orderby("phenomenonTime").top(1).list()]
print("asked for the first by time, sent", repr(asked[-1]), "and got day", first)
named = [each.result for each in observations().orderby("phenomenonTime", "asc").top(1).list()]
print("with the order named, sent", repr(asked[-1]), "and got day", named)

listed = observations().orderby("phenomenonTime", "asc").list()
pairs = [(one.result, other.result) for one in listed for other in listed]
print("pairs of three:", pairs)

assert first == [3] and asked[0] == "phenomenonTime DESC", (first, asked)
assert named == [1], named
assert pairs == [(1, 1), (1, 2), (1, 3)], pairs
PY
