#!/usr/bin/env bash
# The id of a SensorThings entity is of any type that the server chooses: a number, or
# a text, which then stands in single quotes in a URL, as Things('air-001'). `result`
# is of any type too.
#
# Expected: a client keeps an id as it came, and quotes a text where it goes into a
# URL; a result of 12.5 is read.
# Seen: istsos4-client and the models of aio-sensorthings hold `@iot.id` as a whole
# number: an entity with a text id raises a ValidationError, and so does a Datastream
# with such a Thing expanded in it. stapy writes Things(air-001) without the quotes.
# The Observation of aio-sensorthings takes whole numbers, texts and booleans: 12.5
# is refused, 12.0 and "12.5" are not. frost_sta_client reads and writes all of these.
# Versions: as pinned below.
# Why it matters: a server with text ids passes the tests of the standard and is not
# readable for half of the clients; and a sensor that reports whole degrees for a
# while is read until the first fraction. Against FROST's default, numbers, none of
# the first shows.
# Needs Python 3.13 (for aio-sensorthings). Fails if any of this changes.
set -euo pipefail
for python in /usr/bin/python3.1[34] ~/.pyenv/versions/3.1[34]*/bin/python3; do
    [ -x "$python" ] && break
done
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
"$python" -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check frost_sta_client==1.1.53 \
    'aio-sensorthings[http,redis]==0.8.0' istsos4-client==0.4.0 thefuzz==0.19.0
# Alone: the versions that it names of its dependencies are refused by the others.
venv/bin/pip install --quiet --disable-pip-version-check --no-deps stapy==0.3.1
venv/bin/python - <<'PY'
import frost_sta_client
import istsos4_client
import stapy
from aio_sensorthings import models
from pydantic import ValidationError

THING = {"@iot.id": "air-001", "name": "Station", "description": "Station", "properties": {}}
NUMBERED = {**THING, "@iot.id": 1}


def takes(read, *given, **named):
    try:
        read(*given, **named)
        return True
    except ValidationError:
        return False


def observed(result):
    return {"@iot.id": 1, "phenomenonTime": "2026-05-01T00:00:00Z", "result": result}


seen = {
    "istsos4-client, id 1": takes(istsos4_client.Thing.deserialize, NUMBERED),
    "istsos4-client, id 'air-001'": takes(istsos4_client.Thing.deserialize, THING),
    "aio-sensorthings, id 1": takes(models.Thing, **NUMBERED),
    "aio-sensorthings, id 'air-001'": takes(models.Thing, **THING),
    "aio-sensorthings, result 12.0": takes(models.Observation, **observed(12.0)),
    "aio-sensorthings, result '12.5'": takes(models.Observation, **observed("12.5")),
    "aio-sensorthings, result 12.5": takes(models.Observation, **observed(12.5)),
}
for what, taken in seen.items():
    print(f"{what}: {'read' if taken else 'ValidationError'}")
stapy.config.set(STA_URL="http://example/v1.1/")
url = stapy.Query(stapy.Entity.Thing).entity_id("air-001").get_query()
print("stapy:", url)
service = frost_sta_client.SensorThingsService("http://example/v1.1")
thing = frost_sta_client.Thing()
thing.id = "air-001"
path = service.get_path(thing, "Datastreams")
print("frost_sta_client:", path)

assert list(seen.values()) == [True, False, True, False, True, True, False], seen
assert url == "http://example/v1.1/Things(air-001)", url
assert path == "Things('air-001')/Datastreams", path
PY
