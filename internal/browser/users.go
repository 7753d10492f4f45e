package browser

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// listTimeout bounds the system's list of processes.
const listTimeout = 10 * time.Second

// endUsers ends the processes that use dir as their profile.
func endUsers(dir string) {
	if _, err := os.Stat(dir); err != nil {
		return
	}
	for _, pid := range users(processes(), dir) {
		if p, err := os.FindProcess(pid); err == nil {
			p.Kill()
			p.Release()
		}
	}
}

// users finds the processes of a browser with this profile in lines of "PID COMMAND LINE".
func users(list string, dir string) (pids []int) {
	want := "--user-data-dir=" + dir
	for line := range strings.Lines(list) {
		first, command, _ := strings.Cut(strings.TrimSpace(line), " ")
		pid, err := strconv.Atoi(first)
		if _, rest, found := strings.Cut(command, want); err == nil && found &&
			(rest == "" || strings.HasPrefix(rest, " ") || strings.HasPrefix(rest, `"`)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// processes lists the processes of this machine, a line of "PID COMMAND LINE" each; "" = no list.
func processes() string {
	ctx, cancel := context.WithTimeout(context.Background(), listTimeout)
	defer cancel()
	var list []byte
	switch runtime.GOOS {
	case "linux":
		return fromProc()
	case "windows":
		list, _ = exec.CommandContext(ctx, "powershell", "-NoProfile", "-Command",
			`Get-CimInstance Win32_Process | ForEach-Object { "$($_.ProcessId) $($_.CommandLine)" }`).Output()
	default:
		list, _ = exec.CommandContext(ctx, "ps", "-axww", "-o", "pid=,command=").Output()
	}
	return string(list)
}

func fromProc() string {
	var list strings.Builder
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		line, err := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if err == nil {
			list.WriteString(e.Name() + " " + strings.NewReplacer("\x00", " ", "\n", " ").Replace(string(line)) + "\n")
		}
	}
	return list.String()
}
