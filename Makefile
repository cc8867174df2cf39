# Targets of ipvs-proxier. "make" or "make help" lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
results := .cache/test-results
lab := node test/lab/lab.ts run
sources := src test native-bindings .build

# The goals after "lab" or "demo" are that target's arguments:  make lab -- ipvsadm -Ln
# Words with spaces in them need ARGS:  make lab ARGS="sh -c 'ip addr; ip rule'"
passing := $(filter lab demo,$(firstword $(MAKECMDGOALS)))
ifneq ($(passing),)
MAKEFLAGS += --silent
arguments := $(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS))
quoted := $(foreach word,$(arguments),'$(subst ','\'',$(word))')
export LAB_ARGUMENTS := $(arguments)$(ARGS)
%: force ; @:
force: ;
Makefile: ;
endif

ifeq ($(passing),)
.PHONY: help
help: ## list the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1\t\2/p' Makefile | while IFS=$$'\t' read -r target text; do \
	  printf '  %-12s %s\n' "$$target" "$$text"; done
endif

.PHONY: lab demo setup setup-packages setup-node setup-native setup-lab
.NOTPARALLEL:

setup: setup-packages setup-node setup-native setup-lab ## install what building and testing need; does nothing when it is there

setup-packages:
	@.build/setup-packages.sh

setup-node:
	@.build/setup-node.sh

setup-native: setup-node
	@command -v g++ >/dev/null || .build/setup-packages.sh
	@$(MAKE) -s -C native-bindings

setup-lab: setup-packages
	@.build/setup-lab.sh

ifeq ($(passing),)
.PHONY: build native clean test test-unit test-kernel test-demo test-lab parity lint fmt bench takeover chart image image-root image-check ci lab-kernel

build: setup-native ## bundle the programs into dist/
	@echo "==> building dist/"
	@node .build/bundle.ts

native: setup-native ## compile the addon for this machine

clean: ## remove what was built; keeps node_modules and the lab's kernel
	@rm -rf dist coverage $(results) .cache/jest
	@$(MAKE) -s -C native-bindings clean

test: setup ## all that a change must pass: lint, unit tests, the lab, kernel tests, the demo
	@node .build/test.ts

test-unit: setup-native dist/test/kube-config.cjs ## pure tests: unit, property, scenarios; no root, no kernel
	@mkdir -p $(results) && rm -f $(results)/unit.json
	@jest --ci --maxWorkers=100% --json --outputFile=$(results)/unit.json $(ARGS)

test-kernel: setup image-root ## tests on a real kernel, in the lab, of drivers and of the bundled program; with those of parity
	@mkdir -p $(results) && rm -f $(results)/lab.json
	@node test/lab/selftest/selftest.ts --quick --output $(results)/lab.json
	@node .build/test-kernel.ts -- $(ARGS)

test-demo: ## the tour of "make demo", with its checks counted
	@mkdir -p $(results) && rm -f $(results)/demo.json
	@$(MAKE) -s demo ARGS="--output $(results)/demo.json"

test-lab: setup ## every promise of the lab itself, checked from outside; test-kernel checks most
	@mkdir -p $(results) && rm -f $(results)/lab.json
	@node test/lab/selftest/selftest.ts --output $(results)/lab.json

parity: setup dist/test/kube-config.cjs ## our command line and drivers against the classic tools
	@$(lab) --timeout 1800 -- jest --ci --runInBand test/parity $(ARGS)

lint: setup-node ## types, lint rules, import directions, format, unused code
	@tsc -p .
	@oxlint --type-aware --quiet $(sources)
	@biome format $(sources) *.cjs *.json
	@knip

fmt: setup-node ## rewrite the style
	@biome format --write $(sources) *.cjs *.json

bench: setup ## ratios against C and bars, in the lab and outside; a smaller run: make bench ARGS=--quick
	@node .build/bundle.ts >/dev/null
	@node test/bench/bench.ts $(ARGS)

takeover: setup ## from kube-proxy to us and back in the lab, under traffic: nothing cut, nothing refused; with a table
	@node .build/bundle.ts >/dev/null
	@node test/takeover/takeover.ts $(ARGS)

chart: setup-node ## the chart: rendered by helm, compared with golden files and the Kubernetes API; UPDATE=1 rewrites them
	@jest --ci test/unit/charts $(ARGS)

image: setup-node ## the container image, with docker, podman or buildah; without them an archive: make image PLATFORMS="linux/amd64 linux/arm64"
	@.build/image/make-image.sh

image-root: build # the image's root file system, for the tests that run its programs in the lab
	@machine=$$(node -p process.arch) && node .build/image/assemble.ts --machine $$machine --packages / --output .cache/image/check \
	  --node node_modules/node-linux-$$machine/bin/node --node-license node_modules/node-linux-$$machine/LICENSE

image-check: setup image-root ## the image's programs, run in the lab on their own root file system; needs no engine
	@$(lab) --timeout 300 -- jest --ci --runInBand test/kernel/image $(ARGS)

ci: ## what CI runs
	@.ci/run

lab-kernel: setup-packages ## optional: a kernel of the lab's own, with time travel (about 15 CPU minutes)
	@test/lab/kernel/build.sh kernel

dist/test/kube-config.cjs: package-lock.json .build/bundle.ts .build/slim-client-node.ts | setup-node
	@node .build/bundle.ts --tests-only
endif

lab: setup ## run a command in the lab: make lab -- ipvsadm -Ln; without one, a shell
	@if [ -n "$${LAB_ARGUMENTS// }" ]; then $(lab) -- $(quoted) $(ARGS); else node test/lab/lab.ts shell; fi

demo: setup ## a two-minute tour that prints what it does: make demo, make demo ARGS=--keep
	@node .build/bundle.ts >/dev/null
	@node test/demo/demo.ts $(quoted) $(ARGS)
