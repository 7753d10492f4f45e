package bench

// Course is a series over time.
type Course struct {
	Aggregate
	P50 []Quantity // of equal parts of the time, in order; not known where no ping was answered
}
