#!/bin/sh
# Puts a runner into each region: sh deploy.sh fra iad nrt …
set -eu
cd "$(dirname "$0")"
[ $# -gt 0 ] || { echo "usage: sh deploy.sh REGION …" >&2; exit 2; }
fly deploy --ha=false --regions "$(echo "$*" | tr ' ' ',')"
for region in "$@"; do
	fly scale count runner=1 --region "$region" --yes
done
