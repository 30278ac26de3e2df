# Every check and every build runs from here, on a laptop as on a build machine.

SHELL := /bin/bash

# Tools are pinned here: in go.mod they would drag their dependencies into ours.
GOFUMPT  := go run mvdan.cc/gofumpt@v0.12.0
GOLANGCI := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# What --version tells. Of the commit, when there is one: a source archive gives make VERSION=v1.2.0. Git alone would abbreviate a commit more in a
# smaller clone.
VERSION := $(shell git describe --tags --always --abbrev=12 --dirty 2>/dev/null)
COMMIT  := $(shell git rev-parse HEAD 2>/dev/null)
STAMP   := $(if $(VERSION),-X main.version=$(VERSION)) $(if $(COMMIT),-X main.commit=$(COMMIT))

# What make dist builds for. The settings of whoever builds must not change the bytes.
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
DISTENV   := CGO_ENABLED=0 GOFLAGS= GOEXPERIMENT= GOFIPS140=off GOAMD64=v1 GOARM64=v8.0

# Long enough for a steady number of a small benchmark; one that takes longer runs once.
BENCHTIME ?= 500ms
# For each fuzz target: a duration, or a number of inputs as 5000x.
FUZZTIME ?= 20s

.PHONY: all build dist test check crash bench fuzz lint fmt clean

all: check build

# Without -buildvcs=false a checkout that git doesn't trust, or one without a commit, can't be built.
build:
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '$(STAMP)' -o oktareset .

# The same commit and the same version of Go give the same bytes, on any machine and in any folder.
dist:
	rm -rf dist
	mkdir dist
	@set -euo pipefail; for p in $(PLATFORMS); do \
		export GOOS=$${p%/*} GOARCH=$${p#*/}; \
		file=dist/oktareset-$$GOOS-$$GOARCH; [ $$GOOS != windows ] || file=$$file.exe; echo "build $$file"; \
		env $(DISTENV) go build -trimpath -buildvcs=false -ldflags '-s -w -buildid= $(STAMP)' -o $$file .; \
	done
	GOOS= GOARCH= go run -trimpath -buildvcs=false -ldflags '$(STAMP)' . man >dist/oktareset.1
	cd dist && if command -v sha256sum >/dev/null; then sha256sum oktareset*; else shasum -a 256 oktareset*; fi >SHA256SUMS

test:
	go test -race -shuffle=on -count=1 ./...

check: lint test

lint:
	@echo '$(GOFUMPT) -l .'
	@set -euo pipefail; files=$$($(GOFUMPT) -l .); \
	if [ -n "$$files" ]; then printf 'not formatted, run "make fmt":\n%s\n' "$$files" >&2; exit 1; fi
	go vet ./...
	$(GOLANGCI) run ./...

fmt:
	$(GOFUMPT) -l -w .

# The long form of a test that test runs in short: kills, stops and retries under every fault, then as many resumes as it takes. About ten minutes.
CRASH_ROUNDS ?= 60
CRASH_USERS ?= 2500
crash:
	go test -run '^TestCrash$$' -count=1 -v -timeout 60m ./runner/command -crash.rounds=$(CRASH_ROUNDS) -crash.users=$(CRASH_USERS) -crash.wait

# Days of virtual time against the stand-in org, then the table of goals. They take minutes: a build tag keeps all but a few out of test.
bench:
	go test -tags simulation -run '^TestSimulation$$' -count=1 -v -timeout 10m ./runner/command -sim.full
	go test -tags simulation -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) -timeout 10m ./...

# go test takes one fuzz target a call. An input that fails is kept under testdata/fuzz: commit it with the fix.
fuzz:
	@set -euo pipefail; list=$$(go test -list '^Fuzz' ./...); \
	awk '/^Fuzz/ { names[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print $$2, names[i]; n = 0 }' <<<"$$list" | \
	while read -r package name; do \
		echo "fuzz $$package $$name, $(FUZZTIME)"; \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 3x "$$package" </dev/null; \
	done

clean:
	rm -rf oktareset dist
