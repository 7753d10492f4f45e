package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/audio"
	"rtcbench/internal/browser"
	"rtcbench/internal/platform/livekit"
)

// soundInPages measures audio packets of a page beside lossy messages of another, in turn, both answered in Go; and
// how long a page that answers holds the packets of a runner in Go.
func soundInPages(ctx context.Context, p place, pings int) error {
	b, err := browser.Start(ctx, browser.Options{Environment: os.LookupEnv, ResolverRules: closedNetwork})
	if err != nil {
		return err
	}
	defer b.Close()
	fmt.Printf("in a browser, %d blocks of %d pings of each, alternating:\n", soundBlocks, pings/soundBlocks)
	if err := besideMessages(ctx, p, b, pings); err != nil {
		return err
	}
	return heldByPage(ctx, p, b, pings)
}

// besideMessages is the round trip of audio packets and of lossy messages, in two pages of one browser.
func besideMessages(ctx context.Context, p place, b *browser.Browser, pings int) error {
	var pages [2]*browser.Page
	classes := [2]bench.TransportClass{bench.RTPAudio, bench.DataChannelLossy}
	for i, class := range classes {
		m := p.meeting("page-"+string(class), class)
		err := answering(ctx, m, class)
		if err == nil {
			pages[i], err = openPage(ctx, b, m, bench.Runner, class)
		}
		if err != nil {
			return err
		}
		defer pages[i].Close()
	}
	probe := func(i, n int) (bench.Run, error) {
		plan := soundPlan(classes[i], n, soundPeriod)
		plan.Aligned, plan.Phase = true, time.Duration(i)*soundPeriod/2
		return pages[i].Probe(ctx, plan, nil)
	}
	both, err := beside(pings, func(n int, _ time.Time) (bench.Run, error) {
		return probe(0, n)
	}, func(n int, _ time.Time) ([]time.Duration, error) {
		run, err := probe(1, n)
		return bench.Summarise(run).RTTs, err
	})
	if err != nil {
		return err
	}
	both.rows("lossy messages", "lossy message, in a browser", "≤ 1")
	return nil
}

// heldByPage is how long a page that answers holds a packet, and in whose hands that passes.
func heldByPage(ctx context.Context, p place, b *browser.Browser, pings int) error {
	m := p.meeting("page-echo", bench.RTPAudio)
	page, err := openPage(ctx, b, m, bench.Answerer, bench.RTPAudio)
	if err != nil {
		return err
	}
	defer page.Close()
	if err := page.Echo(ctx); err != nil {
		return err
	}
	runner, err := sit(ctx, m, bench.Runner, bench.RTPAudio)
	if err != nil {
		return err
	}
	defer runner.Close()
	run, err := audio.Prober{Session: runner, Clock: bench.NewClock()}.Probe(ctx,
		soundPlan(bench.RTPAudio, pings, soundPeriod), nil)
	if err != nil {
		return err
	}
	chromium, own, err := page.Held(ctx)
	if err != nil {
		return err
	}
	held := func(what string, of []time.Duration, wanted string) {
		row("  "+what, fmt.Sprintf("p50 %.3f ms", quantile(of, 0.5)), fmt.Sprintf("p99 %.3f ms%s", quantile(of, 0.99),
			wanted))
	}
	var whole []time.Duration
	for _, s := range run.Samples {
		if s.Stamped {
			whole = append(whole, s.Hold)
		}
	}
	held("page's echo: the page's own hold", own, " (p50 ≤ 0.4 ms)")
	held("… between arrival and the page's first line (Chromium's)", chromium, "")
	held("… both, as a run tells it", whole, "")
	return nil
}

// openPage takes a seat of a meeting in a page.
func openPage(ctx context.Context, b *browser.Browser, m *livekit.Meeting, role bench.Role,
	class bench.TransportClass) (*browser.Page, error) {
	seat, err := m.Seat(role, string(role))
	if err != nil {
		return nil, err
	}
	page, err := b.Open(ctx)
	if err != nil {
		return nil, err
	}
	err = page.Join(ctx, browser.JoinConfig{Platform: "livekit", URL: seat.Room.URL, Token: seat.Room.Token,
		Role: role, Class: class})
	return page, err
}
