#!/usr/bin/env bash
# cbor-x, a common CBOR library for JavaScript, writes the whole number
# 4294967295 as a CBOR integer and 4294967296 as a double.
#
# Expected: a whole number that JavaScript holds exactly (up to 2^53) is written
# as a CBOR integer, as cborg and the npm package cbor2 do.
# Seen: from 2^32 on it is a double of 8 bytes (0xfb), the time in milliseconds
# 1795951601473 too. Go's fxamacker/cbor then refuses the field as int64 and
# uint64; Python's cbor2 gives a float. Below -(2^31) the same happens. In seconds
# all is well until 2106, so a device that sends seconds passes every test. A
# BigInt is an integer, but then always of 8 bytes, 5n as well.
# Versions: as pinned below.
# Why it matters: a meter's counter of bytes or pulses works for months and
# changes its type at 4 GiB; a receiver in Go, Rust or C then drops the message,
# and a store with typed columns gets a number with a fraction. A receiver should
# take a double without a fraction where it wants an integer.
# Needs Node, Go and Python with venv. Fails if any of this changes.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
npm install --silent --no-fund --no-audit --ignore-scripts cbor-x@1.6.9 cborg@6.1.5 cbor2@2.3.0 >/dev/null
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cbor2==6.3.0
echo "cbor-x 1.6.9, cborg 6.1.5, npm cbor2 2.3.0, Python cbor2 6.3.0, fxamacker/cbor 2.10.0"

cat >write.mjs <<'JS'
import { encode as byCborX } from "cbor-x";
import { encode as byCborg } from "cborg";
import { encode as byCbor2 } from "cbor2";
for (const number of [4294967295, 4294967296, 1795951601473, -2147483649, -4294967297, 4294967296n, 5n])
    console.log(String(number) + (typeof number === "bigint" ? "n" : ""),
        ...[byCborX, byCborg, byCbor2].map((encode) => Buffer.from(encode(number)).toString("hex")));
JS
echo "number, then as cbor-x, cborg and cbor2 write it:"
node write.mjs | tee written
diff - written <<'WRITTEN' || { echo CHANGED; exit 1; }
4294967295 1affffffff 1affffffff 1affffffff
4294967296 fb41f0000000000000 1b0000000100000000 1b0000000100000000
1795951601473 fb427a2270ea741000 1b000001a2270ea741 1b000001a2270ea741
-2147483649 3a80000000 3a80000000 3a80000000
-4294967297 fbc1f0000000100000 3b0000000100000000 3b0000000100000000
4294967296n 1b0000000100000000 1b0000000100000000 1b0000000100000000
5n 1b0000000000000005 05 05
WRITTEN

cat >go.mod <<'GO'
module read

go 1.21

require (
	github.com/fxamacker/cbor/v2 v2.10.0
	github.com/x448/float16 v0.8.4
)
GO
cat >read.go <<'GO'
package main

import (
	"encoding/hex"
	"fmt"
	"os"

	"github.com/fxamacker/cbor/v2"
)

func main() {
	for _, text := range os.Args[1:] {
		message, _ := hex.DecodeString(text)
		var signed int64
		var unsigned uint64
		fmt.Println(text, cbor.Unmarshal(message, &signed) == nil, cbor.Unmarshal(message, &unsigned) == nil)
	}
}
GO
echo "does Go read it as int64, as uint64?"
GOFLAGS=-mod=mod GOMAXPROCS=1 go run read.go 1affffffff fb41f0000000000000 1b0000000100000000 2>fault | tee read || { cat fault; exit 1; }
diff - read <<'READ' || { echo CHANGED; exit 1; }
1affffffff true true
fb41f0000000000000 false false
1b0000000100000000 true true
READ
venv/bin/python - <<'PY'
import cbor2

kinds = [type(cbor2.loads(bytes.fromhex(text))).__name__ for text in ("1affffffff", "fb41f0000000000000")]
print("Python's types:", *kinds)
assert kinds == ["int", "float"], "CHANGED"
PY
echo "as described"
