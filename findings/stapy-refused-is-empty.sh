#!/usr/bin/env bash
# stapy is a Python client of SensorThings servers.
#
# Expected: a query that the server refuses (400, 404, 500) raises an error; a query
# that finds one entity gives lists with one item, as it gives lists for two.
# Seen: `get_data_sets` does not look at the status. The body of the error has no
# `value`, so it is taken for an entity, which has none of the attributes: the answer
# is an empty text for each. Its retry on HTTPError never sees one. Of one entity the
# values come bare and not in lists, so that `len()` of one name is its number of
# letters; of none there is an IndexError.
# Version: as pinned below.
# Why it matters: a misspelt filter is not told from a sensor that has no name, and a
# loop over the answer works until a filter finds exactly one.
# Fails if any of this changes.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check requests==2.34.2 thefuzz==0.19.0 python-dateutil==2.9.0.post0 geojson==3.2.0
venv/bin/pip install --quiet --disable-pip-version-check --no-deps stapy==0.3.1
venv/bin/python - <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version

import stapy

ANSWERS = {
    "2": (200, {"value": [{"name": "one"}, {"name": "two"}]}),
    "1": (200, {"value": [{"name": "one"}]}),
    "0": (200, {"value": []}),
    "refused": (400, {"error": {"code": "400", "message": "$filter cannot be read"}}),
    "failed": (500, {"message": "it is down"}),
}


class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        status, answer = ANSWERS[self.path.rsplit("=", 1)[1]]
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
stapy.config.set(STA_URL=f"http://127.0.0.1:{server.server_port}/v1.1/")
print("stapy", version("stapy"))
seen = {}
for asked, (status, _) in ANSWERS.items():
    try:
        seen[asked] = stapy.Query(stapy.Entity.Thing).select("name").filter(asked).get_data_sets()
    except Exception as error:
        seen[asked] = type(error).__name__
    print(f"{status}, asked for {asked}: {seen[asked]!r}")
assert seen == {"2": ["one", "two"], "1": "one", "0": "IndexError", "refused": "", "failed": ""}, seen
PY
