package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/lab/analysis"
)

// TestLabFollowsAudioPackets: every packet of a run is found at all four hops, also where they overtake each other, and
// where it was lost is what the router wrote down, ping by ping.
func TestLabFollowsAudioPackets(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	cmd, out, dir := inLab(t, "--report", "lab.json", "mine.yaml", "--", "livekit", "--channel", "audio", "-n", "300",
		"--timeout", "2000", "--connect-timeout", "60s")
	scenario := []byte("{about: A tenth is lost on each way., paths: {runner-sfu: {both: {delay: 40ms, loss: 5%, " +
		"reorder: {share: 5%, late: 45ms}}}, sfu-echo: {both: {loss: 5%}}}}")
	if err := os.WriteFile(filepath.Join(dir, "mine.yaml"), scenario, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "lab.json"))
	var report analysis.Report
	if err == nil {
		err = json.Unmarshal(data, &report)
	}
	if err != nil {
		t.Fatal(err)
	}
	if report.Pings == 0 || report.Matched != report.Pings {
		t.Errorf("%d of %d answered pings were matched\n%s", report.Matched, report.Pings, out)
	}
	for i, rtt := range report.Samples.RTT {
		injected := report.Samples.InjectedUp[i] + report.Samples.InjectedDown[i]
		if rtt < injected || injected < 79.9 {
			t.Errorf("ping %d: %.3f ms measured, %.3f injected", report.Samples.Seq[i], rtt, injected)
		}
	}
	l := report.Loss
	if l.Router == nil || l.Heard == nil {
		t.Fatalf("%+v\n%s", l, out)
	}
	if r := *l.Router; r.Wrong != 0 || l.Wrong != 0 || r.Up == 0 || r.Down == 0 || r.Up > l.Up+l.Unknown ||
		r.Down > l.Down+l.Unknown || r.Up+r.Down != l.Up+l.Down+l.Unknown || *l.Heard != l.Sent-r.Up {
		t.Errorf("the router dropped %+v, the run says %+v, and the echo heard %d\n%s", r, l, *l.Heard, out)
	}
}
