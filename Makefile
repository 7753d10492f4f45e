# rtcbench. `make test` is all that CI does.

# On macOS the embedded LiveKit server needs cgo; everywhere else nothing of ours does.
CGO := $(if $(filter Darwin,$(shell uname -s)),1,0)
COMMIT := $(shell git rev-parse HEAD 2>/dev/null)
LDFLAGS := -s -w $(if $(COMMIT),-X rtcbench/internal/cli.commit=$(COMMIT))
CROSSVET := $(CURDIR)/.bin/crossvet

.PHONY: build test test-long bench picture vet tools fuzz clean

build: ## the complete binary, ./rtcbench
	CGO_ENABLED=$(CGO) go build -trimpath -ldflags '$(LDFLAGS)' -o rtcbench .

test: tools vet ## everything that a change has to pass
	go test -race -vet=all -timeout 10m ./...
	go test -run Allocates ./bench

test-long: tools ## the same code with larger counts, and fuzzing
	RTCBENCH_LONG=1 go test -race -timeout 30m ./...
	$(MAKE) fuzz FUZZTIME=5m

FUZZTIME ?= 1m
fuzz:
	go test -run xxx -fuzz FuzzDecodePong -fuzztime $(FUZZTIME) ./bench

vet: ## format, and go vet's analyzers for the systems that this is not
	@test -z "$$(gofmt -l .)" || { echo "not formatted:"; gofmt -l .; exit 1; }
	@mkdir -p .bin && go build -o $(CROSSVET) ./tools/crossvet
	GOOS=darwin CGO_ENABLED=0 $(CROSSVET) ./...
	GOOS=windows CGO_ENABLED=0 $(CROSSVET) ./...

tools: ## what the tests need and a fresh machine may lack
	@sh tools/install.sh

bench: build ## the figures that README promises, as a table
	cd tools/figures/node && npm ci --no-audit --no-fund
	go run ./tools/figures

picture: build ## docs/terminal.svg, of a real run
	sh tools/picture.sh

clean:
	rm -rf rtcbench .bin tools/figures/node/node_modules
