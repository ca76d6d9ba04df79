"""The ledger against a run of the whole check on the study with each fix made."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import geoplan
from geoplan.analysis.counterfactual import closed_gates
from geoplan.analysis.reach import combine_verdicts
from geoplan.errors import DataError, PlanningError
from geoplan.model.fix_tables import FIX_KINDS
from geoplan.planning.compare import compare
from geoplan.planning.edits import OpenGate
from geoplan.planning.fix_gates import gates_that_matter
from geoplan.planning.fix_walks import Today
from geoplan.planning.fixes import rank_fixes
from geoplan.planning.scenarios import Scenario, apply_scenario, parse_scenario
from tests.cities import CRS, ORIGIN, demanding, random_study

STANDARD = demanding(geoplan.load_standard("default"))
SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=8)


def city(seed):
    """Return a random city with communities and premises, more gates, and some counts not known."""
    study = random_study(seed)
    rng = np.random.default_rng(seed)
    count = len(study.streets)
    gates = pd.Series(rng.choice(["closed", "open"], count, p=[0.3, 0.7]), index=study.streets.index)
    homes = study.residences.copy()
    homes.loc[homes.index[0], "households"] = pd.NA
    homes["elderly_persons"] = pd.array(rng.integers(0, 9, len(homes)), dtype="Int64")
    west = homes.geometry.x < ORIGIN[0] + 300
    homes["community_id"] = pd.Series(np.where(west, "w", "e"), index=homes.index)
    east, west = (shapely.box(x, ORIGIN[1] - 400, x + 500, ORIGIN[1] + 1200) for x in (ORIGIN[0] + 300, ORIGIN[0] - 200))
    ids = pd.Index(["e", "w"], dtype="str", name="community_id")
    communities = gpd.GeoDataFrame(
        {"households": pd.array([int(rng.integers(100, 2500)), 900], dtype="Int64")},
        geometry=[east, west], index=ids, crs=CRS,
    )  # fmt: skip
    premises = gpd.GeoDataFrame(
        {"community_id": ["e", "e", "w", "w"], "floor_area_m2": [*rng.choice([80.5, 299.0, 300.0, 2100.0], 3), 150.0 if seed % 3 else np.nan]},
        geometry=[shapely.Point(ORIGIN[0] + 350, ORIGIN[1] + 200), None, shapely.Point(ORIGIN[0] + 100, ORIGIN[1] + 300), None],
        index=pd.Index(["p1", "p2", "p3", "p4"], dtype="str", name="premises_id"), crs=CRS,
    )  # fmt: skip
    return dataclasses.replace(
        study, streets=study.streets.assign(gate=gates), residences=homes, communities=communities, premises=premises
    )


def covered(study, standard=STANDARD):
    return geoplan.coverage(geoplan.walk_network(study), study, standard)


def ledger_of(study, standard=STANDARD, **options):
    return rank_fixes(geoplan.walk_network(study), study, standard, **options)


def same_as_a_run(study, standard, ledger, today):
    """Hold every fix that changes walks against the whole check on the study with its scenario."""
    for fix_id, fix in ledger.fixes[ledger.fixes["fix_kind"] != "premises"].iterrows():
        scenario = parse_scenario(fix["edit"], fix_id)
        assert scenario == ledger.scenarios[fix_id]
        found = compare(today, covered(*apply_scenario(study, standard, scenario))).changes
        columns = ["service", "change", "verdict_before", "verdict_after", "minutes_before", "minutes_after"]
        said = ledger.changes[ledger.changes["fix_id"] == fix_id].rename(columns={"id": "residence_id"})
        one, other = (
            pd.DataFrame(table)[["residence_id", *columns]].astype(object).where(lambda rows: rows.notna(), None)
            .sort_values(["service", "residence_id"]).to_numpy().tolist()
            for table in (found, said)
        )  # fmt: skip
        assert one == other, fix_id
        gains = found[(found["change"] == "gain") & (found["service"] != "all_five")]
        newly = gains[gains["verdict_before"] == "fail"].drop_duplicates("residence_id")
        assert fix["residences_gained"] == len(newly)
        assert sorted(filter(None, fix["residence_ids"].split(","))) == sorted(newly["residence_id"])
        known = newly["households"].dropna()
        assert (0 if pd.isna(fix["households_gained"]) else fix["households_gained"]) == known.sum()
        every = found[(found["service"] == "all_five") & (found["change"] == "gain") & (found["verdict_before"] == "fail")]
        assert (0 if pd.isna(fix["households_all_five"]) else fix["households_all_five"]) == every["households"].sum()
        losses = found[(found["change"] == "loss") & (found["service"] != "all_five")]
        assert fix["residences_lost"] == losses["residence_id"].nunique()


@FEW
@given(seed=SEEDS)
def test_every_fix_says_what_the_whole_check_says_of_its_scenario(seed):
    study = city(seed)
    ledger = ledger_of(study, limit=3)
    same_as_a_run(study, STANDARD, ledger, covered(study))
