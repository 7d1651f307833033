#!/usr/bin/env bash
# An API lets callers prove themselves in one more way: each operation's
# `security` gets one more alternative. Nothing that was valid stops being valid,
# so does a Go client's program that was made with ogen still build once it is
# generated anew?
#
# Seen here, with ogen 1.24.0: it does not. The program gives the client a type
# with a method for each scheme of the whole document, and a new scheme is a new
# method of that interface, also where no called operation needs it. Where the
# type embeds the interface, it builds, and the first call goes through a nil
# value instead.
# Needs Go. Fails if that changes.
set -euo pipefail
cd "$(mktemp -d)"
trap 'chmod -R u+w "$PWD"; rm -rf "$PWD"' EXIT

document() {
    cat <<JSON
{"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "servers": [{"url": "/"}],
 "paths": {"/latest": {"get": {"operationId": "latest", "security": [$1],
   "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": {"type": "string"}}}}}}}},
 "components": {"securitySchemes": {$2}}}
JSON
}
key='"Key": {"type": "http", "scheme": "bearer"}'
document '{"Key": []}' "$key" >before.json
document '{"Key": []}, {"Badge": []}' "$key, \"Badge\": {\"type\": \"apiKey\", \"in\": \"header\", \"name\": \"X-Badge\"}" >after.json

cat >go.mod <<'MOD'
module client

go 1.26.0
MOD
cat >main.go <<'GO'
package main

import (
	"context"

	"client/api"
)

type login struct{}

func (login) Key(context.Context, api.OperationName) (api.Key, error) {
	return api.Key{Token: "k"}, nil
}

func main() {
	_, err := api.NewClient("http://127.0.0.1:1", login{})
	if err != nil {
		panic(err)
	}
}
GO

export GOFLAGS=-mod=mod GOTOOLCHAIN=auto
go get github.com/ogen-go/ogen/cmd/ogen@v1.24.0 >/dev/null 2>&1
builds() {
    rm -rf api
    go run github.com/ogen-go/ogen/cmd/ogen --target api --package api --clean "$1" >/dev/null 2>&1
    go mod tidy >/dev/null 2>&1
    go get github.com/ogen-go/ogen/cmd/ogen@v1.24.0 >/dev/null 2>&1
    go build -o client . 2>said
}
fail() { echo "CHANGED: $1"; exit 1; }
builds before.json || { cat said; fail "the program does not build with one scheme"; }
builds after.json && fail "a further alternative leaves the program as it was"
grep -q "missing method Badge" said || { cat said; fail "it fails for another reason"; }
echo "as described: with one more alternative the program lacks a method (ogen 1.24.0)"
