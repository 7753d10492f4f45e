package report

import (
	"fmt"
	"strings"
)

// Decimal is v with so many decimals. What rounds to zero has no minus: "-0.00" would claim a direction that the digits
// do not show.
func Decimal(v float64, decimals int) string { return unsigned(fmt.Sprintf("%.*f", decimals, v)) }

// SignedDecimal is v with so many decimals and with its sign, also a plus. What rounds to zero has no sign.
func SignedDecimal(v float64, decimals int) string {
	return unsigned(fmt.Sprintf("%+.*f", decimals, v))
}

// Signed is a difference in milliseconds, as it stands in tables: with two decimals, or with three if it is below
// 0.095.
func Signed(v float64) string {
	if v > -0.095 && v < 0.095 && v != 0 {
		return SignedDecimal(v, 3)
	}
	return SignedDecimal(v, 2)
}

// unsigned is number without its sign if all its digits are 0.
func unsigned(number string) string {
	if strings.Trim(number, "+-0.") != "" {
		return number
	}
	return strings.TrimLeft(number, "+-")
}
