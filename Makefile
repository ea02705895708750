# EdgeHFN: `make` or `make help` lists what there is.

PYTHON := .venv/bin/python
EDGEHFN := .venv/bin/edgehfn
READY := .venv/.ready
DEMO := runs/demo/demo.hfn
C_SOURCES := $(shell find firmware -name '*.[ch]')
RUNTIME := $(shell find firmware/src -name '*.c')
INCLUDES := $(addprefix -I,firmware/include firmware/port tests/c/stub $(wildcard firmware/src/*))
WARNINGS := -std=c99 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -include firmware/port/mark.h
OBJECTIVES := HFN_NOTHING HFN_FEW_ROWS HFN_SMALL# the macros of hfn_config.h, and none of them

# One thread a process: the tests run in as many processes as there are cores.
ONE_THREAD := OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1

.DEFAULT_GOAL := help
.PHONY: help setup demo test quick check analyse format size-table bench coverage ablation graphs accuracy zoo-check budget fuzz docs wheel sdist clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## install what is missing: .venv, compilers, emulator, Fashion-MNIST
	@echo "Ready: $(EDGEHFN) --help"

$(READY): scripts/setup.sh pyproject.toml requirements-tested.txt
	@bash scripts/setup.sh

demo: $(READY) ## train, calibrate, compile and run a net on an emulated Cortex-M4; one table
	@$(EDGEHFN) demo -o runs/demo

test: $(READY) ## all tests; T=tests/cli for some
	$(ONE_THREAD) $(PYTHON) -m pytest -q -n auto --dist worksteal $(T)

quick: $(READY) ## the tests that are neither slow nor on an emulated core (a minute and a half)
	$(ONE_THREAD) $(PYTHON) -m pytest -q -n auto --dist worksteal -m "not slow and not qemu" $(T)

check: $(READY) ## ruff, mypy, clang-format, import contracts, links between documents, and analyse
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/clang-format --dry-run -Werror $(C_SOURCES)
	.venv/bin/lint-imports
	$(PYTHON) -m scripts.docs.links
	@$(MAKE) --no-print-directory analyse

# GCC's analyser follows calls itself. At -O2 it sees parts of structs that inlining has torn apart, and takes what is
# set for unset; so it runs at -O0, and the warnings that need the optimiser at -O2. tests/c/test_bare_metal.py optimises for cores.
analyse: ## GCC's static analyser and all warnings over the C of firmware, for each objective (seconds)
	@set -e; if command -v gcc > /dev/null; then \
		for macro in $(OBJECTIVES); do for level in "-O0 -fanalyzer" -O2; do \
			printf '%s\n' $(RUNTIME) firmware/port/*.c firmware/port/qemu/count.c | xargs -P $$(nproc) -I FILE \
				gcc $$level $(WARNINGS) -D$$macro=1 $(INCLUDES) -c FILE -o /dev/null; \
		done; done; \
	else echo "analyse: gcc is not installed, skipped"; fi
	@set -e; if command -v arm-none-eabi-gcc > /dev/null; then \
		for macro in $(OBJECTIVES); do for core in cortex-m0 cortex-m4 "cortex-m55 -mfloat-abi=hard"; do \
			arm-none-eabi-gcc -mthumb -mcpu=$$core $(WARNINGS) -D$$macro=1 $(INCLUDES) -fsyntax-only \
				$(RUNTIME) $(filter-out firmware/port/host.c,$(wildcard firmware/port/*.c)) firmware/port/qemu/s*.c; \
		done; done; \
	else echo "analyse: arm-none-eabi-gcc is not installed, skipped"; fi

format: $(READY) ## let ruff and clang-format lay out every file
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	.venv/bin/clang-format -i $(C_SOURCES)

size-table: $(READY) $(DEMO) ## flash, RAM and instructions of the demo net on every core
	@for core in cortex-m0 cortex-m0plus cortex-m3 cortex-m4 cortex-m7 cortex-m33 cortex-m55 rv32imc rv32imc-zbb rv32ec; do \
		$(EDGEHFN) size $(DEMO) --target $$core; done

bench: $(READY) ## instructions, bytes and images/s beside other kernels, into docs/BENCH.md (minutes)
	@$(ONE_THREAD) $(PYTHON) -m benchmarks.kernels

coverage: $(READY) ## lines of the runtime's C that the tests execute, into docs/COVERAGE.md (minutes)
	@$(ONE_THREAD) $(PYTHON) -m benchmarks.kernels.coverage

ablation: $(READY) ## train variations of a small net, into docs/ABLATION.md (hours; goes on where it stopped)
	@$(ONE_THREAD) $(PYTHON) -m benchmarks.accuracy.ablation

graphs: $(READY) ## accuracy and bytes of graph nets, five seeds, into docs/GRAPHS.md (half an hour)
	@$(ONE_THREAD) $(PYTHON) -m benchmarks.accuracy.gnn

accuracy: $(READY) ## masks beside weights of 8 to 1 bits at equal bytes, and a search, into docs/ACCURACY.md (hours)
	@$(ONE_THREAD) $(PYTHON) -m benchmarks.accuracy.compare

zoo-check: $(READY) ## the zoo's models on their whole test sets, and every byte of them on every core (minutes)
	@$(ONE_THREAD) $(PYTHON) -m benchmarks.accuracy.zoo

budget: | $(READY) ## after a kernel changed or came: allowed costs, and fitted costs of what changed; F="hfn_a hfn_b" for some
	@$(ONE_THREAD) $(PYTHON) -m benchmarks.kernels.budget $(F)
	@$(ONE_THREAD) $(PYTHON) -m edgehfn.cost.refit $(F)

MINUTES := 5
fuzz: $(READY) ## random graphs, damaged files, kills, full disks and flipped bits for MINUTES=5; KIND="graphs,files" for some
	@PYTHONPATH=tests:. $(ONE_THREAD) $(PYTHON) -m scripts.fuzz --minutes $(MINUTES) $(if $(KIND),--kind $(KIND)) $(if $(SEED),--seed $(SEED))

$(DEMO): | $(READY)
	@$(EDGEHFN) demo -o $(@D)

docs: $(READY) ## build the site, which must have neither warnings nor dead links, into site/
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --quiet --strict
	@echo "site/index.html; with its search: $(PYTHON) -m http.server --directory site"

wheel: $(READY) ## build dist/edgehfn-*.whl
	$(PYTHON) -m hatchling build -t wheel

sdist: $(READY) ## build dist/edgehfn-*.tar.gz: sources, firmware, tests and documents
	$(PYTHON) -m hatchling build -t sdist

clean: ## remove what was built, but neither .venv nor the trainings of hours in runs
	rm -rf build dist site $(dir $(DEMO)) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
