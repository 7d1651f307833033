#!/usr/bin/env bash
# In an OpenAPI document query parameters have names, and their order says
# nothing. An API lists one optional parameter before another, or takes a further
# optional one: no request changes. Does a program that calls the operation
# through openapi-generator's client for Java still do what it did?
#
# Seen here, with openapi-generator 7.26.0 and its default library (okhttp-gson):
# no. Optional parameters are arguments by position, in the document's order.
# Where two of one type change places the program still compiles, and sends each
# value under the other's name. One more in the middle makes each call fail to
# compile. With useSingleRequestParameter=true they are named, and neither happens.
# Needs Java and Python. Fails if that changes.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check openapi-generator-cli==7.26.0

document() {
    cat <<JSON
{"openapi": "3.0.3", "info": {"title": "t", "version": "1"},
 "paths": {"/latest": {"get": {"operationId": "latest", "parameters": [$1],
   "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": {"type": "string"}}}}}}}}}
JSON
}
of() { printf '{"name": "%s", "in": "query", "required": false, "schema": {"type": "string"}}' "$1"; }
document "$(of device), $(of unit)" >before.json
document "$(of unit), $(of device)" >moved.json
document "$(of device), $(of group), $(of unit)" >added.json

# The arguments of the method that makes the call, without annotations.
arguments() {
    rm -rf java
    venv/bin/openapi-generator-cli generate -i "$1" -g java -o java \
        --additional-properties="useSingleRequestParameter=${2:-false}" >/dev/null 2>&1
    sed -n 's/^ *public String latest(\(.*\)) throws ApiException.*/\1/p' \
        java/src/main/java/org/openapitools/client/api/DefaultApi.java | sed 's/@[A-Za-z.]* //g'
}
fail() { echo "CHANGED: $1"; exit 1; }
[ "$(arguments before.json)" = "String device, String unit" ] || fail "the first client is another"
[ "$(arguments moved.json)" = "String unit, String device" ] || fail "the order does not matter"
[ "$(arguments added.json)" = "String device, String group, String unit" ] || fail "one more changes no call"
[ -z "$(arguments moved.json true)" ] || fail "by name, it still takes arguments by position"
grep -q 'APIlatestRequest device(' java/src/main/java/org/openapitools/client/api/DefaultApi.java \
    || fail "by name, it takes them otherwise"
echo "as described: Java's arguments follow the document's order (openapi-generator 7.26.0)"
