#!/usr/bin/env bash
# aio-sensorthings is a client of SensorThings servers by the city of Hamburg. Its
# README says: install `[all]`, or pick extras: http, mqtt, redis, kafka, otel.
#
# Expected: with `[http]` its STAClient can be imported; Redis is for who keeps state
# there.
# Seen: importing any part of the package imports all that it exports: a module that
# needs PyYAML, which it does not name among its dependencies, and its Redis store,
# which needs redis-om. ModuleNotFoundError: yaml; with PyYAML installed, aredis_om.
# `[http,redis]` imports, as PyYAML comes with redis-om. That asks for a setuptools
# beside which a client with an exact one of its own (stapy) cannot be installed.
# Version: as pinned below.
# Why it matters: a requirements file by the README installs without an error and
# fails at the first import; and reading over HTTP brings a Redis client along.
# Needs Python 3.13. Fails if any of this changes.
set -euo pipefail
for python in /usr/bin/python3.1[34] ~/.pyenv/versions/3.1[34]*/bin/python3; do
    [ -x "$python" ] && break
done
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
"$python" -m venv venv
pip=(venv/bin/pip install --quiet --disable-pip-version-check)
"${pip[@]}" 'aio-sensorthings[http]==0.8.0'
if told=$(venv/bin/python -c 'from aio_sensorthings.client import STAClient' 2>&1); then
    echo "CHANGED: it is imported with [http] alone"
    exit 1
fi
echo "with [http]: ${told##*$'\n'}"
[[ $told == *"ModuleNotFoundError: No module named 'yaml'" ]]
"${pip[@]}" PyYAML==6.0.4
told=$(venv/bin/python -c 'from aio_sensorthings.client import STAClient' 2>&1) && exit 1
echo "and PyYAML: ${told##*$'\n'}"
[[ $told == *"ModuleNotFoundError: No module named 'aredis_om'" ]]
"${pip[@]}" 'aio-sensorthings[http,redis]==0.8.0'
venv/bin/python -c 'from aio_sensorthings.client import STAClient; print("with [http,redis]:", STAClient)'
if told=$("${pip[@]}" --dry-run 'aio-sensorthings[http,redis]==0.8.0' stapy==0.3.1 2>&1); then
    echo "CHANGED: stapy is installed beside it"
    exit 1
fi
echo "beside stapy: $(grep -m 1 ^ERROR <<<"$told")"
