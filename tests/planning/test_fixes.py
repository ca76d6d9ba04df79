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
from geoplan.analysis.gap_places import find_gap_places
from geoplan.analysis.reach import combine_verdicts, place_on_network, reach_table
from geoplan.errors import DataError, PlanningError
from geoplan.model.result_tables import CENTRE_SERVICES
from geoplan.planning.compare import compare
from geoplan.planning.edits import AddCentre, AddLink, OpenGate
from geoplan.planning.fix_effects import People
from geoplan.planning.fix_gates import gates_that_matter
from geoplan.planning.fix_links import links_facing
from geoplan.planning.fix_places import best_spots, centre_variants, find_spots
from geoplan.planning.fix_walks import Today
from geoplan.planning.fixes import rank_fixes
from geoplan.planning.scenarios import Scenario, apply_scenario, parse_scenario
from tests.cities import CRS, ORIGIN, demanding, random_study
from tests.studies import X0, Y0, street_study

PACK = geoplan.load_standard("default")
STANDARD = demanding(PACK)
SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=4)


def city(seed):
    """Return a random city cut in two by a river, with premises, more gates, and a count not known."""
    study, rng = random_study(seed), np.random.default_rng(seed)
    river = study.barriers.geometry.iloc[0]
    streets = study.streets[~study.streets.crosses(river) | (rng.random(len(study.streets)) < 0.2)]
    gates = rng.choice(["closed", "open"], len(streets), p=[0.25, 0.75])
    streets = streets.assign(gate=pd.Series(gates, index=streets.index, dtype="str"))
    homes = study.residences.copy()
    homes.loc[homes.index[0], "households"] = pd.NA
    homes["elderly_persons"] = pd.array(rng.integers(0, 9, len(homes)), dtype="Int64")
    homes["community_id"] = pd.Series(np.where(homes.geometry.x < ORIGIN[0] + 300, "w", "e"), homes.index)
    x, y = ORIGIN
    east, west = (shapely.box(low, y - 400, low + 500, y + 1200) for low in (x + 300, x - 200))
    communities = gpd.GeoDataFrame(
        {"households": pd.array([int(rng.integers(100, 2500)), 900], dtype="Int64")}, geometry=[east, west],
        index=pd.Index(["e", "w"], dtype="str", name="community_id"), crs=CRS,
    )  # fmt: skip
    areas = [*rng.choice([80.5, 299.0, 300.0, 2100.0], 3), np.nan if seed % 3 == 0 else 150.0]
    premises = gpd.GeoDataFrame(
        {"community_id": ["e", "e", "w", "w"], "floor_area_m2": areas},
        geometry=[shapely.Point(x + 350, y + 200), None, shapely.Point(x + 100, y + 300), None],
        index=pd.Index(["p1", "p2", "p3", "p4"], dtype="str", name="premises_id"), crs=CRS,
    )  # fmt: skip
    return dataclasses.replace(
        study, streets=streets, residences=homes, communities=communities, premises=premises
    )


def checked(study, standard):
    """Return service -> (verdicts, minutes) of the whole check; all categories together without minutes."""
    network = geoplan.walk_network(study)
    places = place_on_network(network, study, standard)
    found = {}
    for service in [*(one.id for one in standard.categories), *CENTRE_SERVICES]:
        rows = reach_table(network, study, standard, places, service)
        found[service] = rows["verdict"].to_numpy(object), rows["minutes"].to_numpy()
    every = np.array([found[one.id][0] for one in standard.categories], dtype=object)
    found["all_five"] = combine_verdicts(every), np.full(len(study.residences), np.nan)
    return found


def todays(study, standard=STANDARD):
    network = geoplan.walk_network(study)
    return Today.of(network, study, standard, place_on_network(network, study, standard))


def ledger_of(study, standard=STANDARD, **options):
    return rank_fixes(geoplan.walk_network(study), study, standard, **options)


def differing(ids, before, after):
    """Return (residence, service, verdict and minutes before and after) of all that differs."""
    rows = []
    for service, (verdict, minutes) in after.items():
        old, was = before[service]
        apart = np.abs(np.nan_to_num(minutes, nan=1e9) - np.nan_to_num(was, nan=1e9)) > 0.01
        for at in np.flatnonzero((old != verdict) | apart):
            walks = [None if np.isnan(one[at]) else one[at] for one in (was, minutes)]
            rows.append([ids[at], service, old[at], verdict[at], *walks])
    return sorted(rows, key=lambda row: row[:2])


def said_of(ledger, fix_id):
    """Return the same of a fix of the ledger."""
    rows = ledger.changes[ledger.changes["fix_id"] == fix_id]
    columns = ["id", "service", "verdict_before", "verdict_after", "minutes_before", "minutes_after"]
    plain = rows[columns].astype(object)
    return sorted(plain.where(plain.notna(), None).to_numpy().tolist(), key=lambda row: row[:2])


def figures_are_of(fix, homes, rows):
    """Hold the sums of a fix against the rows that differ."""
    single = [row for row in rows if row[1] != "all_five"]
    gained = sorted({row[0] for row in single if row[2:4] == ["fail", "pass"]})
    unsure = {row[0] for row in single if row[2:4] == ["unknown", "pass"]} - set(gained)
    lost = {row[0] for row in single if row[2] == "pass" and row[3] != "pass"}
    everything = [row[0] for row in rows if row[1] == "all_five" and row[2:4] == ["fail", "pass"]]
    assert fix["residences_gained"] == len(gained)
    assert [one for one in fix["residence_ids"].split(",") if one] == gained
    assert (fix["residences_lost"], fix["residences_unknown"]) == (len(lost), len(unsure))
    uncounted = [one for one in gained if pd.isna(homes.loc[one, "households"])]
    assert [one for one in fix["uncounted_ids"].split(",") if one] == uncounted
    for column, ids in (
        ("households_gained", gained),
        ("households_all_five", everything),
        ("persons_gained", gained),
    ):
        known = homes.loc[ids, column.split("_")[0]].dropna()
        assert known.sum() == (0 if pd.isna(fix[column]) else fix[column])
        assert pd.isna(fix[column]) == (len(ids) > 0 and known.empty)


@FEW
@given(seed=SEEDS)
def test_every_fix_says_what_the_whole_check_says_of_its_scenario(seed):
    study = city(seed)
    ledger = ledger_of(study, limit=2, kinds=("centre", "facility", "gate", "link"))
    before = checked(study, STANDARD)
    for fix_id, fix in ledger.fixes.iterrows():
        scenario = parse_scenario(fix["edit"], fix_id)
        assert scenario == ledger.scenarios[fix_id]
        rows = differing(study.residences.index, before, checked(*apply_scenario(study, STANDARD, scenario)))
        assert said_of(ledger, fix_id) == rows
        figures_are_of(fix, study.residences, rows)
    order = ledger.fixes["households_gained"].fillna(0).tolist()
    assert order == sorted(order, reverse=True)
    assert ledger.fixes["rank"].tolist() == list(range(1, len(order) + 1))


@FEW
@given(seed=SEEDS)
def test_a_gate_that_is_not_run_changes_no_verdict(seed):
    study = city(seed)
    today, before = todays(study), checked(study, STANDARD)
    gates = closed_gates(study)
    matters = gates_that_matter(today, gates.to_numpy(object))
    for gate in gates[~matters]:
        after = checked(*apply_scenario(study, STANDARD, Scenario((OpenGate(gate),))))
        assert all((after[one][0] == before[one][0]).all() for one in before), gate


def test_a_gate_that_brings_the_second_of_two_that_are_needed_is_run():
    """Neither the nearest nor the second nearest lies nearer beyond the gate; both together do."""
    study = street_study(
        homes={"h": (20, -5, 30, 10)},
        shops={"a": (50, -5, "market"), "b": (3000, -5, "market"), "c": (5, 110, "market")},
    )
    ways = {"s1": [(0, 0), (3000, 0)], "gate": [(0, 0), (0, 100)], "s2": [(0, 100), (0, 700)]}
    lines = [shapely.LineString(np.add(way, (X0, Y0))) for way in ways.values()]
    index = pd.Index(list(ways), dtype="str", name="street_id")
    gates = pd.Series([None, "closed", None], index=index, dtype="str")
    streets = gpd.GeoDataFrame({"gate": gates}, geometry=lines, index=index, crs=CRS).sort_index()
    study = dataclasses.replace(study, streets=streets, max_snap_m=50.0)
    daily, *rest = PACK.categories
    two = dataclasses.replace(PACK, categories=(dataclasses.replace(daily, min_count=2), *rest))
    (fix,) = ledger_of(study, two, kinds=["gate"]).fixes.itertuples()
    assert (fix.Index, fix.residence_ids, fix.services) == ("gate:gate", "h", "daily")


def test_the_best_spot_for_a_centre_is_the_best_of_all_by_the_whole_check():
    study = dataclasses.replace(city(1), premises=None)
    today, before = todays(study), checked(study, STANDARD)
    people = People.of("residences", study.residences)
    result = geoplan.coverage(today.network, study, STANDARD)
    causes = geoplan.find_causes(today.network, study, STANDARD, result).causes
    spots = find_spots(today, find_gap_places(study, STANDARD, causes))
    level, *_ = centre_variants(study, STANDARD, spots.table.geometry.iloc[0])

    def households(at):
        edit = AddCentre("new", (at.x, at.y), level=level.what)
        after = checked(*apply_scenario(study, STANDARD, Scenario((edit,), crs=CRS)))
        gained = np.zeros(len(study.residences), bool)
        for one in CENTRE_SERVICES:
            gained |= (before[one][0] == "fail") & (after[one][0] == "pass")
        return study.residences["households"][gained].sum()

    every = [households(at) for at in spots.table.geometry]
    best = best_spots(today, spots, level, people, "any")
    assert every[best[0]] == max(every) > 0


@FEW
@given(seed=SEEDS)
def test_the_rules_on_premises_are_met_as_the_check_of_premises_says(seed):
    study = city(seed)
    ledger = rank_fixes(None, study, STANDARD, kinds=["premises"], limit=9)
    before = geoplan.check_premises(study.premises, STANDARD, communities=study.communities)
    for fix_id, fix in ledger.fixes.iterrows():
        later, _ = apply_scenario(study, STANDARD, ledger.scenarios[fix_id])
        after = geoplan.check_premises(later.premises, STANDARD, communities=study.communities)
        assert before.loc[fix["subject_id"], ["verdict", "household_verdict"]].eq("fail").any()
        assert not after.loc[fix["subject_id"], ["verdict", "household_verdict"]].eq("fail").any()
        own = study.premises["community_id"] == fix["residence_ids"]
        newly = [
            combine_verdicts(table.loc[own, [column]].to_numpy(object))[0]
            for table in (before, after)
            for column in ("verdict", "household_verdict")
        ]
        assert "pass" in [now for was, now in zip(newly[:2], newly[2:], strict=True) if was == "fail"]
        assert fix["households_gained"] == study.communities["households"].loc[fix["residence_ids"]]
        # a square metre less misses the rule
        area = later.premises["floor_area_m2"].where(later.premises.index != fix["subject_id"])
        less = later.premises.assign(floor_area_m2=area.fillna(later.premises["floor_area_m2"] - 1))
        less = less.assign(floor_area_m2=less["floor_area_m2"].where(study.premises["floor_area_m2"].notna()))
        short = geoplan.check_premises(less, STANDARD, communities=study.communities)
        assert short.loc[fix["subject_id"], ["verdict", "household_verdict"]].eq("fail").any()


def test_a_footbridge_is_proposed_where_streets_face_each_other_across_a_river():
    study = street_study(homes={"h": (200, -5, 30, 10)}, shops={"m": (200, 65, "market")})
    lines = [shapely.LineString([(X0, y), (X0 + 3000, y)]) for y in (Y0, Y0 + 60)]
    index = pd.Index(["s1", "s2"], dtype="str", name="street_id")
    streets = gpd.GeoDataFrame(geometry=lines, index=index, crs=CRS)
    river = shapely.LineString([(X0 - 10, Y0 + 30), (X0 + 3010, Y0 + 30)])
    barriers = gpd.GeoDataFrame(
        {"kind": ["river"]}, geometry=[river], crs=CRS,
        index=pd.Index(["b"], dtype="str", name="barrier_id"),
    )  # fmt: skip
    study = dataclasses.replace(
        study, streets=streets, barriers=barriers, max_snap_m=30.0, complete=frozenset({"*"})
    )
    ledger = ledger_of(study, PACK, kinds=["link"])
    fix = next(ledger.fixes.itertuples())
    assert (fix.what, fix.subject_id, fix.households_gained, fix.main_service) == ("river", "b", 10, "daily")
    assert fix.geometry.length == pytest.approx(60)
    assert fix.geometry.crosses(river)
    row = next(ledger.changes[ledger.changes["service"] == "daily"].itertuples())
    assert (row.verdict_before, row.verdict_after) == ("fail", "pass")


@pytest.mark.parametrize("seed", [8, 12, 16])
def test_whom_a_link_is_reckoned_to_help_passes_in_a_run(seed):
    study = city(seed)
    links, gains = links_facing(todays(study))
    assert len(links)
    before = checked(study, STANDARD)
    for at, link in enumerate(links.iloc[:3].itertuples()):
        edit = AddLink("bridge", (link.start_x, link.start_y), (link.end_x, link.end_y))
        after = checked(*apply_scenario(study, STANDARD, Scenario((edit,), crs=CRS)))
        newly = np.logical_or.reduce(
            [(before[one][0] == "fail") & (after[one][0] == "pass") for one in before]
        )
        reckoned = gains[[at]].toarray()[0] > 0
        assert reckoned.any()
        assert newly[reckoned].all()


def test_a_link_of_a_random_city_says_what_the_whole_check_says():
    study = city(16)
    ledger = ledger_of(study, limit=2, kinds=["link"])
    before = checked(study, STANDARD)
    assert len(ledger.fixes)
    for fix_id in ledger.fixes.index:
        after = checked(*apply_scenario(study, STANDARD, ledger.scenarios[fix_id]))
        assert said_of(ledger, fix_id) == differing(study.residences.index, before, after)


def test_a_household_whose_verdict_is_unknown_today_is_in_no_gain():
    study = street_study(
        homes={"h": (100, 5, 30, 10), "far": (3900, 5, 8, 4)}, shops={"m": (200, -5, "market")}
    )
    ledger = ledger_of(study, PACK, kinds=["facility"], by="welfare")
    fix = ledger.fixes.iloc[0]
    assert (fix["residences_gained"], fix["households_gained"], fix["residence_ids"]) == (0, 0, "")
    assert (fix["residences_unknown"], fix["households_unknown"]) == (1, 10)
    row = ledger.services.set_index(["fix_id", "service"]).loc[(fix.name, "welfare")]
    assert row["households_unknown"] == 10
    # built for h: of the home that is far away it is known now that it fails
    rows = ledger.changes[(ledger.changes["fix_id"] == fix.name) & (ledger.changes["service"] == "welfare")]
    assert rows.set_index("id")["verdict_after"].to_dict() == {"far": "fail", "h": "pass"}


def test_opening_a_gate_may_cost_somebody_a_service_and_that_is_counted():
    study = street_study(
        homes={"h": (400, 20, 30, 10), "g": (5, 300, 9, 3)},
        shops={"m": (20, -5, "market"), "b": (1300, -5, "bank")},
    )
    # behind the gate lies a street that nothing else joins; in front of it the street nearest to h
    ways = {"s1": [(0, 0), (1400, 0)], "gate": [(400, 25), (0, 25), (0, 0)], "s2": [(0, 25), (0, 800)]}
    lines = [shapely.LineString(np.add(way, (X0, Y0))) for way in ways.values()]
    index = pd.Index(list(ways), dtype="str", name="street_id")
    gates = pd.Series([None, "closed", None], index=index, dtype="str")
    streets = gpd.GeoDataFrame({"gate": gates}, geometry=lines, index=index, crs=CRS).sort_index()
    study = dataclasses.replace(study, streets=streets, max_snap_m=50.0)
    fix = ledger_of(study, PACK, kinds=["gate"]).fixes.loc["gate:gate"]
    assert (fix["residence_ids"], fix["households_gained"], fix["services"]) == ("g", 3, "daily")
    assert (fix["residences_lost"], fix["households_lost"], fix["persons_lost"]) == (1, 10, 30)


def test_the_same_study_gives_the_same_ledger_whatever_the_order_of_its_rows():
    study = city(7)
    mixed = dataclasses.replace(
        study,
        **{
            name: study.table(name).sample(frac=1, random_state=1).sort_index()
            for name in ("residences", "streets")
        },
    )
    one, other = (ledger_of(each, limit=2, kinds=("gate", "link", "premises")) for each in (study, mixed))
    for name in ("fixes", "services", "changes"):
        pd.testing.assert_frame_equal(pd.DataFrame(getattr(one, name)), pd.DataFrame(getattr(other, name)))


def test_where_nobody_fails_there_is_nothing_to_fix():
    study = street_study(
        homes={"h": (100, 5, 30, 10)},
        shops={
            f"f{at}": (100 + at, 0, kind)
            for at, kind in enumerate(("market", "bank", "clinic", "police", "park"))
        },
        centres={"c1": (150, 0, "district"), "c2": (150, 0, "community")},
    )
    ledger = ledger_of(study, PACK)
    assert ledger.fixes.empty and ledger.services.empty and ledger.changes.empty
    assert "note.fixes_none_fail" in [key for key, _ in ledger.notes]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"kinds": ["bridge"]}, "bridge"), ({"kinds": []}, "centre"), ({"by": "joy"}, "joy"),
        ({"limit": 0}, "0"), ({"limit": True}, "True"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_named(options, told):
    study = street_study(homes={"h": (100, 5, 30, 10)}, shops={"m": (200, 0, "market")})
    with pytest.raises(PlanningError, match=told):
        ledger_of(study, PACK, **options)


def test_tables_that_a_kind_needs_are_named():
    study = street_study(homes={"h": (100, 5, 30, 10)}, shops={"m": (200, 0, "market")})
    with pytest.raises(DataError, match="centre: centres"):
        ledger_of(study, PACK, kinds=["centre"])
    with pytest.raises(DataError, match="premises"):
        rank_fixes(None, dataclasses.replace(study, streets=None), PACK)
    notes = {params.get("kind"): params.get("tables") for _, params in ledger_of(study, PACK).notes}
    assert notes == {"centre": "centres", "link": "barriers", "premises": "premises"}


def test_a_sample_of_anning_says_what_geoplan_compare_says():
    study = geoplan.read_study("data/anning")
    network = geoplan.walk_network(study)
    today = geoplan.coverage(network, study, PACK)
    ledger = rank_fixes(network, study, PACK, limit=1, covered=today)
    assert sorted(ledger.fixes["fix_kind"]) == ["centre", "facility", "gate", "link", "premises"]
    for fix_id, fix in ledger.fixes[ledger.fixes["fix_kind"] != "premises"].iterrows():
        later, pack = apply_scenario(study, PACK, ledger.scenarios[fix_id])
        found = compare(today, geoplan.coverage(geoplan.walk_network(later), later, pack))
        said = ledger.services[ledger.services["fix_id"] == fix_id].set_index("service")
        for service, row in found.totals.iterrows():
            for people in ("residences", "households", "persons"):
                gained = said[f"{people}_gained"].get(service, 0)
                if people != "persons":
                    gained += said[f"{people}_unknown"].get(service, 0)
                assert row[f"{people}_gained"] == gained
                assert row[f"{people}_lost"] == said[f"{people}_lost"].get(service, 0)
        assert len(found.changes) == (ledger.changes["fix_id"] == fix_id).sum()
        assert fix["estimated"]
