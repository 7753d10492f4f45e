package report

import (
	"math"
	"testing"
	"time"
)

// TestZeroHasNoSign: a value that is written as zero says nothing of a direction.
func TestZeroHasNoSign(t *testing.T) {
	for _, x := range []struct{ got, want string }{
		{Decimal(-0.004, 2), "0.00"},
		{Decimal(-0.006, 2), "-0.01"},
		{Decimal(math.Copysign(0, -1), 0), "0"},
		{Decimal(-0.4, 0), "0"},
		{Decimal(-10, 0), "-10"},
		{Decimal(math.Inf(-1), 1), "-Inf"},
		{SignedDecimal(-0.04, 1), "0.0"},
		{SignedDecimal(0.04, 1), "0.0"},
		{SignedDecimal(0.06, 1), "+0.1"},
		{Signed(-0.0004), "0.000"},
		{Signed(-0.0006), "-0.001"},
		{Signed(0), "0.00"},
		{Signed(2), "+2.00"},
		{fixed(-400 * time.Nanosecond), "0.000"},
		{fixed(-time.Microsecond), "-0.001"},
		{fixed(0), "0.00"},
	} {
		if x.got != x.want {
			t.Errorf("%s, want %s", x.got, x.want)
		}
	}
}
