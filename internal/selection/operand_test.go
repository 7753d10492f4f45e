package selection

import (
	"testing"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/settings"
)

// A secret in the place of an operand, too.
func TestASecretAsASide(t *testing.T) {
	for _, secret := range benchtest.Secrets {
		if got := ShownSide(secret); len(secret) > 20 && got != settings.Hidden(secret) {
			t.Errorf("%q is shown as %s", secret, got)
		}
	}
}
