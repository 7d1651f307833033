#!/usr/bin/env bash
# Korea's open data gives places in metres of a national grid: newer ones in that of
# 2002 (EPSG:5179, 5181, 5186), much of what agencies keep about sites and licences
# in that of 1985 (EPSG:2097, 5174, 5178). Three libraries turn a code of EPSG into
# a definition: Python's pyproj, and npm's epsg-index and proj4-list, both for proj4.
#
# Expected: one code is one definition, so all three lead to the same place.
# Seen: in the grids of 2002 they agree to a millimetre. In those of 1985 no two
# agree: epsg-index is 17 m from pyproj, since each chose another of EPSG's
# transformations to WGS 84; proj4-list has none, is 360 m away, and says nothing.
# pyproj reports an accuracy of 1 m for its choice.
# Versions: as pinned below.
# Why it matters: 360 m is another river bank or another district, 17 m the other
# carriageway; and a test with a newer grid finds all libraries right. Convert old
# grids in one place of a system, state the transformation's parameters beside the
# code, and check with a site whose place is known.
# Needs Node and Python with venv. Fails if any of this changes.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyproj==3.7.2
npm install --silent --no-fund --no-audit --ignore-scripts proj4@2.22.0 epsg-index@2.0.0 proj4-list@1.0.4 >/dev/null

cat >places.cjs <<'JS'
const proj4 = require("proj4").default ?? require("proj4");
const index = require("epsg-index/all.json");
const list = require("proj4-list");
const asked = JSON.parse(process.argv[2]);
const place = (definition, point) => proj4(definition, "WGS84", point);
console.log(JSON.stringify(Object.fromEntries(Object.entries(asked).map(([code, point]) => [code, {
    "epsg-index": place(index[code].proj4, point),
    "proj4-list": place(list[`EPSG:${code}`][1], point),
}]))));
JS
venv/bin/python - <<'PY'
import json
import subprocess

import pyproj

# Points in the middle of Seoul, in metres of each grid.
asked = {
    5179: (955_000, 1_950_000),
    5181: (200_000, 450_000),
    5186: (200_000, 550_000),
    2097: (200_000, 450_000),
    5174: (200_000, 450_000),
    5178: (955_000, 1_950_000),
}
print("pyproj", pyproj.__version__, "with PROJ", pyproj.proj_version_str, "; proj4 2.22.0, epsg-index 2.0.0, proj4-list 1.0.4")
by_node = json.loads(subprocess.check_output(["node", "places.cjs", json.dumps(asked)]))
earth = pyproj.Geod(ellps="WGS84")
apart = {}
for code, point in asked.items():
    transformer = pyproj.Transformer.from_crs(code, 4326, always_xy=True)
    place = transformer.transform(*point)
    apart[code] = {name: earth.inv(*place, *other)[2] for name, other in by_node[str(code)].items()}
    metres = ", ".join(f"{name} {distance:.3f} m" for name, distance in apart[code].items())
    print(f"EPSG:{code} ({pyproj.CRS(code).name}, accuracy told: {transformer.accuracy} m): apart from pyproj: {metres}")
for code in (5179, 5181, 5186):
    assert max(apart[code].values()) < 0.001, apart[code]
for code in (2097, 5174, 5178):
    assert 16 < apart[code]["epsg-index"] < 18, apart[code]
    assert 355 < apart[code]["proj4-list"] < 365, apart[code]
PY
