package bench

// Break gives the ground that c finds where value was measured.
func (c Criterion) Break(value float64) (Ground, bool) {
	c.value = func(Run, Summary) (float64, bool) { return value, true }
	c.text = func(Run, Summary, float64) string { return "" }
	return c.judge(Run{}, Summary{})
}
