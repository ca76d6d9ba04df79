from __future__ import annotations

import dataclasses
from itertools import combinations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.analysis.causes import find_causes
from geoplan.analysis.counterfactual import (
    barrier_of_row,
    closed_gates,
    study_around,
    with_gates_open,
    without_barriers,
)
from geoplan.analysis.coverage import coverage
from geoplan.analysis.trials import Change
from geoplan.errors import DataError
from geoplan.model.cause_tables import CAUSES
from geoplan.model.study import Study
from geoplan.network.build import walk_network
from geoplan.standards.parse import load_standard
from tests import audits
from tests.cities import CRS, ORIGIN, random_points, random_streets, with_entrances
from tests.studies import X0, Y0, street_study

DEFAULT = load_standard("default").override({"circle.minutes": 6, "centre.minutes": 6})
LONG = DEFAULT.override({"circle.minutes": 12})
KINDS = ("market", "bank", "clinic", "police", "park")


def lines(*coordinates):
    return [shapely.LineString(np.array(one) + ORIGIN) for one in coordinates]


def shape(coordinates):
    return shapely.Polygon(np.array(coordinates) + ORIGIN)


def barriers(shapes, kind="railway", names=None):
    return gpd.GeoDataFrame(
        {"kind": kind, "name": names or [None] * len(shapes)},
        geometry=shapes,
        index=pd.Index([f"b{number}" for number in range(len(shapes))], name="barrier_id"),
        crs=CRS,
    )


def two_streets(gap, **settings):
    """Return homes on one street and a market on another, ``gap`` metres north; no street joins them."""
    study = street_study(
        homes={"h": (200, -5, 30, 10), "i": (2900, -5, 3, 1)}, shops={"m": (200, gap + 5, "market")}
    )
    streets = gpd.GeoDataFrame(
        {"gate": [None, None], "kind": [None, None]},
        geometry=lines([(0, 0), (3000, 0)], [(0, gap), (3000, gap)]),
        index=pd.Index(["s1", "s2"], name="street_id"),
        crs=CRS,
    )
    return dataclasses.replace(study, streets=streets, max_snap_m=30.0, complete=frozenset({"*"}), **settings)


def causes_of(study, standard=DEFAULT):
    network = walk_network(study)
    covered = coverage(network, study, standard)
    return covered, find_causes(network, study, standard, covered)


def only(study, service="daily", home="h", standard=DEFAULT):
    rows = causes_of(study, standard)[1].causes
    return rows[(rows["service"] == service) & (rows["residence_id"] == home)].iloc[0]


def verdict(study, standard, row):
    reach = coverage(walk_network(study), study, standard).reach
    return reach.set_index(["residence_id", "service"]).loc[(row["residence_id"], row["service"]), "verdict"]


def random_city(seed, *, size=6):
    rng = np.random.default_rng(seed)
    homes = with_entrances(rng, random_points(rng, 25, size=size, prefix="h"))
    homes["persons"] = pd.array(rng.integers(0, 90, 25), dtype="Int64")
    homes["households"] = pd.array(rng.integers(0, 30, 25), dtype="Int64")
    shops = random_points(rng, 12, size=size, prefix="f").assign(kind=rng.choice(KINDS, 12))
    halls = random_points(rng, 3, size=size, prefix="c").assign(
        level=rng.choice(["district", "community"], 3)
    )
    streets = random_streets(rng, size=size, keep=0.75)
    streets["gate"] = np.where(rng.random(len(streets)) < 0.15, "closed", None)
    x, y = ORIGIN
    across, down = rng.uniform(100, 500, 2)
    cuts = [
        shapely.LineString([(x - 200, y + across), (x + 900, y + across + rng.normal(0, 60))]),
        shapely.LineString([(x + down, y - 200), (x + down + rng.normal(0, 60), y + 900)]),
        shapely.box(x - 200, y + across + 60, x + 900, y + across + 90),
    ]
    stops = gpd.GeoDataFrame(
        {"kind": ["railway", "wall", "river"], "name": ["铁路", None, "黄河"]},
        geometry=cuts,
        index=pd.Index(["b1", "b2", "b3"], name="barrier_id"),
        crs=CRS,
    )
    # nothing of a street is left where a barrier lies, bridges apart
    met = shapely.STRtree(streets.geometry.to_numpy()).query(stops.geometry.to_numpy(), "intersects")[1]
    kept = np.ones(len(streets), bool)
    kept[met[rng.random(len(met)) < 0.9]] = False
    return Study(
        study_id="random",
        name="random",
        crs=CRS,
        streets=streets[kept],
        residences=homes,
        facilities=shops,
        centres=halls,
        barriers=stops,
        max_snap_m=80.0,
        complete=frozenset(rng.choice(KINDS, 3).tolist()),
    )


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_causes_partition_what_does_not_pass_and_their_sums_are_its_sums(seed):
    covered, found = causes_of(random_city(seed))
    failing = covered.reach[covered.reach["verdict"] != "pass"]
    keys = ["residence_id", "service", "verdict"]
    assert found.causes[keys].values.tolist() == failing[keys].values.tolist()
    assert found.causes["cause"].isin(CAUSES).all()
    summed = found.by_service.groupby("service")[["residences", "persons", "households"]].sum()
    for service, row in covered.by_category.iterrows():
        for one in ("persons", "households"):
            expected = row[f"{one}_fail"] + row[f"{one}_unknown"]
            assert (summed.loc[service, one] if service in summed.index else 0) == expected


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_opening_the_gates_named_in_a_real_rerun_makes_the_home_pass_and_so_does_taking_the_barrier_away(
    seed,
):
    study = random_city(seed)
    causes = causes_of(study)[1].causes
    reruns = {}
    for _, row in causes[causes["cause"].isin(["closed_gate", "severed"])].iterrows():
        names = (row["street_id"], row["barrier_id"])
        if names not in reruns:
            gates, gone = ([] if pd.isna(one) else one.split(",") for one in names)
            reruns[names] = Outcome.of(Change(tuple(gates), tuple(gone)).made_in(study))
        now = reruns[names].reach.loc[(row["residence_id"], row["service"])]
        assert now["verdict"] == "pass"
        assert (now["minutes"], now["nearest_id"]) == (row["minutes_counterfactual"], row["place_id"])


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The reach table of a study, by residence and service, and what passes in it."""

    reach: pd.DataFrame
    passing: frozenset

    @classmethod
    def of(cls, study):
        reach = coverage(walk_network(study), study, DEFAULT).reach.set_index(["residence_id", "service"])
        return cls(reach, frozenset(reach.index[reach["verdict"] == "pass"]))


def small_town(seed, *, gates):
    """Return a town of few homes with some gates closed."""
    study = random_city(seed, size=4)
    streets = study.streets.assign(gate=None)
    shut = np.random.default_rng(seed).permutation(len(streets))[:gates]
    streets.iloc[shut, streets.columns.get_loc("gate")] = "closed"
    return dataclasses.replace(study, streets=streets, residences=study.residences.iloc[:12])


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_gates_named_are_as_few_as_any_that_let_the_home_pass_and_without_a_name_none_do(seed):
    study = dataclasses.replace(small_town(seed, gates=4), barriers=None)
    shut = list(closed_gates(study))
    sets = [one for size in range(1, len(shut) + 1) for one in combinations(shut, size)]
    passing = {gates: Outcome.of(with_gates_open(study, gates)).passing for gates in sets}
    causes = causes_of(study)[1].causes
    for row in causes[~causes["cause"].isin(["unknown_data", "bad_snap", "no_facility"])].itertuples():
        helping = [one for one in sets if (row.residence_id, row.service) in passing[one]]
        assert (row.cause == "closed_gate") == bool(helping)
        if helping:
            named = tuple(row.street_id.split(","))
            assert named in helping
            assert len(named) == len(helping[0])


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_one_barrier_is_named_wherever_one_will_do_and_two_things_wherever_two_will(seed):
    study = small_town(seed, gates=2)
    shut, walls = list(closed_gates(study)), list(study.barriers.index)
    changes = [Change(barriers=(one,)) for one in walls]
    changes += [Change((gate,), (one,)) for gate in shut for one in walls]
    changes += [Change(barriers=two) for two in combinations(walls, 2)]
    passing = {one: Outcome.of(one.made_in(study)).passing for one in changes}
    causes = causes_of(study)[1].causes
    for row in causes[causes["cause"].isin(["severed", "speed_profile", "none_near", "detour"])].itertuples():
        helping = [one for one in changes if (row.residence_id, row.service) in passing[one]]
        assert (row.cause == "severed") == bool(helping)
        if helping:
            gates, gone = (
                () if pd.isna(one) else tuple(one.split(",")) for one in (row.street_id, row.barrier_id)
            )
            assert Change(gates, gone) in helping
            assert len(gates) + len(gone) == min(len(one.gates) + len(one.barriers) for one in helping)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_who_would_pass_with_every_gate_open_is_never_told_of_a_later_cause(seed):
    study = random_city(seed)
    causes = causes_of(study)[1].causes
    opened = with_gates_open(study, closed_gates(study))
    reach = coverage(walk_network(opened), opened, DEFAULT).reach.set_index(["residence_id", "service"])
    later = causes[causes["cause"].isin(CAUSES[CAUSES.index("closed_gate") + 1 :])]
    assert (
        reach.loc[pd.MultiIndex.from_frame(later[["residence_id", "service"]]), "verdict"] != "pass"
    ).all()


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_speed_profile_means_it_passes_at_the_default_and_nothing_else_was_found_to_help(seed):
    study, elder = random_city(seed), DEFAULT.with_profile("elder")
    causes = causes_of(study, elder)[1].causes
    reach = coverage(walk_network(study), study, DEFAULT).reach.set_index(["residence_id", "service"])
    passes = reach.loc[pd.MultiIndex.from_frame(causes[["residence_id", "service"]]), "verdict"] == "pass"
    by_speed = causes["cause"] == "speed_profile"
    later = causes["cause"].isin(["none_near", "detour"])
    assert passes[by_speed.to_numpy()].all()
    assert not passes[later.to_numpy()].any()
    assert not (causes_of(study)[1].causes["cause"] == "speed_profile").any()


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_detour_is_near_by_air_and_none_near_is_not(seed):
    causes = causes_of(random_city(seed))[1].causes
    limit_m = 6 * DEFAULT.number("walking.speed")
    assert (causes.loc[causes["cause"] == "none_near", "air_m"] > limit_m).all()
    detours = causes[causes["cause"] == "detour"]
    assert (detours["air_m"] <= limit_m + 0.01).all()
    walked = detours[detours["walk_m"].notna()]
    assert (walked["detour_ratio"] >= 1 - 1e-9).all()
    assert walked.geometry.length.to_numpy() == pytest.approx(walked["walk_m"].to_numpy())
    assert (detours.loc[detours["walk_m"].isna(), "reason"] == "reason.cause_no_way").all()


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_rows_does_not_matter(seed):
    study = random_city(seed)
    rng = np.random.default_rng(seed)
    names = ("streets", "barriers", "facilities")
    mixed = dataclasses.replace(
        study, **{name: study.table(name).iloc[rng.permutation(len(study.table(name)))] for name in names}
    )
    mixed = dataclasses.replace(mixed, facilities=mixed.facilities.sort_index())
    one, other = causes_of(study)[1], causes_of(mixed)[1]
    pd.testing.assert_frame_equal(pd.DataFrame(one.causes), pd.DataFrame(other.causes))
    pd.testing.assert_frame_equal(pd.DataFrame(one.obstacles), pd.DataFrame(other.obstacles))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 3))
def test_the_part_of_a_study_around_homes_decides_them_as_the_whole_does(seed, count):
    study = random_city(seed, size=12)
    homes = study.residences.index[np.random.default_rng(seed).permutation(25)[:count]]
    standard = DEFAULT.override({"circle.minutes": 2, "centre.minutes": 2})
    reach_m = 2 * 67 * np.exp(3.5 * 0.05)
    part = study_around(study, homes, reach_m=reach_m, max_snap_m=80.0)
    assert len(part.streets) < len(study.streets)
    whole, some = (coverage(walk_network(one), one, standard).reach for one in (study, part))
    whole = whole[whole["residence_id"].isin(homes) & (whole["verdict"] == "pass")]
    some = some[some["verdict"] == "pass"]
    keys = ["residence_id", "service", "minutes", "nearest_id"]
    assert some[keys].values.tolist() == whole[keys].values.tolist()


def test_a_railway_without_a_crossing_severs_and_is_named():
    track = barriers(lines([(-100, 40), (3100, 40)]), names=["陇海铁路"])
    study = two_streets(80, barriers=track)
    row = only(study)
    assert (row["cause"], row["barrier_id"], row["obstacle_name"]) == ("severed", "b0", "陇海铁路")
    assert row["place_id"] == "m"
    assert row["air_m"] == pytest.approx(90)
    assert np.isnan(row["minutes"])
    assert row["minutes_counterfactual"] * 67 == pytest.approx(90, abs=0.01)
    assert only(study, home="i")["cause"] == "none_near"


def test_without_the_barrier_in_the_data_the_same_gap_is_a_detour_with_no_way():
    row = only(two_streets(80))
    assert (row["cause"], row["reason"]) == ("detour", "reason.cause_no_way")
    assert row.geometry.length == pytest.approx(90)


def test_a_barrier_with_streets_too_far_from_it_does_not_explain_the_gap():
    assert only(two_streets(220, barriers=barriers(lines([(-100, 110), (3100, 110)]))))["cause"] == "detour"


def test_a_wide_river_is_crossed_bank_to_bank_and_its_own_ground_does_not_count():
    river = barriers(
        [shape([(-100, 30), (3100, 30), (3100, 210), (-100, 210)])], kind="river", names=["黄河"]
    )
    assert only(two_streets(240, barriers=river))["cause"] == "severed"
    ditch = barriers([shape([(-100, 30), (3100, 30), (3100, 60), (-100, 60)])], kind="river")
    assert only(two_streets(240, barriers=ditch))["cause"] == "detour"


def test_two_tracks_are_one_railway_but_a_railway_and_a_wall_beside_it_are_two_barriers():
    shapes = lines([(-100, 40), (3100, 40)], [(-100, 46), (3100, 46)])
    study = two_streets(80, barriers=barriers(shapes))
    assert only(study)["cause"] == "severed"
    gone = without_barriers(study, ["b1"])
    assert gone.barriers.empty
    mixed = two_streets(80, barriers=barriers(shapes, kind=["railway", "wall"]))
    row = only(mixed)
    assert (row["cause"], row["barrier_id"]) == ("severed", "b0,b1")
    (obstacle,) = causes_of(mixed)[1].obstacles.loc[["b0,b1"]].itertuples()
    assert (obstacle.obstacle_kind, obstacle.residences, obstacle.geometry.geom_type) == (
        "several", 1, "MultiLineString",
    )  # fmt: skip
    assert verdict(without_barriers(mixed, ["b0", "b1"]), DEFAULT, only(mixed)) == "pass"
    assert verdict(without_barriers(mixed, ["b0", "b1"], each_alone=True), DEFAULT, only(mixed)) == "fail"


def test_a_passable_barrier_severs_nothing():
    track = barriers(lines([(-100, 40), (3100, 40)])).assign(severity="passable")
    assert barrier_of_row(track).empty
    assert only(two_streets(80, barriers=track))["cause"] == "detour"


def gated(*gates):
    """Return the two streets joined by one street after another, each with a gate as told."""
    study = two_streets(80)
    pieces = [[(200, 80 * at / len(gates)), (200, 80 * (at + 1) / len(gates))] for at in range(len(gates))]
    streets = gpd.GeoDataFrame(
        {"gate": [None, None, *gates], "kind": None, "name": None},
        geometry=[
            *lines([(0, 0), (200, 0), (3000, 0)], [(0, 80), (200, 80), (3000, 80)], *pieces),
        ],
        index=pd.Index(["s1", "s2", *(f"g{at}" for at in range(len(gates)))], name="street_id"),
        crs=CRS,
    )
    return dataclasses.replace(study, streets=streets)


def test_a_closed_gate_is_named_by_its_street_and_two_in_a_row_must_both_open():
    assert verdict(gated("open"), DEFAULT, {"residence_id": "h", "service": "daily"}) == "pass"
    row = only(gated("closed"))
    assert (row["cause"], row["street_id"]) == ("closed_gate", "g0")
    assert only(gated("closed", "closed"))["street_id"] == "g0,g1"
    assert only(gated("closed", "open", "closed"))["street_id"] == "g0,g2"


def test_a_gate_is_told_before_a_barrier_and_goes_by_what_lies_nearest():
    study = gated("closed")
    study = dataclasses.replace(
        study,
        barriers=barriers(lines([(-100, 40), (3100, 40)])),
        residences=study.residences.assign(name=["幸福里", "远处"]),
    )
    row = only(study)
    assert (row["cause"], row["obstacle_name"]) == ("closed_gate", "幸福里")
    found = causes_of(study)[1].obstacles
    assert found.loc["g0", ["obstacle_kind", "walks", "residences", "persons"]].tolist() == ["gate", 1, 1, 30]


def test_one_other_gate_is_named_though_the_quickest_walk_goes_through_two():
    study = gated("closed", "closed")
    aside = gpd.GeoDataFrame(
        {"gate": ["closed"], "kind": None, "name": None},
        geometry=lines([(0, 0), (-60, 40), (0, 80)]),
        index=pd.Index(["g9"], name="street_id"),
        crs=CRS,
    )
    row = only(dataclasses.replace(study, streets=pd.concat([study.streets, aside])), standard=LONG)
    assert (row["cause"], row["street_id"]) == ("closed_gate", "g9")


def test_a_closed_gate_and_a_barrier_that_must_both_go_are_both_named():
    study = gated("closed")
    far = study.facilities.set_geometry([shapely.Point(X0 + 200, Y0 + 165)])
    beyond = gpd.GeoDataFrame(
        {"gate": [None], "kind": None, "name": None},
        geometry=lines([(0, 160), (3000, 160)]),
        index=pd.Index(["s3"], name="street_id"),
        crs=CRS,
    )
    track = barriers(lines([(-100, 120), (3100, 120)]), names=["陇海铁路"])
    study = dataclasses.replace(
        study, facilities=far, streets=pd.concat([study.streets, beyond]), barriers=track
    )
    row = only(study)
    assert (row["cause"], row["barrier_id"], row["street_id"]) == ("severed", "b0", "g0")
    assert row["obstacle_name"].startswith("陇海铁路")
    found = causes_of(study)[1].obstacles
    assert found["obstacle_kind"].to_dict() == {"b0,g0": "several"}


def test_what_the_data_say_comes_first():
    study = two_streets(80, barriers=barriers(lines([(-100, 40), (3100, 40)])))
    assert only(study, "civic")["cause"] == "no_facility"
    assert only(dataclasses.replace(study, complete=frozenset()), "civic")["cause"] == "unknown_data"
    off = study.facilities.set_geometry([shapely.Point(X0 + 200, Y0 - 60)])
    assert only(dataclasses.replace(study, facilities=off))["cause"] == "bad_snap"
    away = study.residences.set_geometry([shapely.Point(X0 + 200, Y0 - 60)] * 2)
    assert only(dataclasses.replace(study, residences=away))["cause"] == "bad_snap"


def test_a_far_leg_without_which_the_walk_would_pass_is_a_bad_snap():
    study = street_study(homes={"h": (0, 150, 1, 1)}, shops={"m": (350, 0, "market")})
    assert only(dataclasses.replace(study, max_snap_m=200.0))["cause"] == "bad_snap"
    assert only(dataclasses.replace(study, max_snap_m=400.0))["cause"] == "detour"


def test_several_needed_and_every_kind_needed_are_opened_for_together():
    study = gated("closed")
    shops = pd.concat([study.facilities, study.facilities.set_index(pd.Index(["n"], name="facility_id"))])
    shops.geometry = [shapely.Point(X0 + 200, Y0 + 85), shapely.Point(X0 + 230, Y0 + 85)]
    daily = next(one for one in DEFAULT.categories if one.id == "daily")
    others = tuple(one for one in DEFAULT.categories if one.id != "daily")
    two = dataclasses.replace(DEFAULT, categories=(dataclasses.replace(daily, min_count=2), *others))
    row = only(dataclasses.replace(study, facilities=shops), standard=two)
    assert (row["cause"], row["street_id"], row["place_id"]) == ("closed_gate", "g0", "n")
    every = dataclasses.replace(daily, mode="all", kinds=("market", "repair"))
    shops["kind"] = ["market", "repair"]
    shops.geometry = [shapely.Point(X0 + 200, Y0 + 85), shapely.Point(X0 + 230, Y0 - 5)]
    both = dataclasses.replace(DEFAULT, categories=(every, *others))
    row = only(dataclasses.replace(study, facilities=shops), standard=both)
    assert (row["cause"], row["street_id"], row["place_id"]) == ("closed_gate", "g0", "m")


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), barrier=st.sampled_from(["b1", "b2", "b3"]))
def test_links_are_the_shortest_straight_steps_across_and_nothing_else(seed, barrier):
    study = random_city(seed)
    streets, stops = study.streets, study.barriers
    gone, stays = stops.geometry[barrier], stops.geometry.drop(barrier)
    ground = streets[(streets["level"] == "ground") & (streets["gate"] != "closed")].geometry
    near = [shapely.segmentize(one, 50.0) for one in ground if one.distance(gone) <= 100]
    spots = sorted({tuple(xy) for line in near for xy in shapely.get_coordinates(line)})
    spots = [one for one in spots if shapely.Point(one).distance(gone) <= 100]
    best = {}
    for at, one in enumerate(spots):
        for other in spots[at + 1 :]:
            step = shapely.LineString([one, other])
            outside = step.difference(gone).length if gone.geom_type == "Polygon" else step.length
            if (
                step.length > 400
                or outside > 100
                or not step.crosses(gone)
                or any(step.crosses(b) for b in stays)
            ):
                continue
            for end in (one, other):
                if end not in best or step.length < best[end].length - 1e-6:
                    best[end] = step
    expected = sorted({tuple(sorted(step.coords)) for step in best.values()})
    found = without_barriers(study, [barrier]).streets
    found = found[~found.index.isin(streets.index)]
    assert sorted(tuple(sorted(step.coords)) for step in found.geometry) == expected


def test_unknown_gates_and_barriers_are_refused_by_name():
    study = gated("closed", "open")
    with pytest.raises(DataError, match="g1, nowhere"):
        with_gates_open(study, ["g0", "g1", "nowhere"])
    track = barriers(lines([(-100, 40), (3100, 40)])).assign(severity="passable")
    with pytest.raises(DataError, match="b0, b9"):
        without_barriers(dataclasses.replace(study, barriers=track), ["b0", "b9"])


def test_nothing_failing_gives_empty_tables():
    study = street_study(
        homes={"h": (0, 0, 1, 1)}, centres={"c": (0, 0, "district"), "d": (0, 0, "community")}
    )
    found = causes_of(study)[1]
    assert [len(one) for one in (found.causes, found.by_service, found.obstacles)] == [0, 0, 0]


def test_a_barrier_too_far_away_to_matter_is_not_tried():
    study = audits.plain_study()
    rules = load_standard("default").with_limit(5.0)
    for home in study.residences.index:
        asked = dataclasses.replace(study, residences=study.residences.loc[[home]])
        network = walk_network(study)
        covered = coverage(network, asked, rules)
        found = find_causes(network, asked, rules, covered).causes
        assert len(found) == (covered.reach["verdict"] != "pass").sum()
