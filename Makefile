# A thin front for cli: every target installs the npm packages where they are missing or older than the lock file.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help up preview refresh kubeconfig nodes check host-keys down clean-cache test e2e e2e-vm lint charts-check bench
.NOTPARALLEL:

tsx := @node_modules/.bin/tsx
packages := node_modules/.package-lock.json
export STACK CHARTS JSON CHECK_IMAGE GONE COLD

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{ printf "  make %-13s %s\n", $$1, $$2 }' Makefile
	@echo "STACK=lab|local|metal picks the stack. What else a command takes: npm run COMMAND -- --help"

up: $(packages) ## build the cluster, or bring it to what the settings say
	$(tsx) cli/up.ts

preview: $(packages) ## show what `make up` would change
	$(tsx) cli/preview.ts

refresh: $(packages) ## read the facts of the hosts, and record what differs from the state
	$(tsx) cli/refresh.ts

kubeconfig: $(packages) ## print the kubeconfig (a secret: make -s kubeconfig > file, mode 0600)
	$(tsx) cli/kubeconfig.ts

nodes: $(packages) ## show the nodes of the cluster
	$(tsx) cli/nodes.ts

check: $(packages) ## check whether the running cluster is healthy, and say what to do
	$(tsx) cli/check.ts

host-keys: $(packages) ## print the host keys of a metal inventory, to compare and paste
	$(tsx) cli/host-keys.ts

down: $(packages) ## remove the cluster, its machines, and what `make up` made
	$(tsx) cli/down.ts

clean-cache: $(packages) ## remove what was built and kept for the next `make up`
	$(tsx) cli/clean-cache.ts

test: $(packages) ## types, rules, and every tier of tests but the cluster's
	$(tsx) test/run.ts

e2e: $(packages) ## the cluster's tests, on a cluster of their own
	$(tsx) test/run.ts cluster

e2e-vm: $(packages) ## tests on machines with a kernel of their own (QEMU): faults, and a cluster where KVM works
	$(tsx) test/run.ts e2e-vm

lint: $(packages) ## types, rules and layout of the sources alone
	$(tsx) test/run.ts lint

charts-check: $(packages) ## render every pinned chart with the values of each stack
	$(tsx) cli/charts-check.ts

bench: $(packages) ## measure the times and sizes that have a budget
	$(tsx) test/bench/bench.ts

$(packages): package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20.12 or newer (https://nodejs.org)" >&2; exit 1; }
	@echo "· npm packages …" >&2
	@npm ci --no-progress --loglevel=error
	@touch $@
