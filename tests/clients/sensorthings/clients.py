"""SensorThings clients that others wrote, and the requests of QGIS, against a
Madang that ../run.py has started and filled: each reads, filters, pages and
expands, and every value is compared with what was sent. A line of JSON for each.
"""

import asyncio
import importlib.metadata
import json
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

PEER = json.load(open(sys.argv[1]))
ROOT = f"{PEER['http']}/sta/v1.1"
# What was sent: of each open station its place and [time, value] in order of time.
STATIONS = {one["id"]: one for one in PEER["stations"]}
FIRST = PEER["stations"][0]
MIDDLE = FIRST["observations"][len(FIRST["observations"]) // 2][0]
EARLIER = [value for time, value in FIRST["observations"] if time < MIDDLE]
HALF_HIGH = sorted(value for _, value in FIRST["observations"])[-10]
# Smaller than any set, so that each is read in several pages.
PAGE = 2
OBSERVATIONS_PAGE = 7
PATIENCE = 30


def report(library, does, work, distribution=None):
    version = importlib.metadata.version(distribution) if distribution else "as in its source"
    line = {"library": library, "version": version, "does": does, "ok": True}
    try:
        line["note"] = work() or ""
    except Exception as error:
        line.update(ok=False, note=f"{type(error).__name__}: {error}"[:300])
    print(json.dumps(line), flush=True)


def same(found, wanted):
    assert found == wanted, f"{str(found)[:120]} instead of {str(wanted)[:120]}"


def datastream():
    """The number of the first station's pm25."""
    return FIRST["datastream"]


# frost-sta-client

def frost():
    import frost_sta_client
    return frost_sta_client.SensorThingsService(ROOT)


def frost_reads():
    things = list(frost().things().query().top(PAGE).list())
    same(sorted(one.id for one in things), sorted(STATIONS))
    one = frost().things().find(FIRST["id"])
    same(one.name, FIRST["name"])
    found = frost().datastreams().find(datastream())
    same(found.unit_of_measurement.symbol, "ug/m3")
    same(found.phenomenon_time, f"{FIRST['observations'][0][0]}/{FIRST['observations'][-1][0]}")


def frost_filters():
    near = "geo.distance(location,geography'POINT({} {})') lt 0.002".format(*FIRST["cell"])
    places = list(frost().locations().query().filter(near).list())
    same([one.location["coordinates"] for one in places], [FIRST["cell"]])
    # A zone with a plus, which the client writes as %2B, and spaces, which it writes as pluses.
    until = MIDDLE.replace("Z", "+00:00")
    stream = frost().datastreams().find(datastream())
    read = stream.get_observations().query().filter(f"phenomenonTime lt {until} and result ge 0")
    same([one.result for one in read.orderby("phenomenonTime", "asc").list()], EARLIER)


def frost_pages():
    stream = frost().datastreams().find(datastream())
    asked = stream.get_observations().query().top(OBSERVATIONS_PAGE).count()
    # Without an order the client asks for DESC, in capitals.
    read = asked.orderby("phenomenonTime").list()
    same(read.count, len(FIRST["observations"]))
    same([one.result for one in read], [value for _, value in reversed(FIRST["observations"])])


def frost_expands():
    latest = "Observations($orderby=phenomenonTime desc;$top=1),Thing($expand=Locations),Sensor,ObservedProperty"
    found = list(frost().datastreams().query().filter(f"id eq {datastream()}").expand(latest).list())
    same(len(found), 1)
    same([one.result for one in found[0].observations.entities], [FIRST["observations"][-1][1]])
    same(found[0].thing.id, FIRST["id"])
    same([one.location["coordinates"] for one in found[0].thing.locations.entities], [FIRST["cell"]])
    same(found[0].observed_property.name, "Fine particles PM2.5")


# aio-sensorthings

def with_aio(work):
    async def run():
        from aio_sensorthings import STAClient
        async with STAClient(f"{PEER['http']}/sta") as client:
            await work(client)
    return lambda: asyncio.run(run())


async def aio_reads(client):
    things = await client.get_all("Things", top=PAGE, params={"$expand": "Locations"})
    found = {one["@iot.id"]: one["Locations"][0]["location"]["coordinates"] for one in things}
    same(found, {key: one["cell"] for key, one in STATIONS.items()})


async def aio_filters_and_pages(client):
    params = {"$filter": f"result ge {HALF_HIGH} and phenomenonTime gt 2026-01-01T00:00:00+09:00",
              "$orderby": "result desc,phenomenonTime desc"}
    path = f"Datastreams({datastream()})/Observations"
    read = await client.get_all(path, top=OBSERVATIONS_PAGE, params=params)
    wanted = sorted((value for _, value in FIRST["observations"] if value >= HALF_HIGH), reverse=True)
    same([one["result"] for one in read], wanted)


async def aio_models(client):
    """Its models hold ids as whole numbers, and results without a fraction."""
    from aio_sensorthings.models import Datastream
    page = await client.get("Datastreams", params={"$filter": f"id eq {datastream()}"})
    found = Datastream(**page["value"][0])
    same((found.sta_id, found.unitOfMeasurement["symbol"]), (datastream(), "ug/m3"))


# istSOS4's client

def istsos():
    from istsos4_client import Client
    return Client(ROOT)


def istsos_reads():
    from istsos4_client import Datastream
    found = istsos().get(Datastream, datastream())
    same((found.iot_id, found.unit_of_measurement.symbol), (datastream(), "ug/m3"))
    return "holds ids as whole numbers: Datastreams and Observations only"


def istsos_filters_and_pages():
    from istsos4_client import Observation
    asked = f"Datastream/id eq {datastream()} and phenomenonTime lt {MIDDLE}"
    read = istsos().list(Observation, filter=asked, orderby="phenomenonTime asc", top=OBSERVATIONS_PAGE)
    same([one.result for one in read], EARLIER)


def istsos_expands():
    from istsos4_client import Observation
    asked = f"Datastream/id eq {datastream()}"
    [found] = istsos().list(Observation, filter=f"{asked} and result eq {EARLIER[0]}", expand="Datastream")
    same((found.result, found.datastream.iot_id), (EARLIER[0], datastream()))


# stapy

def stapy_asks():
    import stapy
    # Its configuration is a file in the working directory; it is read from memory here.
    stapy.config.set(STA_URL=f"{ROOT}/")
    return stapy


def stapy_filters_and_pages():
    stapy = stapy_asks()
    asked = stapy.Query(stapy.Entity.Datastream).entity_id(datastream()).sub_entity(stapy.Entity.Observation)
    asked = asked.select("phenomenonTime", "result").filter(f"phenomenonTime lt {MIDDLE}")
    times, values = asked.order("phenomenonTime").limit(OBSERVATIONS_PAGE).get_data_sets()
    same(values, EARLIER)
    same(times[0], FIRST["observations"][0][0])


def stapy_expands():
    from stapy.sta.query import Expand
    stapy = stapy_asks()
    # It writes `$orderBy` within an expansion.
    latest = Expand(stapy.Entity.Observation).order("phenomenonTime", asc=False).limit(1)
    asked = stapy.Query(stapy.Entity.Datastream).filter(f"id eq {datastream()}")
    found = asked.select("@iot.id").expand(latest.get_expand())
    same(found.get_data_sets(), datastream())
    return "a text id has to be given to it in quotes"


# QGIS: the requests of its provider, put together as it does.

def ask(url):
    # As QUrl writes it: spaces as %20, quotes and brackets as they are.
    url = urllib.parse.quote(url, safe="%/:?&=$'(),;@*!+~")
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise AssertionError(f"HTTP {error.code}: {error.read().decode()}")


def of_type(field, kind):
    return f"{field}/type eq '{kind}' or {field}/geometry/type eq '{kind}'"


def within(field):
    west, south = [side - 0.002 for side in FIRST["cell"]]
    east, north = [side + 0.002 for side in FIRST["cell"]]
    ring = ", ".join(f"{x} {y}" for x, y in
                     [(west, south), (east, south), (east, north), (west, north), (west, south)])
    return f"geo.intersects({field}, geography'Polygon (({ring}))')"


def qgis_connects(version, entities):
    def work():
        page = ask(f"{PEER['http']}/sta/v{version}")
        models = [one for one in page["serverSettings"]["conformance"] if re.match(r".*/datamodel\b", one)]
        same([re.search(r"\d+\.\d+", one).group() for one in models], [version])
        same(sorted({one["name"] for one in page["value"]} & set(entities)), sorted(entities))
    return work


def qgis_layers(version, entity, field):
    """Which geometries there are, how many, and those of a map's window."""
    def work():
        of = f"{PEER['http']}/sta/v{version}/{entity}"
        count = "@iot.count" if version == "1.1" else "@count"
        found = [ask(f"{of}?$top=0&$count=true&$filter={of_type(field, kind)}")[count]
                 for kind in ["Point", "LineString", "Polygon"]]
        assert found[0] >= len(STATIONS) and found[1:] == [0, 0], found
        both = f"({of_type(field, 'Point')}) and ({within(field)})"
        page = ask(f"{of}?$top=200&$count=false&$filter={both}")
        assert page["value"] and "@iot.nextLink" not in page and "@nextLink" not in page
        same({tuple(one[field]["coordinates"]) for one in page["value"]}, {tuple(FIRST["cell"])})
    return work


def qgis_pages():
    url, ids = f"{ROOT}/Locations?$top={PAGE}&$count=false&$filter={of_type('location', 'Point')}", []
    while url:
        page = ask(url)
        ids += [one["@iot.id"] for one in page["value"]]
        url = page.get("@iot.nextLink")
    same(len(ids), len(set(ids)))
    same(len(ids), len(STATIONS))


def qgis_expands():
    latest = "$expand=Observations($orderby=phenomenonTime desc;$top=1)"
    streams = f"$expand=Datastreams($top=10;$filter=properties/field eq 'pm25';{latest})"
    expand = f"$expand=Things($top=100;{streams})"
    page = ask(f"{ROOT}/Locations?$top=200&$count=false&{expand}&$filter={within('location')}")
    streams = page["value"][0]["Things"][0]["Datastreams"]
    same([one["Observations"][0]["result"] for one in streams], [FIRST["observations"][-1][1]])


def qgis_expands_2_0():
    """It looks for what it asked for under the name that it asked by: the draft
    writes some relations in two ways."""
    expand = "$expand=ObservedProperty($top=10)"
    page = ask(f"{PEER['http']}/sta/v2.0/Datastreams?$top=200&$count=false&{expand}&$filter=id eq {datastream()}")
    same([one["name"] for one in page["value"][0]["ObservedProperty"]], ["Fine particles PM2.5"])
    page = ask(f"{PEER['http']}/sta/v2.0/Features?$top=200&$count=false&$expand=Datastreams($top=10)"
               f"&$filter={within('feature')}")
    assert datastream() in [one["id"] for one in page["value"][0]["Datastreams"]]


def main():
    of_frost = "frost_sta_client"
    report("frost-sta-client", "reads Things, Datastreams", frost_reads, of_frost)
    report("frost-sta-client", "filters by place, time, result", frost_filters, of_frost)
    report("frost-sta-client", "pages, newest first, with a count", frost_pages, of_frost)
    report("frost-sta-client", "expands, nested", frost_expands, of_frost)
    if sys.version_info >= (3, 13):
        aio = "aio-sensorthings"
        report(aio, "reads Things with their Locations", with_aio(aio_reads), aio)
        report(aio, "filters, orders, pages", with_aio(aio_filters_and_pages), aio)
        report(aio, "reads a Datastream into its model", with_aio(aio_models), aio)
    report("istsos4-client", "reads a Datastream", istsos_reads, "istsos4-client")
    report("istsos4-client", "filters, pages", istsos_filters_and_pages, "istsos4-client")
    report("istsos4-client", "expands", istsos_expands, "istsos4-client")
    report("stapy", "filters, orders, pages", stapy_filters_and_pages, "stapy")
    report("stapy", "expands", stapy_expands, "stapy")
    sets = ["Things", "Locations", "Datastreams", "Sensors", "ObservedProperties", "Observations"]
    report("QGIS (its requests)", "connects, 1.1", qgis_connects("1.1", [*sets, "FeaturesOfInterest"]))
    report("QGIS (its requests)", "connects, 2.0", qgis_connects("2.0", [*sets, "Features"]))
    for version, features in [("1.1", "FeaturesOfInterest"), ("2.0", "Features")]:
        for entity, field in [("Locations", "location"), ("Datastreams", "observedArea"), (features, "feature")]:
            report("QGIS (its requests)", f"{version}: a layer of {entity}", qgis_layers(version, entity, field))
    report("QGIS (its requests)", "1.1: pages of Locations", qgis_pages)
    report("QGIS (its requests)", "1.1: Locations to Observations", qgis_expands)
    report("QGIS (its requests)", "2.0: Datastreams and Features", qgis_expands_2_0)


if __name__ == "__main__":
    main()
