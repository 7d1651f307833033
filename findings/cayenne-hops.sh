#!/usr/bin/env bash
# Cayenne LPP, the usual payload of LoRaWAN beginners, keeps an analog value as a
# whole number of hundredths. Two libraries that share no code encode it: Python's
# pycayennelpp and npm's cayenne-lpp.
#
# Expected: a value with two decimals comes back as it was sent, and what was read
# from a payload can be encoded again to the same payload.
# Seen: both multiply by 100 and cut the rest off: 0.29 is sent as 28, and of all
# 12,000 values from -40.00 to 79.99 the same 815 lose a hundredth, always towards
# zero. What is decoded need not survive either: a gateway that decodes and encodes
# again turns 1.16 into 1.15, and the next one into 1.14, until at 1.12 it holds.
# Temperatures (tenths) are all right.
# Versions: as pinned below.
# Why it matters: a test with temperatures passes; a battery's voltage or a water
# level sinks with every hop, and a threshold that lies on such a value is never
# reached. Round before encoding: adding half of the last place is enough.
# Needs Node and Python with venv. Fails if any of this changes.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pycayennelpp==2.4.0
npm install --silent --no-fund --no-audit --ignore-scripts cayenne-lpp@1.0.2 >/dev/null
echo "pycayennelpp 2.4.0, npm cayenne-lpp 1.0.2"

cat >wrong.cjs <<'JS'
const { encoder } = require("cayenne-lpp");
const wrong = (encode, from, to, scale) => {
    const numbers = [];
    for (let number = from; number < to; number++)
        if (encode(1, number / scale).readInt16BE(2) !== number) numbers.push(number);
    return numbers.join(" ");
};
console.log(wrong(encoder.encodeAnalogInput, -4000, 8000, 100));
console.log(wrong(encoder.encodeTemperature, -400, 800, 10));
JS
node wrong.cjs >by-node
venv/bin/python - <<'PY'
from cayennelpp import LppFrame


def payload(kind, value):
    frame = LppFrame()
    getattr(frame, f"add_{kind}")(1, value)
    return bytes(frame)


def wrong(kind, numbers, scale):
    return [number for number in numbers if int.from_bytes(payload(kind, number / scale)[2:], signed=True) != number]


analog = wrong("analog_input", range(-4000, 8000), 100)
temperature = wrong("temperature", range(-400, 800), 10)
by_node = [[int(number) for number in line.split()] for line in open("by-node")]
print("analog values wrong:", len(analog), "of 12000, the same in both libraries:", analog == by_node[0])
print("temperatures wrong:", len(temperature), "and", len(by_node[1]), "of 1200")
hops = [1.16]
for _ in range(5):
    hops.append(LppFrame.from_bytes(payload("analog_input", hops[-1])).data[0].value[0])
print("1.16 over five gateways:", hops)
halves = {number: number / 100 + (0.005 if number > 0 else -0.005) for number in analog}
rounded = [number for number, value in halves.items() if int.from_bytes(payload("analog_input", value)[2:], signed=True) != number]
print("wrong with half of the last place added:", len(rounded))
assert (len(analog), analog == by_node[0], temperature, by_node[1]) == (815, True, [], []), "CHANGED"
assert hops == [1.16, 1.15, 1.14, 1.13, 1.12, 1.12] and not rounded, "CHANGED"
print("as described")
PY
