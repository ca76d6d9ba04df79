# make audit   set up, audit data/anning and data/monaco, print both headlines, write out/
# make test    set up, run all tests
# make check   lint, types, import contracts
# make fuzz    ask the service 200 examples an operation and 100,000 odd bodies (about 15 minutes)
# make bench   measure against other libraries, write docs/benchmarks.md (about 20 minutes)
# make docs    build the documentation site into out/site, warnings are errors
# make wheelhouse  fill out/wheelhouse for machines without internet
# make lock    renew the locked dependencies (needs uv)

PYTHON ?= $(shell for one in python3 python3.13 python3.12 python3.11; do \
	$$one -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$one && break; done)
VENV := .venv
BIN := $(VENV)/bin
WORKERS := --numprocesses=auto --dist=worksteal
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: audit test check floor fuzz bench docs wheelhouse airgap lock clean

audit: $(VENV)/run.stamp
	$(BIN)/geoplan audit data/anning --out out/anning
	$(BIN)/geoplan audit data/monaco --out out/monaco

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest $(WORKERS)
	$(BIN)/python -m pytest $(WORKERS) --nbmake --nbmake-timeout=300 notebooks

check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# the oldest versions that pyproject.toml admits must work too; left out is what hangs on none of them: what a browser
# makes of a page, and long proofs about arrays
PROOFS := planning/test_split_from_costs.py planning/test_siting_from_costs.py planning/test_siting_engines.py \
	planning/test_cut_bound.py analysis/test_causes.py
floor: $(VENV)-floor/floor.stamp
	$(VENV)-floor/bin/python -m pytest -q $(WORKERS) $(addprefix --ignore=tests/,browser bench $(PROOFS))

# everything that an office machine needs, to be carried there: docs/how-to/air-gapped.md
wheelhouse: $(VENV)/run.stamp
	rm -rf out/wheelhouse
	$(PIP) download --require-hashes --only-binary :all: -r requirements/run.txt -d out/wheelhouse
	$(PIP) wheel --no-deps --no-build-isolation -w out/wheelhouse .
	cp -r data/monaco requirements/run.txt out/wheelhouse/

# executes the notebooks for it; GEOPLAN_DOCS_EXECUTE=false leaves their output out
docs: $(VENV)/dev.stamp
	GEOPLAN_DOCS_EXECUTE=$${GEOPLAN_DOCS_EXECUTE:-true} $(BIN)/mkdocs build --strict

# installs from it into an empty environment and draws a map, with the network taken away
airgap: wheelhouse
	bash .ci/airgap $(BIN)/python out/wheelhouse out/airgap

fuzz: $(VENV)/dev.stamp
	GEOPLAN_FUZZ_EXAMPLES=200 GEOPLAN_FUZZ_BODIES=100000 $(BIN)/python -m pytest -q tests/api/test_openapi.py tests/api/test_fuzz.py

# one case alone: .venv-bench/bin/python -m bench.run --case a --size 100k --rounds 5
bench: $(VENV)-bench/bench.stamp
	$(VENV)-bench/bin/python -m bench.run

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "geoplan needs Python 3.11 or newer: apt-get install python3 python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); apt-get install -y python3-venv && $(PYTHON) -m venv $(VENV); }

$(VENV)/run.stamp: requirements/run.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/dev.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/run.stamp

FLOOR_PYTHON ?= $(shell command -v python3.11 || echo $(PYTHON))

$(VENV)-floor/floor.stamp: requirements/floor.txt pyproject.toml
	$(FLOOR_PYTHON) -m venv $(VENV)-floor
	$(VENV)-floor/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/floor.txt
	$(VENV)-floor/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)-bench/bench.stamp: requirements/bench.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m venv $(VENV)-bench
	$(VENV)-bench/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/bench.txt
	$(VENV)-bench/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation -e .
	@touch $@

EXTRAS := --extra osm --extra parquet --extra osmnx --extra dem --extra figures --extra docx --extra pdf --extra api
LOCK := uv pip compile pyproject.toml requirements/build.in --python-version 3.11 --generate-hashes --no-header --quiet

lock:
	$(LOCK) --universal --extra osm --extra parquet --extra docx --extra pdf --extra api -o requirements/run.txt
	$(LOCK) --universal $(EXTRAS) --group dev --group docs -o requirements/dev.txt
	$(LOCK) --universal --extra osm --group bench -o requirements/bench.txt
	$(LOCK) --resolution lowest-direct $(EXTRAS) --group dev -o requirements/floor.txt

clean:
	rm -rf $(VENV) $(VENV)-floor $(VENV)-bench out
