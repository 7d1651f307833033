"""Python libraries against a Madang that ../run.py has started: each connects,
publishes, and verifies the receipt where there is one. A line of JSON for each.
"""

import asyncio
import base64
import hashlib
import importlib.metadata
import json
import sys
import threading
import time
import urllib.error
import urllib.request

PEER = json.load(open(sys.argv[1]))
ED, ES = PEER["ed25519"], PEER["es256"]
HOST = PEER["host"]
# For one step; long enough for a busy machine.
PATIENCE = 30
# How long a library is watched that may do nothing at all.
WATCH = 4
counter = iter(range(PEER["base"], PEER["base"] + 1000))
sequence = iter(range(1, 1000))


def report(library, does, work, distribution=None):
    """Runs `work`, which gives a value that is to be stored, and a note."""
    line = {"library": library, "version": importlib.metadata.version(distribution or library),
            "does": does, "ok": True}
    try:
        value, line["note"] = work()
        if value is not None:
            line["value"] = value
    except Exception as error:
        line.update(ok=False, note=f"{type(error).__name__}: {error}"[:300])
    print(json.dumps(line), flush=True)


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def claims(device):
    now = int(time.time())
    return {"sub": device, "aud": PEER["audience"], "iat": now, "exp": now + 3600}


def compact(value):
    return json.dumps({"v": {"pm25": value}})


def http(device, token, body, kind="application/json"):
    request = urllib.request.Request(
        f"{PEER['http']}/v1/devices/{device}/telemetry",
        data=body if isinstance(body, bytes) else body.encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise AssertionError(f"HTTP {error.code}: {error.read().decode()}")


# JWT

def token_over_http(key, make):
    def work():
        token = make(key)
        if isinstance(token, bytes):
            token = token.decode()
        header = json.loads(unb64(token.split(".")[0]))
        value = next(counter)
        http(key["device"], token, compact(value))
        return value, f"alg {header['alg']}"
    return work


def pyjwt(key):
    import jwt
    return jwt.encode(claims(key["device"]), key["pem"], algorithm="EdDSA" if key is ED else "ES256")


def authlib(key):
    from authlib.jose import jwt
    return jwt.encode({"alg": "EdDSA"}, claims(key["device"]), key["pem"])


def joserfc(alg):
    def make(key):
        from joserfc import jwt
        from joserfc.jwk import OKPKey
        return jwt.encode({"alg": alg}, claims(key["device"]), OKPKey.import_key(key["jwk"]),
                          algorithms=[alg])
    return make


def jwcrypto(alg):
    def make(key):
        from jwcrypto import jwk, jwt
        token = jwt.JWT(header={"alg": alg}, claims=claims(key["device"]))
        token.make_signed_token(jwk.JWK(**key["jwk"]))
        return token.serialize()
    return make


def python_jose(key):
    from jose import jwt
    return jwt.encode(claims(key["device"]), key["pem"], algorithm="ES256")


# MQTT

def paho(protocol):
    def work():
        import paho.mqtt.client as mqtt
        version = mqtt.MQTTv5 if protocol == 5 else mqtt.MQTTv311
        connected, acknowledged = threading.Event(), threading.Event()
        codes = []
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=ED["device"],
                             protocol=version)
        client.username_pw_set(ED["device"], ED["token"])
        client.on_connect = lambda c, u, flags, code, p: (codes.append(str(code)), connected.set())
        client.on_publish = lambda c, u, mid, code, p: acknowledged.set()
        client.connect(HOST, PEER["mqtt"])
        client.loop_start()
        try:
            assert connected.wait(PATIENCE) and codes == ["Success"], codes
            value = next(counter)
            client.publish(f"devices/{ED['device']}/telemetry", compact(value), qos=1)
            assert acknowledged.wait(PATIENCE), "no PUBACK"
            return value, ""
        finally:
            client.disconnect()
            client.loop_stop()
    return work


def paho_refused(protocol):
    """A wrong token: what the application sees, and how often it tries again."""
    def work():
        import paho.mqtt.client as mqtt
        version = mqtt.MQTTv5 if protocol == 5 else mqtt.MQTTv311
        codes = []
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=ED["device"],
                             protocol=version)
        client.username_pw_set(ED["device"], ES["token"])
        client.on_connect = lambda c, u, flags, code, p: codes.append(str(code))
        client.connect(HOST, PEER["mqtt"])
        client.loop_start()
        time.sleep(WATCH)
        client.loop_stop()
        client.disconnect()
        assert codes and "Success" not in codes, codes
        return None, f"on_connect: {codes[0]}; {len(codes)} attempts in {WATCH} s"
    return work


def paho_elsewhere(protocol):
    """A publish that is not allowed must not stop what comes after it."""
    def work():
        import paho.mqtt.client as mqtt
        version = mqtt.MQTTv5 if protocol == 5 else mqtt.MQTTv311
        connects, codes = [], {}
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=ED["device"],
                             protocol=version)
        client.username_pw_set(ED["device"], ED["token"])
        client.on_connect = lambda c, u, flags, code, p: connects.append(code)
        client.on_publish = lambda c, u, mid, code, p: codes.update({mid: str(code)})
        client.connect(HOST, PEER["mqtt"])
        client.loop_start()
        try:
            foreign = client.publish(f"devices/{ES['device']}/telemetry", compact(1), qos=1)
            large = client.publish(f"devices/{ED['device']}/telemetry", b" " * 80_000, qos=1)
            value = next(counter)
            own = client.publish(f"devices/{ED['device']}/telemetry", compact(value), qos=1)
            end = time.monotonic() + PATIENCE
            while own.mid not in codes and time.monotonic() < end:
                time.sleep(0.05)
            assert own.mid in codes, f"the next publish never arrived; {len(connects)} connects"
            return value, (f"another's topic: {codes.get(foreign.mid)}; 80,000 bytes: "
                           f"{codes.get(large.mid)}; {len(connects)} connect(s)")
        finally:
            client.disconnect()
            client.loop_stop()
    return work


def run_aiomqtt(protocol):
    def work():
        import aiomqtt

        async def publish():
            version = aiomqtt.ProtocolVersion.V5 if protocol == 5 else aiomqtt.ProtocolVersion.V311
            async with aiomqtt.Client(HOST, PEER["mqtt"], identifier=ED["device"],
                                      username=ED["device"], password=ED["token"],
                                      protocol=version) as client:
                value = next(counter)
                await client.publish(f"devices/{ED['device']}/telemetry", compact(value), qos=1)
                return value
        return asyncio.run(asyncio.wait_for(publish(), PATIENCE)), ""
    return work


def aiomqtt_refused():
    import aiomqtt

    async def connect():
        async with aiomqtt.Client(HOST, PEER["mqtt"], identifier=ED["device"],
                                  username=ED["device"], password=ES["token"],
                                  protocol=aiomqtt.ProtocolVersion.V5):
            pass
    try:
        asyncio.run(asyncio.wait_for(connect(), PATIENCE))
    except aiomqtt.MqttError as error:
        return None, f"raises {type(error).__name__}: {error}"
    raise AssertionError("it was let in")


def run_gmqtt():
    from gmqtt import Client

    async def publish():
        client = Client(ED["device"])
        client.set_auth_credentials(ED["device"], ED["token"])
        await client.connect(HOST, PEER["mqtt"], ssl=False)
        value = next(counter)
        client.publish(f"devices/{ED['device']}/telemetry", compact(value), qos=1)
        # It tells of a PUBACK to its own store of unacknowledged messages only.
        await client._persistent_storage.wait_empty()
        await client.disconnect()
        return value
    return asyncio.run(asyncio.wait_for(publish(), PATIENCE)), ""


def run_awscrt():
    from awscrt import io, mqtt5
    connected, stopped = threading.Event(), threading.Event()
    failures = []
    group = io.EventLoopGroup(1)
    bootstrap = io.ClientBootstrap(group, io.DefaultHostResolver(group))
    client = mqtt5.Client(mqtt5.ClientOptions(
        host_name=HOST, port=PEER["mqtt"], bootstrap=bootstrap,
        connect_options=mqtt5.ConnectPacket(client_id=ED["device"], username=ED["device"],
                                            password=ED["token"]),
        on_lifecycle_event_connection_success_fn=lambda data: connected.set(),
        on_lifecycle_event_connection_failure_fn=lambda data: failures.append(data),
        on_lifecycle_event_stopped_fn=lambda data: stopped.set()))
    client.start()
    try:
        assert connected.wait(PATIENCE), failures
        value = next(counter)
        done = client.publish(mqtt5.PublishPacket(
            topic=f"devices/{ED['device']}/telemetry", payload=compact(value),
            qos=mqtt5.QoS.AT_LEAST_ONCE)).result(PATIENCE)
        code = done.puback.reason_code
        offset = [p.value for p in done.puback.user_properties or [] if p.name == "offset"]
        return value, f"PUBACK {code.name}, offset {offset[0]}"
    finally:
        client.stop()
        stopped.wait(PATIENCE)


# CoAP and COSE

def external_aad(device):
    import cbor2
    return cbor2.dumps(["madang/1", "POST", f"/devices/{device}/telemetry"])


def senml(value, pad=0):
    return (" " * pad + json.dumps([{"n": "pm25", "v": value}])).encode()


async def post(device, body):
    import aiocoap
    context = await aiocoap.Context.create_client_context()
    try:
        request = aiocoap.Message(
            code=aiocoap.POST, payload=body, content_format=18,
            uri=f"coap://{HOST}:{PEER['coap']}/devices/{device}/telemetry")
        answer = await asyncio.wait_for(context.request(request).response, PATIENCE)
        assert answer.code == aiocoap.CHANGED, f"{answer.code} {answer.payload!r}"
        return answer.payload
    finally:
        await context.shutdown()


def check_receipt(payload, body):
    import cbor2
    receipt = cbor2.loads(payload)
    assert receipt[2] == hashlib.sha256(body).digest(), "the receipt is another message's"
    return f"offset {receipt[1]}"


def coordinates(key):
    return {name: unb64(text) for name, text in key["jwk"].items() if name in "dxy"}


def sign_pycose(key, value, external=True, pad=0):
    from pycose.algorithms import EdDSA, Es256
    from pycose.headers import Algorithm, ContentType, KID
    from pycose.keys import EC2Key, OKPKey
    from pycose.keys.curves import Ed25519, P256
    from pycose.messages import Sign1Message
    ed = key is ED
    message = Sign1Message(
        phdr={Algorithm: EdDSA if ed else Es256, KID: key["device"].encode(), ContentType: 110,
              -70001: 1, -70002: next(sequence)},
        payload=senml(value, pad), external_aad=external_aad(key["device"]) if external else b"")
    parts = coordinates(key)
    message.key = OKPKey(crv=Ed25519, **parts) if ed else EC2Key(crv=P256, **parts)
    return message.encode()


def verify_pycose(key, answer, body):
    from pycose.keys import EC2Key, OKPKey
    from pycose.keys.curves import Ed25519, P256
    from pycose.messages import Sign1Message
    receipt = Sign1Message.decode(answer)
    if key is ED:
        receipt.key = OKPKey(crv=Ed25519, x=unb64(PEER["platform"]["EdDSA"]))
    else:
        point = unb64(PEER["platform"]["ES256"])
        receipt.key = EC2Key(crv=P256, x=point[1:33], y=point[33:])
    assert receipt.verify_signature(), "its signature is not the platform's"
    return check_receipt(receipt.payload, body)


def run_pycose(key):
    def work():
        value = next(counter)
        body = sign_pycose(key, value)
        answer = asyncio.run(post(key["device"], body))
        tag = "tagged" if body[0] == 0xD2 else "bare"
        return value, f"{tag}; receipt verified, {verify_pycose(key, answer, body)}"
    return work


def run_cwt(key, alg, tagged):
    def work():
        from cwt import COSE, COSEKey
        cose = COSE.new(alg_auto_inclusion=False, kid_auto_inclusion=False)
        own = COSEKey.from_jwk({**key["jwk"], "alg": alg, "kid": key["device"]})
        numbers = {"EdDSA": -8, "Ed25519": -19, "ES256": -7}
        value = next(counter)
        body = cose.encode(
            senml(value), own,
            protected={1: numbers[alg], 4: key["device"].encode(), 3: 110, -70001: 1,
                       -70002: next(sequence)},
            external_aad=external_aad(key["device"]))
        if not tagged:
            body = body[1:]
        answer = asyncio.run(post(key["device"], body))
        if not tagged:
            assert answer[0] == 0x84, answer[:4]
            answer = b"\xd2" + answer
        jwk = {"kid": "platform", "alg": alg, **platform_jwk(key)}
        payload = COSE.new().decode(answer, COSEKey.from_jwk(jwk))
        return value, f"alg {alg}; receipt verified, {check_receipt(payload, body)}"
    return work


def platform_jwk(key):
    if key is ED:
        return {"kty": "OKP", "crv": "Ed25519", "x": PEER["platform"]["EdDSA"]}
    point = unb64(PEER["platform"]["ES256"])
    half = lambda part: base64.urlsafe_b64encode(part).rstrip(b"=").decode()
    return {"kty": "EC", "crv": "P-256", "x": half(point[1:33]), "y": half(point[33:])}


def aiocoap_large():
    value = next(counter)
    body = sign_pycose(ED, value, pad=3000)
    answer = asyncio.run(post(ED["device"], body))
    return value, f"{len(body)} bytes in blocks; {verify_pycose(ED, answer, body)}"


def aiocoap_refused():
    body = sign_pycose(ED, 1, external=False)
    try:
        asyncio.run(post(ED["device"], body))
    except AssertionError as error:
        return None, f"an answer like any other: {error}"
    raise AssertionError("it was let in")


# SenML

def kpn(form):
    def work():
        from kpn_senml import SenmlPack, SenmlRecord
        value = next(counter)
        pack = SenmlPack(ED["device"])
        pack.add(SenmlRecord("pm25", value=value))
        if form == "json":
            body, kind = pack.to_json(), "application/senml+json"
        else:
            body, kind = bytes(pack.to_cbor()), "application/senml+cbor"
        http(ED["device"], ED["token"], body, kind)
        return value, f"base name {ED['device']}, no separator"
    return work


def micropython_senml():
    from senml import SenmlPack, SenmlRecord
    value = next(counter)
    pack = SenmlPack(ED["device"])
    pack.add(SenmlRecord("pm25", value=value))
    body = pack.to_json()
    http(ED["device"], ED["token"], body, "application/json")
    return value, "as application/json"


for library, does, work, *more in [
    ("pyjwt", "JWT, EdDSA", token_over_http(ED, pyjwt)),
    ("pyjwt", "JWT, ES256", token_over_http(ES, pyjwt)),
    ("authlib", "JWT, EdDSA", token_over_http(ED, authlib)),
    ("joserfc", "JWT, EdDSA", token_over_http(ED, joserfc("EdDSA"))),
    ("joserfc", "JWT, Ed25519", token_over_http(ED, joserfc("Ed25519"))),
    ("jwcrypto", "JWT, EdDSA", token_over_http(ED, jwcrypto("EdDSA"))),
    ("jwcrypto", "JWT, Ed25519", token_over_http(ED, jwcrypto("Ed25519"))),
    ("python-jose", "JWT, ES256", token_over_http(ES, python_jose)),
    ("paho-mqtt", "MQTT 3.1.1, QoS 1", paho(4)),
    ("paho-mqtt", "MQTT 5, QoS 1", paho(5)),
    ("paho-mqtt", "MQTT 3.1.1, wrong token", paho_refused(4)),
    ("paho-mqtt", "MQTT 5, wrong token", paho_refused(5)),
    ("paho-mqtt", "MQTT 3.1.1, refused publishes", paho_elsewhere(4)),
    ("paho-mqtt", "MQTT 5, refused publishes", paho_elsewhere(5)),
    ("aiomqtt", "MQTT 3.1.1, QoS 1", run_aiomqtt(4)),
    ("aiomqtt", "MQTT 5, QoS 1", run_aiomqtt(5)),
    ("aiomqtt", "MQTT 5, wrong token", aiomqtt_refused),
    ("gmqtt", "MQTT 5, QoS 1", run_gmqtt),
    ("awscrt", "MQTT 5, QoS 1", run_awscrt),
    ("pycose", "COSE, EdDSA, by aiocoap", run_pycose(ED)),
    ("pycose", "COSE, ES256, by aiocoap", run_pycose(ES)),
    ("cwt", "COSE, EdDSA, by aiocoap", run_cwt(ED, "EdDSA", True)),
    ("cwt", "COSE, ES256, by aiocoap", run_cwt(ES, "ES256", True)),
    ("cwt", "COSE, ES256, untagged", run_cwt(ES, "ES256", False)),
    ("aiocoap", "CoAP, 3,000 bytes", aiocoap_large),
    ("aiocoap", "CoAP, signed without external_aad", aiocoap_refused),
    ("kpn-senml", "SenML JSON", kpn("json")),
    ("kpn-senml", "SenML CBOR", kpn("cbor")),
    ("micropython-senml", "SenML JSON", micropython_senml),
]:
    report(library, does, work, *more)
