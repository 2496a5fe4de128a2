# Go, git and make are enough. "make help" lists the targets.

.DEFAULT_GOAL := help
.PHONY: help demo test soak lint bench fuzz build

GO   ?= go
ADDR ?= 127.0.0.1:8080
DATA ?= demo-data
FUZZ ?= 60s
KITH ?= kith

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## run everything in one process, with invented families (ADDR=host:port DATA=folder)
	$(GO) run ./services/kith demo -addr $(ADDR) -data $(DATA)

test: ## check everything: lint, then all tests, the browser's too
	@sh .ci/test

soak: ## what make test does in small numbers, in full ones: faults, crashes, planted bugs
	@sh .ci/soak

lint: ## gofmt, vet, staticcheck, every case of every closed set
	@sh .ci/lint

bench: ## measure this machine: appends beside other stores, publish to receipt to visible, beside a flood, decoding, reads of the view, rebuild, start after kill -9
	$(GO) run ./services/kith bench append -json
	$(GO) run ./services/kith bench stream -json
	$(GO) run ./services/kith bench ingest -json -rate 0
	$(GO) run ./services/kith bench ingest -json -rate 500
	$(GO) run ./services/kith bench decode -json
	$(GO) run ./services/kith bench decide -json
	$(GO) run ./services/kith bench flood -json -rate 60
	$(GO) run ./services/kith bench view -json
	$(GO) run ./services/kith bench rebuild -json
	$(GO) run ./services/kith bench recover -json

fuzz: ## each fuzz test for a while (FUZZ=60s)
	@sh .ci/fuzz $(FUZZ)

build: ## a static binary, ./kith
	CGO_ENABLED=0 $(GO) build -trimpath -o $(KITH) ./services/kith
