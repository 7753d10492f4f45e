#!/bin/sh
# Installs moto for the tests, in a virtual environment of its own: .bin/moto.
set -eu
cd "$(dirname "$0")/.."
cmp -s tools/moto.txt .bin/moto/moto.txt && exit 0
rm -rf .bin/moto
python3 -m venv .bin/moto
.bin/moto/bin/pip install --quiet --disable-pip-version-check --requirement tools/moto.txt
cp tools/moto.txt .bin/moto/moto.txt # it is whole
