# Every check and every build runs from here, on a laptop as on a build machine.

SHELL := /bin/bash

# go.mod names the Go to build with, to the patch. An older one is replaced by it, not used.
export GOTOOLCHAIN := $(shell sed -n 's/^toolchain //p' go.mod)

# Tools are pinned here: in go.mod they would drag their dependencies into ours.
GOFUMPT     := go run mvdan.cc/gofumpt@v0.12.0
GOLANGCI    := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK := go run golang.org/x/vuln/cmd/govulncheck@v1.9.0
ACTIONLINT  := go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
CYCLONEDX   := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
NFPM        := github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2

# What --version says, from Git. A source archive has none: make VERSION=v1.2.0. The length is
# fixed because Git abbreviates a commit more in a smaller clone.
VERSION := $(shell git describe --tags --always --abbrev=12 --dirty 2>/dev/null)
COMMIT  := $(shell git rev-parse HEAD 2>/dev/null)

# Whoever may push a tag chooses VERSION. So recipes get it in the environment, as no part of a
# command, and stamp checks it before it becomes a flag of the linker.
export VERSION COMMIT
define stamp
set -euo pipefail; for v in "$$VERSION" "$$COMMIT"; do if [[ "$$v" =~ [^A-Za-z0-9._+-] ]]; then \
	printf 'VERSION and COMMIT are letters, digits and ._+- only, not %q\n' "$$v" >&2; exit 2; fi; done; \
stamp="$${VERSION:+-X main.version=$$VERSION }$${COMMIT:+-X main.commit=$$COMMIT}"
endef

# What make dist builds for. The settings of whoever builds must not change the bytes.
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
DISTENV   := CGO_ENABLED=0 GOFLAGS= GOEXPERIMENT= GOFIPS140=off GOAMD64=v1 GOARM64=v8.0

# Long enough for a steady number of a small benchmark; one that takes longer runs once.
export BENCHTIME ?= 500ms
# For each fuzz target: a duration, or a number of inputs as 5000x.
export FUZZTIME ?= 20s

.PHONY: all build dist try-packages test check conform recipes kubernetes crash wine bench fuzz lint vuln fmt clean

all: check build

# Without -buildvcs=false a checkout that git doesn't trust, or one without a commit, can't be built.
build:
	@$(stamp); set -x; CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "$$stamp" -o oktareset .

# The same commit gives the same files, on any machine and in any folder. Beside each binary lies the
# list of what is in it (an SBOM in CycloneDX's JSON), and in licences/ the licences of all of that.
# Linux gets a deb and an rpm, too. SIGNING_KEY=FILE, a key of SSH, signs the sums. MAINTAINER="NAME
# <MAIL>" is who hands out the packages. The certificates of authorities are this machine's; only
# the container's image needs them.
export SOURCE_DATE_EPOCH ?= $(or $(shell git log -1 --format=%ct 2>/dev/null),0)
export MAINTAINER SIGNING_KEY
dist:
	rm -rf dist
	mkdir -p dist/tools
	@$(stamp); for tool in $(CYCLONEDX) $(NFPM); do GOBIN="$$PWD/dist/tools" go install -trimpath $$tool; done; for p in $(PLATFORMS); do \
		export GOOS=$${p%/*} GOARCH=$${p#*/}; \
		file=dist/oktareset-$$GOOS-$$GOARCH; bin=$$file; [ $$GOOS != windows ] || bin=$$file.exe; echo "build $$bin"; \
		env $(DISTENV) go build -trimpath -buildvcs=false -ldflags "-s -w -buildid= $$stamp" -o $$bin .; \
		dist/tools/cyclonedx-gomod bin -json -std -noserial -notimestamp -version "$$VERSION" -output $$file.cdx.json $$bin; \
	done
	@$(stamp); run() { GOOS= GOARCH= go run -trimpath -buildvcs=false -ldflags "$$stamp" . "$$@"; }; \
	run man >dist/oktareset.1; for shell in bash zsh fish; do run completion $$shell >dist/tools/completion.$$shell; done
	mkdir dist/help
	cp runner/command/help/*.md dist/help
	sed -f .ci/readme.sed README.md >dist/README.md
	cp testdata/users.csv dist
	.ci/licences dist/licences
	@set -euo pipefail; for p in $(filter linux/%,$(PLATFORMS)); do echo "package dist/oktareset-$${p%/*}-$${p#*/}"; .ci/package dist $${p#*/}; done
	rm -rf dist/tools
	cp "$${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" dist/ca-certificates.crt
	cd dist && sum=sha256sum && { command -v $$sum >/dev/null || sum='shasum -a 256'; } && \
	find * -type f | LC_ALL=C sort | xargs $$sum >../SHA256SUMS && mv ../SHA256SUMS .
	@if [ -n "$$SIGNING_KEY" ]; then set -x; ssh-keygen -Y sign -f "$$SIGNING_KEY" -n file dist/SHA256SUMS; fi

# Two builds have the same bytes, and the packages come and go cleanly. As root, with dpkg and rpm.
# It builds elsewhere: dist stays as it is.
try-packages:
	.ci/try-packages

# The race detector waits for a second at the end of each process, and the scripts start thousands.
# They wait more than they work, so four of them run at a time, even on two cores. The package that
# takes longest begins first.
test: export GORACE ?= atexit_sleep_ms=10
test:
	go test -race -shuffle=on -count=1 -parallel 4 -timeout 20m ./runner/command ./...

check: lint test

# The linter vets what ./... matches, which is nothing in testdata.
lint: vuln
	@echo '$(GOFUMPT) -l .'
	@set -euo pipefail; files=$$($(GOFUMPT) -l .); \
	if [ -n "$$files" ]; then printf 'not formatted, run "make fmt":\n%s\n' "$$files" >&2; exit 1; fi
	go mod tidy -diff
	go vet ./testdata/{certificate,logevent,mailserver,ontty,relay,scripting} ./testdata/recipes/machine/org
	$(GOLANGCI) run --build-tags simulation,wine ./...
	$(ACTIONLINT) -no-color testdata/recipes/actions/*.yaml

# Fails when a vulnerability is known that the program can run into. The database is the newest that
# the module proxy has; where it can't be had, that is a failure, too.
VULNDB := golang.org/x/vulndb@latest
vuln:
	@set -euo pipefail; db=$$(mktemp -d); trap 'rm -rf "$$db"' EXIT; \
	json=$$(go mod download -json $(VULNDB)); \
	read -r version folder < <(awk -F'"' '$$2 == "Version" { v = $$4 } $$2 == "Dir" { print v, $$4 }' <<<"$$json"); \
	echo "vulnerabilities as of $$version"; \
	go run golang.org/x/vulndb/cmd/indexdb@"$$version" -vulns "$$folder/data/osv" -out "$$db"; \
	$(GOVULNCHECK) -db "file://$$db" ./...

fmt:
	$(GOFUMPT) -l -w .

# Okta's API description and Okta's SDKs for Go and Node judge the stand-in org and what the program
# sends. Their versions are in the module of that folder, and npm installs the SDK for Node.
# OKTA_OPENAPI=FILE: another edition of the description judges as well.
conform: build
	go test -C oktaclient/standin/conform -count=1 -v -parallel 3 -timeout 10m .

# The recipe for Kubernetes, where Kubernetes decides: its control plane is built from its modules
# once, which takes twenty minutes on two cores, and stays beside Go's build cache.
KUBERNETES_TEST := testdata/recipes/kubernetes
kubernetes: export KUBERNETES_BIN ?= $(shell go env GOCACHE)/../oktareset-kubernetes
kubernetes:
	@if ! unshare --mount --net --pid --fork true 2>/dev/null; then \
		echo 'make kubernetes: skipped: it needs Linux, root, and the right to make namespaces'; exit; fi; \
	set -ex; $(MAKE) build; export CGO_ENABLED=0; \
	go build -C $(KUBERNETES_TEST) -trimpath -ldflags '-s -w' -o "$$KUBERNETES_BIN/" tool; \
	go test -C $(KUBERNETES_TEST) -trimpath -count=1 -v -parallel 20 -timeout 30m .

# The recipes for systemd, cron and podman, with what make dist builds, in a Debian that is built with
# debootstrap and booted in qemu. A quarter of an hour, as root. RECIPES_DIR keeps that Debian.
recipes: export RECIPES_DIR ?= /var/cache/oktareset-recipes
recipes:
	testdata/recipes/machine/run

# The long form of a test that test runs in short: kills, stops and retries under every fault, then as many resumes as it takes. Half an hour.
export CRASH_ROUNDS ?= 60
export CRASH_USERS ?= 2500
crash:
	go test -run '^TestCrash$$' -count=1 -v -timeout 60m ./runner/command -crash.rounds="$$CRASH_ROUNDS" -crash.users="$$CRASH_USERS" -crash.wait

# The program for Windows under wine: the whole main job, with Ctrl-C and a kill. Two minutes.
wine:
	@if ! command -v wine >/dev/null; then echo 'make wine: skipped, as wine is not installed'; exit 0; fi; \
	set -x; go test -tags wine -run '^TestWine$$' -count=1 -v -timeout 20m ./runner/command

# Days of virtual time against the stand-in org, then the table of goals. They take minutes: a build tag keeps all but a few out of test.
bench:
	go test -tags simulation -run '^TestSimulation$$' -count=1 -v -timeout 10m ./runner/command -sim.full
	go test -tags simulation -run '^$$' -bench . -benchmem -benchtime "$$BENCHTIME" -timeout 10m ./...

# go test takes one fuzz target a call. An input that fails is kept under testdata/fuzz: commit it with the fix.
fuzz:
	@set -euo pipefail; list=$$(go test -list '^Fuzz' ./...); \
	awk '/^Fuzz/ { names[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print $$2, names[i]; n = 0 }' <<<"$$list" | \
	while read -r package name; do \
		echo "fuzz $$package $$name, $$FUZZTIME"; \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime "$$FUZZTIME" -fuzzminimizetime 3x "$$package" </dev/null; \
	done

clean:
	rm -rf oktareset dist
