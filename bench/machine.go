package bench

// Machine is what the runner's machine did to a run, its warm-up included. What is not OK is not known.
type Machine struct {
	Steal Share // of all processors' time: taken away by the host (proc_stat(5), "steal")
	// of the run: this process's threads, all together, waited for a processor (proc/<pid>/schedstat)
	Waited    Share
	ClockStep Quantity // how far the wall clock went ahead of the monotonic one; negative = behind
}

// Share is a part of a whole as a ratio. It may be unknown.
type Share struct {
	Ratio float64
	OK    bool
}
