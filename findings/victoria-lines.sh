#!/usr/bin/env bash
# What VictoriaMetrics stores of a line protocol message whose fields are texts,
# and of two measurements whose names share a beginning.
#
# Expected: it keeps numbers only, so a text is left out or the line is refused,
# and what another measurement says stays another series.
# Seen: a text is stored as the number 0; a text that looks like a number is that
# number ("12" is 12, "1e3" is 1000, "Infinity" is infinity). The answer is 204.
# Measurement and field are joined by "_" into one name, so that `index` of
# `air_quality` and `quality_index` of `air` are one series, and their values, of
# one moment, are two samples of it.
# Versions: Debian's victoria-metrics (printed).
# Why it matters: a device that reports state="offline" leaves a chart of zeros,
# which averages and alarm rules take for measurements; a firmware number "1.2.3"
# is 0 and "1.2" is 1.2. Two models' fields can mix without an error. Send no
# text fields there, or map them to numbers, and join names by what no name has.
# Needs Debian's victoria-metrics, curl and Python. Fails if any of this changes.
set -euo pipefail
cd "$(mktemp -d)"
server=
trap 'kill "$server" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$PWD"' EXIT
dpkg-query --show victoria-metrics
address=127.0.0.1:$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
victoria-metrics -httpListenAddr="$address" -storageDataPath="$PWD/data" -retentionPeriod=100y >log 2>&1 &
server=$!
for _ in $(seq 100); do
    curl --silent --fail "http://$address/health" >/dev/null && break
    sleep 0.1
done

fail() { echo "CHANGED: $1"; exit 1; }
now=$(date +%s)000
status=$(printf '%s\n' \
    "device,thing=pump state=\"offline\",firmware=\"1.2.3\",code=\"12\",serial=\"1e3\",word=\"Infinity\",level=5i $now" \
    "air,thing=mast quality_index=1 $now" \
    "air_quality,thing=mast index=2 $now" |
    curl --silent --output answer --write-out '%{http_code}' --data-binary @- "http://$address/write?precision=ms")
echo "status: $status"
[ "$status" = 204 ] || fail status
curl --silent "http://$address/internal/force_flush"
for _ in $(seq 100); do
    curl --silent "http://$address/api/v1/export" --data-urlencode 'match[]={__name__!=""}' >series
    [ "$(wc -l <series)" -ge 7 ] && break
    sleep 0.1
done
python3 - <<'PY' | tee seen
import re

# The export writes infinities as no JSON has them.
for line in sorted(open("series")):
    name = re.search(r'"__name__":"([^"]*)"', line)[1]
    print(name, *sorted(re.search(r'"values":\[([^]]*)\]', line)[1].split(",")))
PY
LC_ALL=C sort seen | diff - <(LC_ALL=C sort <<'SEEN'
air_quality_index 1 2
device_code 12
device_firmware 0
device_level 5
device_serial 1000
device_state 0
device_word +Inf
SEEN
) || fail "the series"
echo "as described"
