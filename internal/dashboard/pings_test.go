package dashboard

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/live"
	"rtcbench/web"
)

// TestPingsAreShownLive: what a run of this machine tells is in Chromium's page, ping by ping, and how soon.
func TestPingsAreShownLive(t *testing.T) {
	pages, err := web.Dashboard()
	if err != nil {
		t.Fatal(err)
	}
	s, dir := opened(t), t.TempDir()
	srv := New(Options{Open: func() (bench.Store, error) { return s, nil }, Pages: pages, Log: quiet,
		Live: func(ctx context.Context, on func(live.Pings)) error { return live.Listen(ctx, dir, on) }})
	web := httptest.NewServer(srv.Handler())
	t.Cleanup(web.Close) // after the browser, which listens
	p := opensTab(t)
	p.open(web.URL + "/#view=live")
	if text := p.shows(".now .first pre"); text != "rtcbench livekit" {
		t.Errorf("without a run it says %s", text)
	}
	p.shows(".live.open")
	p.eval(`window.shown = {}; new MutationObserver(() => { // when the page first showed each ping or a later one
		const seq = Number(document.querySelector('.now [data-seq]')?.dataset.seq ?? 0);
		for (let i = seq; i > 0 && !(i in shown); i--) shown[i] = Date.now();
	}).observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true}); ''`)
	pings := 30
	if os.Getenv("RTCBENCH_LONG") != "" {
		pings = 300
	}
	on, end := live.Tell(live.NewHere(dir), live.Pings{Location: "fra", Platform: "livekit", Engine: "native",
		Class: "datachannel-reliable", Count: pings})
	settled := map[int]time.Time{}
	for seq := 1; seq <= pings; seq++ {
		time.Sleep(50 * time.Millisecond) // the pace of a run
		sample := bench.Sample{Seq: uint32(seq), Outcome: bench.Answered, Due: time.Duration(seq) * 50e6, RTT: 20e6}
		if seq == 7 {
			sample.Outcome = bench.Lost
		}
		settled[seq] = time.Now()
		on(sample)
	}
	p.shows(fmt.Sprintf(`.now [data-seq="%d"]`, pings))
	end("0198-0000-4000-the-end-1")
	if links := p.shows(`.now a[href*="view=run"]`); links != "Show the run he-end-1" {
		t.Errorf("the end of the run is shown as %s", links)
	}
	if facts := p.shows(".now .facts"); facts == "" {
		t.Error("no facts")
	}
	p.well(web.URL)
	var shown map[string]float64
	if err := json.Unmarshal([]byte(p.eval("JSON.stringify(shown)")), &shown); err != nil {
		t.Fatal(err)
	}
	var took []float64
	for text, at := range shown {
		seq, _ := strconv.Atoi(text)
		took = append(took, at-float64(settled[seq].UnixMicro())/1e3)
	}
	slices.Sort(took)
	if len(took) != pings {
		t.Fatalf("%d of %d pings were shown", len(took), pings)
	}
	t.Logf("%d pings: shown within %.0f ms (P50), %.0f ms (P95), %.0f ms (all)", pings, took[pings/2],
		took[pings*95/100], took[pings-1])
	// On a machine that does nothing else all of it is within 350 ms; the first waits for whoever measures to look who
	// watches.
	if middle := took[pings/2]; middle > 500 && os.Getenv("RTCBENCH_LONG") != "" {
		t.Errorf("half of the pings were shown after %.0f ms", middle)
	}
}
