# EdgeHFN: `make` or `make help` lists what there is.

PYTHON := .venv/bin/python
EDGEHFN := .venv/bin/edgehfn
READY := .venv/.ready
DEMO := runs/demo/demo.hfn
C_SOURCES := $(shell find firmware -name '*.[ch]')

# One thread a process: the tests run in as many processes as there are cores.
ONE_THREAD := OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format size-table bench ablation graphs accuracy zoo-check budget docs wheel sdist clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## install what is missing: .venv, compilers, emulator, Fashion-MNIST
	@echo "Ready: $(EDGEHFN) --help"

$(READY): scripts/setup.sh pyproject.toml requirements-tested.txt
	@bash scripts/setup.sh

demo: $(READY) ## train, calibrate, compile and run a net on an emulated Cortex-M4; one table
	@$(EDGEHFN) demo -o runs/demo

test: $(READY) ## all tests; T=tests/test_cli.py for some
	$(ONE_THREAD) $(PYTHON) -m pytest -q -n auto --dist worksteal $(T)

check: $(READY) ## ruff, mypy, clang-format, import contracts, links between documents
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/clang-format --dry-run -Werror $(C_SOURCES)
	.venv/bin/lint-imports
	$(PYTHON) -m scripts.docs.links

format: $(READY) ## let ruff and clang-format lay out every file
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	.venv/bin/clang-format -i $(C_SOURCES)

size-table: $(READY) $(DEMO) ## flash, RAM and instructions of the demo net on every core
	@for core in cortex-m0 cortex-m0plus cortex-m3 cortex-m4 cortex-m7 cortex-m33 cortex-m55; do \
		$(EDGEHFN) size $(DEMO) --target $$core; done

bench: $(READY) ## instructions, bytes and images/s beside other kernels, into docs/BENCH.md (minutes)
	@$(ONE_THREAD) $(PYTHON) -m benchmarks.kernels

ablation: $(READY) ## train variations of a small net, into docs/ABLATION.md (hours; goes on where it stopped)
	@$(ONE_THREAD) $(PYTHON) -m benchmarks.accuracy.ablation

graphs: $(READY) ## accuracy and bytes of graph nets, five seeds, into docs/GRAPHS.md (half an hour)
	@$(ONE_THREAD) $(PYTHON) -m benchmarks.accuracy.gnn

accuracy: $(READY) ## masks beside weights of 8 to 1 bits at equal bytes, and a search, into docs/ACCURACY.md (hours)
	@$(ONE_THREAD) $(PYTHON) -m benchmarks.accuracy.compare

zoo-check: $(READY) ## the zoo's models on their whole test sets, and every byte of them on every core (minutes)
	@$(ONE_THREAD) $(PYTHON) -m benchmarks.accuracy.zoo

budget: $(READY) ## after a kernel changed: allowed costs (tests/budget.csv), fitted costs (edgehfn/cost/*.csv)
	@$(ONE_THREAD) $(PYTHON) -m benchmarks.kernels.budget
	@$(ONE_THREAD) $(PYTHON) -m edgehfn.cost.measure_code
	@$(ONE_THREAD) $(PYTHON) -m edgehfn.cost.fit

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
