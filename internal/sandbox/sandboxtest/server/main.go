// Command server is the sandbox in a process of its own, for tests: they start it without the race detector, which is
// for our code and not for LiveKit's.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"rtcbench/internal/sandbox"
)

// main runs the server until its standard input ends, as it does when the test's process dies. The first line of that
// says how the server is to be, as JSON.
func main() {
	var o sandbox.Options
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	s, err := sandbox.Start(o)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.URL)
	io.Copy(io.Discard, os.Stdin)
}
