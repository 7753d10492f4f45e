#!/bin/sh
# Installs LiveKit Agents for the tests, in a virtual environment of its own: .bin/agents.
set -eu
cd "$(dirname "$0")/.."
cmp -s tools/agents.txt .bin/agents/agents.txt && exit 0
rm -rf .bin/agents
python3 -m venv .bin/agents
.bin/agents/bin/pip install --quiet --disable-pip-version-check --requirement tools/agents.txt
cp tools/agents.txt .bin/agents/agents.txt # it is whole
