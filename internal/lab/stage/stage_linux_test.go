package stage

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestNothingOfTheUsersServerIsInTheLab: what is played in a lab measures the lab, also where the user's variables name
// a server, an echo service, a room or a port, and it is given none of the user's keys. What chooses how to measure
// holds there, too.
func TestNothingOfTheUsersServerIsInTheLab(t *testing.T) {
	kept := []string{"PATH=/usr/bin", "ITERATIONS=20", "RTCBENCH_CHANNEL=audio", "RTCBENCH_STORE=none"}
	environ := append([]string{"LIVEKIT_URL=wss://my.cloud", "LIVEKIT_API_KEY=k", "LIVEKIT_API_SECRET=s",
		"LIVEKIT_TOKEN=t", "DAILY_API_KEY=d", "DAILY_ROOM_URL=https://x.daily.co/y", "TMPDIR=/home/me",
		"ECHO_AGENT_URL=e", "RTCBENCH_AGENT_URL=e", "RTCBENCH_ROOM=mine", "RTCBENCH_LISTEN=:80", "RTCBENCH_HOST=h",
		"RTCBENCH_PORT=80", "RTCBENCH_ROOM_PREFIX=my-", "RTCBENCH_DAILY_TOKEN=t", "RTCBENCH_TURN_AGENT=mine",
		"RTCBENCH_TURN_START_URL=https://x"}, kept...)
	if got := withoutElsewhere(environ); !slices.Equal(got, kept) {
		t.Errorf("%q, want %q", got, kept)
	}
}

// TestOneTimeLineForAllOfALab: the processes of a lab read the router's clock, whose reading they are given; who is
// given none, or nonsense, reads its own.
func TestOneTimeLineForAllOfALab(t *testing.T) {
	var mono unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &mono); err != nil {
		t.Fatal(err)
	}
	then := time.Date(2001, 2, 3, 0, 0, 0, 0, time.UTC)
	for reading, lab := range map[string]bool{
		fmt.Sprintf("%d/%d", then.UnixNano(), mono.Nano()): true, "": false, "yesterday": false,
	} {
		now := time.Now()
		shown := Clock(func(string) string { return reading }).Time(now)
		want := now
		if lab {
			want = then
		}
		if off := shown.Sub(want); off < -time.Hour || off > time.Hour {
			t.Errorf("with %q the clock shows %v, want %v or a moment after it", reading, shown, want)
		}
	}
}

// TestAServerSaysWhyItIsNotThere: outside a lab its address is nobody's.
func TestAServerSaysWhyItIsNotThere(t *testing.T) {
	key := func(string) string { return "a secret of thirty-two characters" }
	for _, platform := range []string{"livekit", "daily"} {
		var said bytes.Buffer
		if err := Serve(t.Context(), platform, key, &said); err == nil || said.Len() > 0 {
			t.Errorf("%s: %v, %q", platform, err, said.String())
		}
	}
}
