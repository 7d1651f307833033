#!/usr/bin/env bash
# GeoJSON (RFC 7946) gives a Feature an `id` beside its properties, and says that
# it is the place for a commonly used identifier. What is left of it after
# geopandas?
#
# Expected: the id is kept, or is absent.
# Seen: `GeoDataFrame.from_features` drops it; `read_file` makes it a column `id`,
# but if the properties have an `id` of their own (the station's number, say) that
# one is taken and the Feature's is dropped. `to_json` then writes an `id` for each
# Feature, which is the number of the row: "0", "1" and so on. So ids come out
# that look right and belong to nobody; after a filter or a sort they are those
# of the rows before.
# Versions: as pinned below.
# Why it matters: maps update a moving device's marker by the Feature's id, and
# caches join by it. One pass through a notebook or a pipeline, and the device's
# name is gone and row numbers of several files collide. Put the id into the
# properties as well, under a name of your own, and use `to_json(drop_id=True)`.
# Fails if any of this changes.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --only-binary :all: \
    geopandas==1.2.0 pyogrio==0.13.0 shapely==2.2.0 pandas==3.1.1
venv/bin/python - <<'PY'
import json
import geopandas, pyogrio, shapely

print("geopandas", geopandas.__version__, "pyogrio", pyogrio.__version__, "GDAL", pyogrio.__gdal_version__, "shapely", shapely.__version__)


def collection(properties):
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "id": id, "properties": one, "geometry": {"type": "Point", "coordinates": [127.0 + place, 37.5]}}
            for place, (id, one) in enumerate(zip(("bus-7", "bus-9"), properties))
        ],
    }


def written(frame, **options):
    return [(feature.get("id"), feature["properties"]) for feature in json.loads(frame.to_json(**options))["features"]]


def read(document):
    with open("features.json", "w") as file:
        json.dump(document, file)
    return geopandas.read_file("features.json")


plain, numbered = collection([{"speed": 30}, {"speed": 0}]), collection([{"id": 11703}, {"id": 11951}])
frame = geopandas.GeoDataFrame.from_features(plain)
for title, seen, expected in (
    ("from_features and to_json", written(frame), [("0", {"speed": 30}), ("1", {"speed": 0})]),
    ("the same, only what stands", written(frame[frame.speed == 0]), [("1", {"speed": 0})]),
    ("read_file", read(plain)["id"].tolist(), ["bus-7", "bus-9"]),
    ("read_file, with an id in the properties", read(numbered)["id"].tolist(), [11703, 11951]),
    ("that and to_json", written(read(numbered)), [("0", {"id": 11703}), ("1", {"id": 11951})]),
    ("to_json(drop_id=True)", written(frame, drop_id=True), [(None, {"speed": 30}), (None, {"speed": 0})]),
):
    print(f"{title}: {seen}")
    assert seen == expected, "CHANGED"
assert "bus" not in frame.to_json() + read(numbered).to_json(), "CHANGED"
print("as described")
PY
