package settings

import (
	"log/slog"
	"testing"
)

func TestLogLevel(t *testing.T) {
	for text, want := range map[string]slog.Level{
		"debug": -4, "TRACE": -4, "10": -4, "NOTSET": -4, "INFO": 0, "notice": 0, "20": 0, "0": 0, "Warning": 4,
		"WARN": 4, "30": 4, "25": 4, "4": 4,
		"ERROR": 8, "err": 8, "40": 8, "CRITICAL": 8, "FATAL": 8, "50": 12, "8": 8, "-4": -4, "INFO+2": 2, "off": 9,
		" info\n": 0,
	} {
		if got, ok := LogLevel(text); !ok || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "loud", "70", "-9", "1.5", "debug2"} {
		if got, ok := LogLevel(text); ok {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}
