// Command rtcbench measures the latency of real-time platforms as their users meet it.
package main

import (
	"os"

	"rtcbench/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr))
}
