#!/bin/sh
# Puts rtcbench into each region: LIVEKIT_URL=wss://… sh deploy.sh IMAGE REGION …
# or a place of a fleet: PLACE=1 sh deploy.sh IMAGE REGION …
# IMAGE is a local image (docker build --target native -t rtcbench:native ../..); needs aws, docker and sam.
set -eu
cd "$(dirname "$0")"
if [ $# -lt 2 ] || [ -z "${LIVEKIT_URL:-}${PLACE:-}" ]; then
	echo "usage: LIVEKIT_URL=wss://… sh deploy.sh IMAGE REGION …, or PLACE=1 sh deploy.sh IMAGE REGION …" >&2
	exit 2
fi
stack=rtcbench template=template.yaml more=LivekitUrl=${LIVEKIT_URL:-}
if [ -n "${PLACE:-}" ]; then
	stack=rtcbench-place template=place.yaml more=Labels=${LABELS:-kind=lambda}
fi
image=$1
shift
account=$(aws sts get-caller-identity --query Account --output text)
for region in "$@"; do
	registry="$account.dkr.ecr.$region.amazonaws.com"
	aws ecr describe-repositories --region "$region" --repository-names rtcbench >/dev/null 2>&1 ||
		aws ecr create-repository --region "$region" --repository-name rtcbench >/dev/null
	aws ecr get-login-password --region "$region" | docker login --username AWS --password-stdin "$registry"
	docker tag "$image" "$registry/rtcbench:latest"
	docker push "$registry/rtcbench:latest"
	sam deploy --region "$region" --stack-name "$stack" --template-file "$template" \
		--capabilities CAPABILITY_IAM --no-confirm-changeset --no-fail-on-empty-changeset \
		--image-repository "$registry/rtcbench" \
		--parameter-overrides "Location=$region" "ImageUri=$registry/rtcbench:latest" "$more"
done
