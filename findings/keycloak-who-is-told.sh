#!/usr/bin/env bash
# A client of Keycloak has a back-channel logout address, so that it is told when
# somebody's session ends. Is it told when an administrator disables the person,
# takes the person away, or signs all sessions of the realm out?
#
# Seen here, with Keycloak 26.7.3: no logout token comes in any of the three cases.
# One comes when the person logs out, or when an administrator signs that person
# or one session out. So a client has to end its sessions by itself in time.
# Needs Java 17 or newer, Maven and Python; takes a minute or two. Fails if that changes.
set -euo pipefail
cd "$(mktemp -d)"
server=
trap '[ -z "$server" ] || kill "$server" || true; wait || true; rm -rf "$PWD"' EXIT

mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy -DoutputDirectory="$PWD" \
    -Dartifact=org.keycloak:keycloak-quarkus-dist:26.7.3:tar.gz
tar xzf keycloak-quarkus-dist-26.7.3.tar.gz
KC_BOOTSTRAP_ADMIN_USERNAME=admin KC_BOOTSTRAP_ADMIN_PASSWORD=admin \
    keycloak-26.7.3/bin/kc.sh start-dev --http-host=127.0.0.1 --http-port=18480 >log 2>&1 &
server=$!
for _ in $(seq 300); do grep -q "Listening on" log && break; sleep 1; done

cat >told.py <<'PYTHON'
import json, threading, time
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlencode
from urllib.request import Request, urlopen

AT, REALM = "http://127.0.0.1:18480", "/admin/realms/city"
tokens = []


class Client(BaseHTTPRequestHandler):
    def do_POST(self):
        tokens.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


client = HTTPServer(("127.0.0.1", 0), Client)
threading.Thread(target=client.serve_forever, daemon=True).start()


def token(realm, **form):
    url = f"{AT}/realms/{realm}/protocol/openid-connect/token"
    return json.load(urlopen(Request(url, urlencode(form).encode())))["access_token"]


def admin(method, path, body=None):
    bearer = token("master", grant_type="password", client_id="admin-cli", username="admin", password="admin")
    headers = {"authorization": f"Bearer {bearer}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    answer = urlopen(Request(AT + path, data, headers, method=method)).read()
    return json.loads(answer) if answer else None


admin("POST", "/admin/realms", {"realm": "city", "enabled": True})
admin("POST", f"{REALM}/clients", {
    "clientId": "portal", "secret": "s", "directAccessGrantsEnabled": True,
    "attributes": {"backchannel.logout.url": f"http://127.0.0.1:{client.server_port}/"},
})


def person():
    admin("POST", f"{REALM}/users", {
        "username": "kim", "email": "kim@example.org", "firstName": "Kim", "lastName": "Lee",
        "enabled": True, "credentials": [{"type": "password", "value": "pw"}],
    })
    return f'{REALM}/users/{admin("GET", f"{REALM}/users?username=kim")[0]["id"]}'


def told(change):
    """How many logout tokens come for a change while the person is logged in."""
    tokens.clear()
    token("city", grant_type="password", client_id="portal", client_secret="s", scope="openid", username="kim", password="pw")
    change()
    end = time.monotonic() + 10
    while not tokens and time.monotonic() < end:
        time.sleep(0.1)
    return len(tokens)


def enable(yes):
    admin("PUT", kim, admin("GET", kim) | {"enabled": yes})


kim = person()
found = {
    "signed out": told(lambda: admin("POST", f"{kim}/logout", {})),
    "all signed out": told(lambda: admin("POST", f"{REALM}/logout-all", {})),
    "disabled": told(lambda: enable(False)),
}
enable(True)
found["removed"] = told(lambda: admin("DELETE", kim))
print(found)
assert found == {"signed out": 1, "all signed out": 0, "disabled": 0, "removed": 0}, "CHANGED"
PYTHON
python3 told.py
echo "as described: who is disabled or removed, and who is signed out with all others, is told to no client (Keycloak 26.7.3)"
