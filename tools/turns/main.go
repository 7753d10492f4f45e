//go:build !windows

// Command turns prints how wrong rtcbench turn is, and what it costs: calls to agents of our own, whose answers are
// known by their logs, through a real server in another process. It is for docs/turn.md.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/sandbox"
	"rtcbench/internal/turn"
)

func main() {
	calls := flag.Int("calls", 1, "calls at once")
	turns := flag.Int("turns", 10, "turns of each")
	serve := flag.Bool("serve", false, "be the server and the agents")
	flag.Parse()
	do := measure
	if *serve {
		do = serveAgents
	}
	if err := do(*calls, *turns); err != nil {
		fmt.Fprintln(os.Stderr, "turns:", err)
		os.Exit(1)
	}
}

// place is what the callers have to know of the server.
type place struct{ URL, Key, Secret string }

// join takes a seat in a room of a call.
func join(ctx context.Context, at place, call int, identity string) (bench.Line, error) {
	room := fmt.Sprint("call-", call)
	token, err := livekit.Key{Key: at.Key, Secret: at.Secret}.MintSpeaker(room, identity, time.Hour)
	if err != nil {
		return nil, err
	}
	return livekit.Voice{}.Call(ctx, bench.Room{URL: at.URL, Name: room, Token: token},
		bench.JoinOptions{Identity: identity, ReconnectTimeout: time.Second})
}

// serveAgents is the other process: it prints its place, and when its input ends, the log of each agent.
func serveAgents(calls, _ int) error {
	server, err := sandbox.Shared()
	if err != nil {
		return err
	}
	at := place{server.URL, server.Key, server.Secret}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	agents := make([]turn.Agent, calls)
	var all sync.WaitGroup
	for i := range agents {
		agents[i].Delay = 800 * time.Millisecond
		line, err := join(ctx, at, i, "agent")
		if err != nil {
			return err
		}
		all.Go(func() { agents[i].Serve(ctx, line); line.Close() })
	}
	out := json.NewEncoder(os.Stdout)
	out.Encode(at)
	bufio.NewReader(os.Stdin).ReadByte()
	stop()
	all.Wait()
	logs := make([][]turn.Answered, calls)
	for i := range agents {
		logs[i] = agents[i].Log()
	}
	return out.Encode(logs)
}

// measure calls all agents at once, and prints.
func measure(calls, turns int) error {
	server := exec.Command(os.Args[0], "-serve", "-calls", fmt.Sprint(calls))
	server.Stderr = os.Stderr
	in, err := server.StdinPipe()
	if err != nil {
		return err
	}
	out, err := server.StdoutPipe()
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		return err
	}
	defer server.Wait()
	defer in.Close()
	from := json.NewDecoder(out)
	var at place
	if err := from.Decode(&at); err != nil {
		return err
	}
	said, err := turn.Load(turn.Usual())
	if err != nil {
		return err
	}
	begin, cpu := time.Now(), processor()
	lists, errs := make([][]turn.Turn, calls), make([]error, calls)
	var all sync.WaitGroup
	for i := range calls {
		all.Go(func() { lists[i], errs[i] = call(at, i, turns, said) })
	}
	all.Wait()
	took, used := time.Since(begin), processor()-cpu
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	in.Close()
	var known [][]turn.Answered
	if err := from.Decode(&known); err != nil {
		return err
	}
	tell(lists, known)
	fmt.Printf("%d call(s) of %.0f s: %.1f %% of a core each\n", calls, took.Seconds(),
		100*used.Seconds()/took.Seconds()/float64(calls))
	return nil
}

// call makes one call.
func call(at place, i, turns int, said map[string]turn.Utterance) ([]turn.Turn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	line, err := join(ctx, at, i, "caller")
	if err != nil {
		return nil, err
	}
	defer line.Close()
	_, list, err := turn.Call(ctx, line, turn.Options{Steps: turn.Repeat(turn.Usual(), turns), Utterances: said,
		Timeout: 15 * time.Second, Rest: time.Second, Gap: 300 * time.Millisecond, Presence: time.Minute})
	return list, err
}

// tell prints what was measured less what the agents have written down: the way there and back is in it. Both processes
// have one clock, so that it is known on which way the time passed.
func tell(lists [][]turn.Turn, known [][]turn.Answered) {
	var all, clean []time.Duration
	fates, counts := map[bench.TurnFate]int{}, map[string]int{}
	for i, list := range lists {
		for _, one := range list {
			fates[one.Fate]++
			log, ok := turn.Beside(one, known[i])
			if !ok {
				counts["not in the agent's log"]++
				continue
			}
			d, kind := one.Latency.D-log.Took(), "clean"
			switch {
			case marked(one):
				kind = "marked"
			case log.Doubtful():
				kind = "the agent's log in doubt"
			default:
				clean = append(clean, d)
			}
			counts[kind]++
			if all = append(all, d); d.Abs() > 40*time.Millisecond {
				counts[kind+", wrong by more than 40 ms"]++
				up := log.Heard.Sub(one.Ended)
				fmt.Printf("call %d, turn %s: %v wrong, %v of it there, %v back; stalled %v, uneven %v, the "+
					"agent stalled %v: %s\n", i, one.Said, d, up, d-up, one.Stalled.D, one.Uneven.D, log.Stalled, kind)
			}
		}
	}
	fmt.Println(fates, counts)
	quantiles("all", all)
	quantiles("not marked, by a log not in doubt", clean)
}

func quantiles(what string, off []time.Duration) {
	if len(off) == 0 {
		return
	}
	slices.Sort(off)
	at := func(q float64) time.Duration { return off[int(q*float64(len(off)-1))].Round(10 * time.Microsecond) }
	fmt.Printf("%s: %d turns, error min %v, P50 %v, P95 %v, max %v\n", what, len(off), at(0), at(0.5), at(0.95), at(1))
}

// marked reports whether a turn says itself that it may be wrong.
func marked(one turn.Turn) bool {
	return one.Fate == bench.TurnNotMeasurable || one.Marked()
}

// processor is the time that this process has used.
func processor() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
