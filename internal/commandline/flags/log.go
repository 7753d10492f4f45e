package flags

import (
	"io"
	"log/slog"
)

// LogGroup are the flags that say how a service logs.
type LogGroup struct {
	Format string `name:"log-format" from:"RTCBENCH_LOG_FORMAT" group:"out" enum:"text,json" default:"text" placeholder:"text" help:"Log lines on standard error: text or json."`
}

// Log is a logger that writes to w.
func (f LogGroup) Log(w io.Writer) *slog.Logger {
	if f.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}
