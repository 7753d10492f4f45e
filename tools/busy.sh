#!/bin/sh
# Runs a command while two other processes take all the processor time that they can get, and ends those with it. The exit code
# is the command's: tools/busy.sh make test
set -u
hogs=""
rest() {
	for hog in $hogs; do kill "$hog" 2>/dev/null; done
}
trap rest EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
for _ in 1 2; do
	# A hog ends by itself when this script is killed outright.
	sh -c 'while kill -0 "$1" 2>/dev/null; do i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; done' hog $$ &
	hogs="$hogs $!"
done
"$@"
