package timestream

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"
)

// venv is where `make tools` puts moto.
const venv = "../../../.bin/moto"

// motoScript serves until its stdin ends: however this process dies, moto dies with it.
const motoScript = `
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(["-H", "127.0.0.1", "-p", "0"])
`

var motoOnce struct {
	sync.Once
	url  string
	err  error
	stop func()
}

// moto is the address of a moto server, one for all tests.
func moto(t *testing.T) string {
	t.Helper()
	motoOnce.Do(func() { motoOnce.url, motoOnce.stop, motoOnce.err = startMoto() })
	if motoOnce.err != nil {
		t.Fatalf("moto, which these tests write to: %v", motoOnce.err)
	}
	return motoOnce.url
}

func startMoto() (string, func(), error) {
	python := ""
	for _, p := range []string{"bin/python", "Scripts/python.exe"} {
		if path, err := filepath.Abs(filepath.Join(venv, p)); err == nil {
			if _, err := os.Stat(path); err == nil {
				python = path
			}
		}
	}
	if python == "" {
		return "", nil, fmt.Errorf("%s has no Python: run `make tools`, which installs moto there", venv)
	}
	cmd := exec.Command(python, "-c", motoScript)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop := func() {
		stdin.Close()
		cmd.Wait()
		in.Close()
	}
	found := make(chan string, 1)
	go func() {
		at := regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if url := at.FindString(lines.Text()); url != "" {
				select {
				case found <- url:
				default:
				}
			}
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	select {
	case url := <-found:
		return url, stop, nil
	case <-ctx.Done():
		stop()
		return "", nil, fmt.Errorf("%s did not say within 60 s where it listens", python)
	}
}

func TestMain(m *testing.M) {
	// Nothing of the machine's own AWS configuration may be seen here.
	for _, name := range []string{"AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"} {
		os.Unsetenv(name)
	}
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": secret,
	} {
		os.Setenv(name, value)
	}
	code := m.Run()
	if motoOnce.stop != nil {
		motoOnce.stop()
	}
	os.Exit(code)
}

// secret must be in no error and no output.
const secret = "a-secret-that-nobody-may-see"
