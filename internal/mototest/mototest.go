// Package mototest starts moto, which plays AWS on this machine. It is imported by tests only.
package mototest

import (
	"bufio"
	"context"
	"errors"
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

// venv finds where `make tools` puts moto: .bin/moto beside go.mod.
func venv() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, e := os.Stat(filepath.Join(dir, "go.mod")); e == nil {
			return filepath.Join(dir, ".bin", "moto"), nil
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("no go.mod above this folder")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}

// script serves until its stdin ends: however this process dies, moto dies with it.
const script = `
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(["-H", "127.0.0.1", "-p", "0"])
`

var server struct {
	sync.Once
	url  string
	err  error
	stop func()
}

// Start gives the address of a moto server, one for all tests of a package. Stop ends it.
func Start(t *testing.T) string {
	t.Helper()
	server.Do(func() { server.url, server.stop, server.err = launch() })
	if server.err != nil {
		t.Fatalf("moto, which these tests speak to: %v", server.err)
	}
	return server.url
}

// Stop ends the server, if one was started; TestMain calls it.
func Stop() {
	if server.stop != nil {
		server.stop()
	}
}

func launch() (string, func(), error) {
	venv, err := venv()
	if err != nil {
		return "", nil, err
	}
	python := ""
	for _, p := range []string{"bin/python", "Scripts/python.exe"} {
		if path := filepath.Join(venv, p); exists(path) {
			python = path
		}
	}
	if python == "" {
		return "", nil, fmt.Errorf("%s has no Python: run `make tools`, which installs moto there", venv)
	}
	dir, err := os.MkdirTemp("", "moto") // what ends by os._exit removes none of its files
	if err != nil {
		return "", nil, err
	}
	cmd := exec.Command(python, "-c", script)
	cmd.Env = append(cmd.Environ(), "TMPDIR="+dir, "TEMP="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	stop := func() {
		stdin.Close()
		cmd.Wait()
		in.Close()
		os.RemoveAll(dir)
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

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
