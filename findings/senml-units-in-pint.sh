#!/usr/bin/env bash
# SenML (RFC 8428, RFC 8798) has a registry of units; pint is Python's library of
# units. What does pint make of a SenML record's unit?
#
# Expected: what pint knows is the same unit; what it does not know is an error.
# Seen: some are other units, without a word. `%RH`, the relative humidity of
# nearly every climate sensor, is "percent times ronnahenry" (ronna, 10^27, is a
# prefix of 2022): an inductance. `pH` is the picohenry, `EL` (a battery's energy
# level) the exalitre, `VAs` loses its second and is a power. A fallback for
# UndefinedUnitError never sees these; `Cel`, `m2` and `var` do raise it.
# Versions: as pinned below.
# Why it matters: a platform that keeps or converts values by the parsed unit
# stores humidity as an inductance, refuses to compare it with `%`, and multiplies
# by 10^25 in base units. Map the registry's names to pint's by a table, all of
# them, rather than those that fail.
# Fails if any of this changes.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pint==0.25.3
venv/bin/python - <<'PY'
import pint

print("pint", pint.__version__)
registry = pint.UnitRegistry()
expected = {
    # Unit: what SenML means, what pint reads.
    "lx": ("lux", "lux"),
    "dBm": ("decibel-milliwatt", "decibelmilliwatt"),
    "%RH": ("relative humidity", "percent * ronnahenry"),
    "pH": ("acidity", "picohenry"),
    "EL": ("energy level in seconds", "exaliter"),
    "%EL": ("energy level in percent", "exaliter * percent"),
    "VAs": ("apparent energy", "volt_ampere"),
    "Cel": ("degrees Celsius", "refused"),
    "m2": ("square metre", "refused"),
    "var": ("reactive power", "refused"),
}
for unit, (meaning, wanted) in expected.items():
    try:
        read = str(registry.parse_units(unit))
    except pint.UndefinedUnitError:
        read = "refused"
    print(f"{unit}: {meaning}; pint reads {read}")
    assert read == wanted, "CHANGED"
humidity = registry.Quantity(45, "%RH").to_base_units()
print("45 %RH in base units:", humidity)
assert humidity.magnitude > 1e26 and humidity.check(registry.henry), "CHANGED"
print("as described")
PY
