package settings

import (
	"log/slog"
	"strconv"
	"strings"
)

// levels are those of LOG_LEVEL, with the names that other programs give them: Python's logging, syslog, and Go's slog.
var levels = map[string]slog.Level{
	"trace": slog.LevelDebug, "debug": slog.LevelDebug, "notset": slog.LevelDebug,
	"verbose": slog.LevelDebug,
	"info":    slog.LevelInfo, "information": slog.LevelInfo, "notice": slog.LevelInfo,
	"warn": slog.LevelWarn, "warning": slog.LevelWarn,
	"err": slog.LevelError, "error": slog.LevelError, "crit": slog.LevelError,
	"critical": slog.LevelError,
	"alert":    slog.LevelError,
	"emerg":    slog.LevelError, "panic": slog.LevelError, "fatal": slog.LevelError, "off": slog.LevelError + 1,
	"none": slog.LevelError + 1,
}

// LogLevel reads a level: a name, a number of Python's (10 debug, 20 info, 30 warning, 40 error, 50 critical), or a
// number or sum of slog's (-4 debug, 0 info, 4 warn, 8 error; INFO+2).
func LogLevel(text string) (slog.Level, bool) {
	text = strings.ToLower(Clean(text))
	if level, ok := levels[text]; ok {
		return level, true
	}
	if n, err := strconv.Atoi(text); err == nil {
		switch {
		case n >= -8 && n < 9:
			return slog.Level(n), true
		case n >= 9 && n <= 60:
			return slog.Level(4*((n+9)/10) - 8), true
		}
		return 0, false
	}
	var level slog.Level
	return level, level.UnmarshalText([]byte(text)) == nil
}
