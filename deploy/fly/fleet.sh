#!/bin/sh
# Puts a place of a fleet into each region: sh fleet.sh APP IMAGE fra iad nrt …
# Before: fly apps create APP && fly secrets set --app APP --stage RTCBENCH_HUB=… RTCBENCH_JOIN=…
# A machine that begins anew has no disk and joins again: the token is one made with --replace, many --uses and a long
# --for.
set -eu
[ $# -gt 2 ] || { echo "usage: sh fleet.sh APP IMAGE REGION …" >&2; exit 2; }
app=$1
image=$2
shift 2
for region in "$@"; do
	fly machine run "$image" runner --listen 0.0.0.0:9464 --app "$app" --region "$region" --name "rtcbench-$region" \
		--env "LOCATION_ID=$region" --env "RTCBENCH_PLACE=fly-$region" --restart always --vm-memory 256 --detach
done
