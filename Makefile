# rtcbench. `make test` is all that CI does.

# On macOS the embedded LiveKit server needs cgo; everywhere else nothing of ours does.
CGO := $(if $(filter Darwin,$(shell uname -s)),1,0)
COMMIT := $(shell git rev-parse HEAD 2>/dev/null)
LDFLAGS := -s -w $(if $(COMMIT),-X rtcbench/internal/cli.commit=$(COMMIT))
CROSSVET := $(CURDIR)/.bin/crossvet
# Packages that go test compiles and runs at one time: one may be waiting for a browser's or a server's place
# (benchtest.Heavy).
PACKAGES := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
# What the race detector does not look at: SQLite, as it was translated from C. Its memory is none of Go's, and with the
# detector in it a store takes two and a half times the CPU.
TRANSLATED := modernc.org/sqlite/lib modernc.org/libc/... modernc.org/memory modernc.org/mathutil
RACE := -race $(TRANSLATED:%=-gcflags=%=-race=false)
# Packages with tests that count allocations or draw many random numbers, which are built without the detector alone.
UNRACED := ./internal/audio ./internal/ping ./internal/stats ./internal/turn
# Go's compiler and linker collect no garbage until they hold this much: they end soon anyway. That is a sixth of the
# CPU of a build. What they make is the same.
export GOFLAGS := $(GOFLAGS) '-toolexec=env GOGC=off GOMEMLIMIT=512MiB'
# The packages that take longest are begun first.
ALL := ./internal/cli ./internal/browser ./internal/fleet/hub ./internal/dashboard ./...

.PHONY: build web lint test test-long bench accuracy live-daily picture vet tools fuzz clean

# It is static, and so it has no cgo. Beside that its flags are those of go run, and both share what they compile where
# there is no C compiler; with one, go run compiles with cgo whatever uses the network. Tests have the race detector,
# which needs cgo and shares nothing; go vet and what they start without it share with go run.
build: web ## the complete binary, ./rtcbench
	CGO_ENABLED=$(CGO) go build -ldflags '$(LDFLAGS)' -o rtcbench .

web: web/dist/livekit.js ## the page of the browser engine

web/dist/livekit.js: web/node_modules/.package-lock.json web/build.mjs $(wildcard web/src/* web/ui/*)
	cd web && npm run --silent build

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && npm ci --loglevel=error

lint: tools ## what stands in deploy/, with the field's own linters
	@sh tools/lint.sh

test: tools web vet lint ## everything that a change has to pass
	cd web && npm run --silent check && npm test --silent
	go test $(RACE) -vet=off -p $(PACKAGES) -timeout 60m $(ALL)
	go test -vet=off $(UNRACED)

test-long: tools web ## the same code with larger counts; five times on a busy machine; fuzzing
	RTCBENCH_LONG=1 go test $(RACE) -p $(PACKAGES) -timeout 3h $(ALL)
	for n in 1 2 3 4 5; do sh tools/busy.sh go test $(RACE) -count 1 -p $(PACKAGES) -timeout 90m $(ALL) || exit 1; done
	$(MAKE) fuzz FUZZTIME=5m

FUZZTIME ?= 1m
fuzz:
	@set -e; for target in FuzzDecodePong:./internal/ping FuzzDecode:./internal/audio FuzzDecode:./internal/result FuzzUnpack:./internal/result \
		FuzzPacked:./internal/result FuzzReadPacked:./internal/result FuzzRow:./internal/store/influx FuzzPieces:./internal/store/timestream \
		FuzzFile:./internal/outbox FuzzConfig:./internal/jobs FuzzParse:./internal/dotenv FuzzParse:./internal/lab; do \
		go test -run xxx -fuzz "^$${target%%:*}\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$${target#*:}"; done

vet: ## format, and go vet's analyzers, for the systems that this is not too
	@test -z "$$(gofmt -l .)" || { echo "not formatted:"; gofmt -l .; exit 1; }
	@mkdir -p .bin && go build -o $(CROSSVET) ./tools/crossvet
	GOOS=darwin CGO_ENABLED=0 $(CROSSVET) ./...
	GOOS=windows CGO_ENABLED=0 $(CROSSVET) ./...
	go vet -tags live ./...

tools: ## what the tests need and a fresh machine may lack
	@sh tools/install.sh
	@sh tools/moto.sh
	@sh tools/agents.sh

bench: build ## the figures of docs/figures.md, as a table
	cd tools/figures/node && npm ci --loglevel=error
	cd web && node build.mjs ../.bin
	go run ./tools/figures

accuracy: build ## docs/accuracy.md: known answers from the lab, which needs root, and in fake time; goes on where it was stopped
	go run ./tools/accuracy

live-daily: web ## what the stand-in cannot show, on Daily itself; needs DAILY_API_KEY, makes and removes rooms
	@test -n "$$DAILY_API_KEY" || { echo "make live-daily: set DAILY_API_KEY to a key of yours; it makes and removes rooms"; exit 1; }
	go test -tags live -count 1 -run TestLiveDaily -v ./internal/cli

picture: build ## docs/terminal.svg, of a real run
	sh tools/picture.sh

clean:
	rm -rf rtcbench .bin tools/figures/node/node_modules web/node_modules
	cd web/dist && rm -f *.js *.html
