#!/bin/sh
# Installs what the tests need and does not find, where that is possible: a C compiler for the
# race detector, ip (iproute2) for the network namespace, pkill (procps) for the scripts,
# Chromium and its headless shell for the browser engine, opusdec (opus-tools) for audio packets, InfluxDB, VictoriaMetrics and PostgreSQL for the stores, nats-server for
# fleets, prometheus for dashboards, shellcheck for the scripts, npm to build its page and Python for moto (tools/moto.sh).
set -eu
missing=""
command -v cc >/dev/null || missing="$missing gcc libc6-dev"
if [ "$(uname -s)" = Linux ]; then
	command -v ip >/dev/null || missing="$missing iproute2"
fi
command -v pkill >/dev/null || missing="$missing procps"
if [ "$(uname -s)" = Linux ]; then # the tests run both: the shell, and Chromium with what windows need
	command -v chromium-headless-shell >/dev/null || missing="$missing chromium-headless-shell"
	command -v chromium >/dev/null || missing="$missing chromium"
fi
command -v npm >/dev/null || missing="$missing npm"
python3 -c 'import venv, ensurepip' 2>/dev/null || missing="$missing python3 python3-venv"
command -v opusdec >/dev/null || missing="$missing opus-tools"
command -v shellcheck >/dev/null || missing="$missing shellcheck"
command -v opusdec >/dev/null || missing="$missing opus-tools"
command -v influxd >/dev/null || missing="$missing influxdb"
command -v victoria-metrics >/dev/null || missing="$missing victoria-metrics"
# Debian's own version, beside PATH; elsewhere PATH has it
{ ls /usr/lib/postgresql/*/bin/postgres || command -v postgres; } >/dev/null 2>&1 || missing="$missing postgresql"
PATH="$PATH:/usr/sbin" command -v nats-server >/dev/null || missing="$missing nats-server"
{ command -v prometheus && command -v promtool; } >/dev/null || missing="$missing prometheus"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	apt-get update -qq
	# shellcheck disable=SC2086 # a list of packages
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
	# Debian starts a server when it installs one. The tests start their own; this one would only hold a port.
	for server in influxdb victoria-metrics postgresql nats-server prometheus; do
		case "$missing " in
		*" $server "*)
			if [ -d /run/systemd/system ]; then
				systemctl disable --now "$server" >/dev/null 2>&1 || true
			else
				service "$server" stop >/dev/null 2>&1 || true
			fi
			;;
		esac
	done
else
	echo "the tests need these packages, please install them:$missing" >&2
	exit 1
fi
