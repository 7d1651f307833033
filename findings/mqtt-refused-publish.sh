#!/usr/bin/env bash
# A broker refuses an MQTT 5 publish with QoS 1 by the reason 0x87 (not
# authorized) in its PUBACK. What do clients tell the program that published?
#
# Expected: the call that waits for the acknowledgement raises, returns a reason,
# or says that the message is not published.
# Seen: paho's `wait_for_publish` returns, `is_published()` is true and `rc` is 0;
# the reason reaches only an `on_publish` of the new callback API. aiomqtt, which
# is built on it, returns None from `await publish(...)`, as for a message that
# was taken, and has no callback to ask. mosquitto_pub prints a warning and ends
# with status 0. MQTT.js is the one that fails: its promise is rejected, code 135.
# Versions: Debian's mosquitto (printed); the others as pinned below.
# Why it matters: a gateway that deletes its buffer when the wait returns loses
# every reading that a broker refuses, for its rights, its form or its quota, and
# shows no error. Look at the reason in `on_publish`, or acknowledge by a message.
# Needs mosquitto, mosquitto-clients, Node and Python with venv. Fails if any of
# this changes.
set -euo pipefail
cd "$(mktemp -d)"
broker=
trap 'kill "$broker" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$PWD"' EXIT
chmod 755 .
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check paho-mqtt==2.2.0 aiomqtt==2.5.1
npm install --silent --no-fund --no-audit --ignore-scripts mqtt@5.16.0 >/dev/null
dpkg-query --show mosquitto mosquitto-clients
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
echo 'topic readwrite allowed/#' >rights
printf 'listener %s 127.0.0.1\nallow_anonymous true\nacl_file %s\n' "$port" "$PWD/rights" >conf
"$(command -v mosquitto || echo /usr/sbin/mosquitto)" -c conf >log 2>&1 &
broker=$!
for _ in $(seq 100); do
    (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    sleep 0.1
done

venv/bin/python - "$port" <<'PY'
import asyncio, importlib.metadata, sys
import aiomqtt
import paho.mqtt.client as mqtt

port = int(sys.argv[1])
for name in ("paho-mqtt", "aiomqtt"):
    print(name, importlib.metadata.version(name))
reasons = {}
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
client.on_publish = lambda _client, _data, id, reason, _properties: reasons.__setitem__(id, reason.value)
client.connect("127.0.0.1", port)
client.loop_start()
for topic, wanted in (("allowed/1", False), ("elsewhere/1", True)):
    message = client.publish(topic, "20.5", qos=1)
    message.wait_for_publish(10)
    refused = reasons[message.mid] >= 0x80
    print(f"paho, {topic}: refused {refused}, reason {reasons[message.mid]:#x} in on_publish; "
          f"is_published() {message.is_published()}, rc {message.rc}")
    assert (refused, message.is_published(), message.rc) == (wanted, True, 0), "CHANGED"
client.disconnect()
client.loop_stop()


async def publish():
    async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        return [await client.publish(topic, b"20.5", qos=1) for topic in ("allowed/1", "elsewhere/1")]


returned = asyncio.run(publish())
print("aiomqtt, allowed and elsewhere:", returned)
assert returned == [None, None], "CHANGED"
PY

status=0
mosquitto_pub -h 127.0.0.1 -p "$port" -V 5 -q 1 -t elsewhere/1 -m 20.5 2>warning || status=$?
echo "mosquitto_pub: $(cat warning) status $status"
[ "$status" = 0 ] && grep --quiet 'Not authorized' warning || { echo CHANGED; exit 1; }

cat >publish.mjs <<'JS'
import mqtt from "mqtt";
const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${process.argv[2]}`, { protocolVersion: 5 });
const told = await client.publishAsync("elsewhere/1", "20.5", { qos: 1 }).then(() => "taken", (fault) => `rejected, ${fault.code}`);
console.log("MQTT.js 5.16.0:", told);
await client.endAsync();
process.exit(told === "rejected, 135" ? 0 : 1);
JS
node publish.mjs "$port" || { echo CHANGED; exit 1; }
echo "as described"
