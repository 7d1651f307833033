"""Eclipse Paho's client for Python, against a running platform.

usage: paho_client.py '{"host", "mqtt", "ws", "device", "token", "key"}'

Publishes the device's values 1 to 12: both versions, TCP and WebSocket, QoS 0
to 2; an application follows each live. Then a session is kept while its client
is away, in each version, and gets values 13 and 14. Ends with 0 when all of it was seen.
"""

import json
import queue
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

# Seconds; only a failure waits for it.
PATIENCE = 50
# Seconds that a kept session outlives its connection.
KEPT = 600

peer = json.loads(sys.argv[1])
TELEMETRY = f"devices/{peer['device']}/telemetry"


class Client:
    """Blocking steps around Paho's callbacks."""

    def __init__(self, client_id, user, password, version, transport, kept=False):
        more = {} if version == mqtt.MQTTv5 else {"clean_session": not kept}
        self.paho = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=version,
            transport=transport,
            **more,
        )
        self.paho.username_pw_set(user, password)
        if transport == "websockets":
            self.paho.ws_set_options(path="/mqtt")
        self.connected, self.subscribed, self.messages = queue.Queue(), queue.Queue(), queue.Queue()
        self.paho.on_connect = lambda _c, _u, flags, code, _p: self.connected.put((flags.session_present, code))
        self.paho.on_subscribe = lambda _c, _u, _mid, codes, _p: self.subscribed.put(codes)
        self.paho.on_message = lambda _c, _u, message: self.messages.put(message)
        options = {}
        if version == mqtt.MQTTv5:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = KEPT if kept else 0
            options = {"clean_start": not kept, "properties": properties}
        self.paho.connect(peer["host"], peer["ws" if transport == "websockets" else "mqtt"], 30, **options)
        self.paho.loop_start()
        self.session_present, code = self.connected.get(timeout=PATIENCE)
        assert code == 0, f"{client_id} is refused: {code}"

    def subscribe(self, topic_filter):
        self.paho.subscribe(topic_filter, qos=1)
        codes = self.subscribed.get(timeout=PATIENCE)
        assert [code.value for code in codes] == [1], f"{topic_filter}: {codes}"

    def publish(self, value, qos):
        payload = json.dumps({"t": 1_777_593_600 + value, "v": {"pm25": value}})
        sent = self.paho.publish(TELEMETRY, payload, qos=qos)
        sent.wait_for_publish(PATIENCE)
        assert sent.is_published(), f"value {value} is not acknowledged"

    def expect(self, value):
        while True:
            message = self.messages.get(timeout=PATIENCE)
            assert message.topic.endswith(f"/{peer['device']}/pm25"), message.topic
            if json.loads(message.payload)["v"] == value:
                return

    def end(self):
        self.paho.disconnect()
        self.paho.loop_stop()


def device(version, transport):
    return Client(peer["device"], peer["device"], peer["token"], version, transport)


def application(version, transport, client_id="", kept=False):
    return Client(client_id, "me", peer["key"], version, transport, kept)


value = 0
for version in (mqtt.MQTTv311, mqtt.MQTTv5):
    for transport in ("tcp", "websockets"):
        follower, sensor = application(version, transport), device(version, transport)
        follower.subscribe("open/#")
        for qos in (0, 1, 2):
            value += 1
            sensor.publish(value, qos)
            follower.expect(value)
        sensor.end()
        follower.end()
        print(f"ok: version {version} over {transport}")

for version in (mqtt.MQTTv311, mqtt.MQTTv5):
    value += 1
    name = f"kept-{version}"
    follower = application(version, "tcp", name, kept=True)
    follower.subscribe("open/#")
    follower.end()
    sensor = device(version, "tcp")
    sensor.publish(value, 1)
    sensor.end()
    follower = application(version, "tcp", name, kept=True)
    assert follower.session_present, "the session was not kept"
    follower.expect(value)
    follower.end()
    print(f"ok: version {version}: a kept session gets what it missed")
