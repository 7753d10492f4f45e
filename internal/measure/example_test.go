package measure_test

import (
	"context"
	"fmt"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/measure"
)

// A job says what is to be measured, and where. Here it is a platform of rooms in this process; with
// platform.All for Platforms it is LiveKit or Daily.
func ExampleDo() {
	var here ether
	job := measure.Job{
		Platform: "ether", Place: bench.Place{URL: "ether://here", Room: "bench"}, Local: true,
		Within: 10 * time.Second,
		Plan:   bench.Plan{Count: 10, Timeout: time.Second, EchoTimeout: time.Second, ReconnectTimeout: time.Second},
	}
	env := measure.Env{Platforms: map[string]bench.Platform{"ether": here.platform()}, Clock: bench.NewClock()}
	run, err := measure.Do(context.Background(), job, env, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(run.Counts.Answered, "of", run.Counts.Settled(), "answered,", run.Ended)
	// Output: 10 of 10 answered, complete
}
