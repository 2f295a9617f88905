# FerroWARP: every task of the repository. `make` alone lists them.
#
# Variables: PRESET (preset name or path of a .toml file), OUT (folder for Verilog), MUTANTS (options of `make mutants`:
# --only NAME, --list, --jobs N, --no-build).

PRESET ?= dc-100g
OUT ?= build/verilog/$(notdir $(basename $(PRESET)))
CARGO ?= cargo
FERROWARP := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)/release/ferrowarp
STAMP := build/setup.stamp
TRACES := testbench/traces

.PHONY: help setup setup-timing release demo test mutants verilog bench results timing formal lint fmt clean
.DEFAULT_GOAL := help

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  PRESET=$(PRESET)   one of: ecp5-versa ecp5-1g dc-25g dc-100g, or a .toml file"

setup: ## Install what is missing: Verilator, a C++ compiler, zlib (apt)
	@scripts/setup.sh
	@mkdir -p build && touch $(STAMP)

$(STAMP): scripts/setup.sh
	@scripts/setup.sh
	@mkdir -p build && touch $@

setup-timing: $(STAMP) ## Install what `make timing` needs, into build/venv (pip)
	@scripts/setup-python.sh timing

release: $(STAMP)
	@scripts/with-clock.sh compiling $(CARGO) build --release --bin ferrowarp

demo: release ## Replay two captures of real Linux traffic through the 100G chip
	@FERROWARP=$(FERROWARP) TRACES=$(TRACES) scripts/demo.sh

test: $(STAMP) ## All tests
	@CARGO="$(CARGO)" scripts/test.sh

mutants: $(STAMP) ## Inject bugs into the emitted chip, one at a time: the tests must catch each
	@scripts/setup.sh --python
	@CARGO="$(CARGO)" scripts/with-clock.sh mutants python3 testbench/mutants.py $(MUTANTS)

verilog: release ## Emit the chip as Verilog: make verilog PRESET=dc-25g OUT=dir
	@$(FERROWARP) emit --preset $(PRESET) -o $(OUT)

bench: release ## Measure latency, goodput and speed against their budgets; writes build/bench.json
	@$(FERROWARP) bench --json build/bench.json

results: release ## As bench, and write docs/results.md, with what the last `make mutants` and `make timing` left
	@$(FERROWARP) bench --json build/bench.json --page docs/results.md

timing: setup-timing ## Place and route for the ECP5: Fmax and area per module
	@scripts/with-clock.sh timing build/venv/bin/python timing/run.py

formal: $(STAMP) ## Prove the primitives and the table servers by induction, refute their mutants
	@scripts/setup-python.sh formal
	@build/venv/bin/python formal/run.py

lint: $(STAMP) ## rustfmt, clippy, and verilator -Wall over every preset
	@scripts/with-clock.sh fmt $(CARGO) fmt --all --check
	@scripts/with-clock.sh clippy $(CARGO) clippy --workspace --all-targets -- -D warnings
	@scripts/with-clock.sh "verilator -Wall" $(CARGO) test --test presets

fmt: ## Format all Rust
	$(CARGO) fmt --all

clean: ## Remove everything built
	$(CARGO) clean
	rm -rf build
