#!/usr/bin/env bash
# What QuestDB 9.3.4 makes of the lines that the feed sends, over HTTP:
#   - a field whose name has `.`, `-` or `~` is refused (400), and takes back the
#     rows of the whole request, though not the columns that it made; a model
#     with a dot is a fine name of a table;
#   - a field that is called as a tag is answered with 204 and dropped;
#   - `Speed` and `speed` are one column;
#   - two lines of one time are two rows, in the order in which they came, and
#     where a boolean field is not told it reads as false;
#   - a table that keeps one row for each time, agency and thing keeps one of
#     two fields; with the fields' qualities among its keys it keeps both.
# Needs Java 17 with Maven, curl and Python. Fails if any of this changes.
set -euo pipefail
cd "$(mktemp -d)"
trap 'kill "$server" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$PWD"' EXIT
server=
mvn --quiet --batch-mode org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact=org.questdb:questdb:9.3.4 -DoutputDirectory="$PWD/jars" >/dev/null
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir root
QDB_HTTP_BIND_TO=127.0.0.1:$port QDB_HTTP_MIN_ENABLED=false QDB_PG_ENABLED=false \
    QDB_LINE_TCP_ENABLED=false QDB_TELEMETRY_ENABLED=false \
    java -Xmx512m -p jars/questdb-9.3.4.jar -m io.questdb/io.questdb.ServerMain -d "$PWD/root" >log 2>&1 &
server=$!
for _ in $(seq 240); do
    curl --silent "http://127.0.0.1:$port/ping" >/dev/null && break
    sleep 0.5
done

fail() { echo "CHANGED: $1"; exit 1; }
# Status of a request with these lines.
write() {
    printf '%s\n' "$@" | curl --silent --output answer --write-out '%{http_code}' --data-binary @- \
        "http://127.0.0.1:$port/api/v2/write?bucket=madang&precision=us"
}
ask() { curl --silent --get "http://127.0.0.1:$port/exec" --data-urlencode "query=$1"; }
# That a query's rows become these: what is written shows a moment later.
expect() {
    for _ in $(seq 60); do
        rows=$(ask "$1" | python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin).get("dataset")))')
        [ "$rows" = "$2" ] && { echo "$1: $rows"; return; }
        sleep 0.5
    done
    fail "$1: $rows"
}

time=1777593600000000
point='traffic.flow,agency=seoul,thing=dev-1'
for field in pm2.5 wind-speed a~b; do
    status=$(write "$point before=1.0 $time" "$point $field=1.5,x__q=0i $time")
    echo "$field: $status"
    [ "$status" = 400 ] || fail "$field"
done
for fields in speed=1.0,speed__q=0i speed=0.5,speed__q=0i lit=true,lit__q=0i Speed=3.0,Speed__q=0i agency=5.0,agency__q=0i; do
    [ "$(write "$point $fields $time")" = 204 ] || fail "$fields"
done
expect "select agency, speed, speed__q, lit, lit__q, agency__q from 'traffic.flow'" \
    '[["seoul", 1.0, 0, false, null, null], ["seoul", 0.5, 0, false, null, null], ["seoul", null, null, true, 0, null], ["seoul", 3.0, 0, false, null, null], ["seoul", null, null, false, null, 0]]'
expect "select last(speed) from 'traffic.flow' where speed__q is not null" '[[3.0]]'
expect "select count() from table_columns('traffic.flow') where \"column\" = 'before'" '[[1]]'
expect "select count() from 'traffic.flow' where before is not null" '[[0]]'

columns='agency symbol, thing symbol, a double, a__q long, b double, b__q long, timestamp timestamp'
for table in once:timestamp,agency,thing each:timestamp,agency,thing,a__q,b__q; do
    name=${table%%:*}
    ask "create table $name ($columns) timestamp(timestamp) partition by day wal dedup upsert keys(${table#*:})" >/dev/null
    [ "$(write "$name,agency=seoul,thing=dev-1 a=1.0,a__q=0i $time" \
        "$name,agency=seoul,thing=dev-1 b=2.0,b__q=0i $time" \
        "$name,agency=seoul,thing=dev-1 b=3.0,b__q=0i $time")" = 204 ] || fail "$name"
done
expect 'select sum(a), sum(b), count() from once' '[[null, 3.0, 1]]'
expect 'select sum(a), sum(b), count() from each' '[[1.0, 3.0, 2]]'
echo "as described"
