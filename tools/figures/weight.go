package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// weight says how large the binary is, and which modules' code and data make it so.
func weight(ctx context.Context, binary string) error {
	info, err := os.Stat(binary)
	if err != nil {
		return err
	}
	row("  the binary, which is nearly all of the native image", fmt.Sprintf("%.1f MB", float64(info.Size())/1e6),
		"≤ 85 MB")
	dir, err := os.MkdirTemp("", "rtcbench-figures-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	named := filepath.Join(dir, "rtcbench") // with its symbols
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", named, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w", bytes.TrimSpace(text), err)
	}
	symbols, err := exec.CommandContext(ctx, "go", "tool", "nm", "-size", named).Output()
	if err != nil {
		return err
	}
	sum := map[string]float64{}
	for lines := bufio.NewScanner(bytes.NewReader(symbols)); lines.Scan(); {
		f := strings.Fields(lines.Text()) // address, size, type, name
		if len(f) < 4 || f[2] == "U" || strings.EqualFold(f[2], "b") {
			continue
		}
		size, err := strconv.ParseFloat(f[1], 64)
		if err == nil {
			sum[module(f[3])] += size / 1e6
		}
	}
	const shown = 12
	names := slices.SortedFunc(maps.Keys(sum), func(a, b string) int { return cmp.Compare(sum[b], sum[a]) })
	for _, name := range names[:min(shown, len(names))] {
		row("    "+name, fmt.Sprintf("%.1f MB", sum[name]), "")
	}
	return nil
}

// module is that of a symbol, as far as its name tells.
func module(symbol string) string {
	for _, prefix := range []string{"type:", "go:itab.", "go:interface."} {
		symbol = strings.TrimPrefix(symbol, prefix)
	}
	symbol = strings.TrimLeft(symbol, "*.[]0123456789")
	parts := strings.Split(symbol, "/")
	switch {
	case strings.HasPrefix(symbol, "rtcbench/"):
		return "rtcbench itself, with the browser engine's page"
	case !strings.Contains(parts[0], "."), len(parts) == 1:
		return "the standard library, and tables of all the code"
	case parts[0] == "github.com" && len(parts) > 2:
		return strings.Join([]string{parts[0], parts[1], strings.SplitN(parts[2], ".", 2)[0]}, "/")
	}
	return parts[0] + "/" + strings.SplitN(parts[1], ".", 2)[0]
}
