#!/bin/sh
# Lints what stands in deploy/ with the field's own linters (docs/deploy.md names them and their versions).
set -eu
cd "$(dirname "$0")/.."
if ! cmp -s tools/lint.txt .bin/lint/lint.txt; then
	rm -rf .bin/lint
	python3 -m venv .bin/lint
	.bin/lint/bin/pip install --quiet --disable-pip-version-check --requirement tools/lint.txt
	cp tools/lint.txt .bin/lint/lint.txt # it is whole
fi
.bin/lint/bin/hadolint Dockerfile
.bin/lint/bin/cfn-lint deploy/lambda/template.yaml deploy/lambda/place.yaml
shellcheck deploy/*/*.sh tools/*.sh
# compose.yaml by Docker Compose's own loader, the kustomizations by kustomize's; what these build against Kubernetes' schemas.
mkdir -p .bin
(cd tools/deploylint && go vet ./... && go build -o ../../.bin/deploylint .)
.bin/deploylint deploy >.bin/kubernetes.yaml
.bin/lint/bin/kubernetes-validate --strict --quiet .bin/kubernetes.yaml
if command -v systemd-analyze >/dev/null; then
	# It wants the programs of units to be there.
	units=$(mktemp -d)
	trap 'rm -rf "$units"' EXIT
	for unit in deploy/systemd/*; do
		sed 's|/usr/local/bin/rtcbench|/bin/true|' "$unit" >"$units/$(basename "$unit")"
	done
	systemd-analyze verify --man=no "$units"/*
else
	echo "systemd-analyze is not here: deploy/systemd is not verified" >&2
fi
