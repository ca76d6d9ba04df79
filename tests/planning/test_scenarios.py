from __future__ import annotations

import contextlib
import dataclasses

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import geoplan
from geoplan.crs.datum import from_wgs84
from geoplan.crs.metric import to_lonlat
from geoplan.errors import CrsError, DataError
from geoplan.io.study_write import write_study
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.study import ScenarioInfo
from geoplan.model.tables import INPUT_TABLES
from geoplan.planning.compare import compare
from geoplan.planning.edits import (
    EDITS,
    AddCentre,
    AddFacility,
    AddLink,
    AddResidence,
    CloseCentre,
    MoveCentre,
    OpenGate,
    ResizeCentre,
    ResizePremises,
    SetProfile,
    SetRule,
)
from geoplan.planning.scenario_toml import scenario_toml
from geoplan.planning.scenarios import (
    Scenario,
    apply_scenario,
    parse_scenario,
    read_scenario,
    undo_scenario,
)
from tests.audits import plain_study
from tests.cities import CRS, ORIGIN, random_points, random_streets
from tests.studies import X0, Y0, street_study

STANDARD = geoplan.load_standard("default").override({"circle.minutes": 6, "centre.minutes": 6})
SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=12)


def city(seed):
    """Return a random city with gates, centres and two communities."""
    rng = np.random.default_rng(seed)
    streets = random_streets(rng)
    gates = np.where(rng.random(len(streets)) < 0.3, "closed", None)
    streets["gate"] = pd.Series(gates, index=streets.index, dtype="str")
    homes = random_points(rng, 12, prefix="r").rename_axis("residence_id")
    homes["persons"] = pd.array(rng.integers(0, 90, 12), dtype="Int64")
    homes["households"] = pd.array(rng.integers(0, 30, 12), dtype="Int64")
    homes["community_id"] = pd.Series(np.where(homes.geometry.x < ORIGIN[0] + 300, "w", "e"), homes.index)
    shops = random_points(rng, 5, prefix="f").rename_axis("facility_id")
    shops["kind"] = ["market", "bank", "clinic", "police", "park"]
    centres = random_points(rng, 3, prefix="c").rename_axis("centre_id")
    centres["level"] = ["community", "district", "community"]
    centres["floor_area_m2"] = [100.0, np.nan, 300.0]
    west, east = (shapely.box(x - 400, Y0 - 2000, x + 300, Y0 + 4000) for x in (X0, X0 + 700))
    communities = gpd.GeoDataFrame(
        {"name": ["e", "w"]}, geometry=[east, west], crs=CRS,
        index=pd.Index(["e", "w"], dtype="str", name="community_id"),
    )  # fmt: skip
    tables = {"residences": homes, "facilities": shops, "centres": centres, "streets": streets}
    for table in tables.values():
        table.index = table.index.astype("str")
    return geoplan.Study(study_id="c", name="c", crs=CRS, communities=communities, **tables)


def some_link(study, rng, name):
    """Return a link from beside the end of one open street to beside the middle of another."""
    streets = study.streets[(study.streets["level"] == "ground") & study.streets["gate"].isna()]
    one, other = rng.choice(len(streets), 2, replace=False)
    start, end = (
        np.array(streets.geometry.iloc[at].coords[vertex]) + rng.normal(0, 3, 2)
        for at, vertex in ((one, 0), (other, 1))
    )
    return AddLink(name, tuple(map(float, start)), tuple(map(float, end)))


def every_edit(study, seed):
    """Return one edit of each kind; none needs another."""
    rng = np.random.default_rng(seed)
    at = [tuple(map(float, rng.uniform(100, 500, 2) + ORIGIN)) for _ in range(3)]
    closed = study.streets.index[study.streets["gate"].eq("closed").fillna(False)]
    gates = [OpenGate(closed[0])] if len(closed) else []
    return [
        AddCentre("new", at[0], capacity=40, name="新"), MoveCentre("c000", at[1]), CloseCentre("c001"),
        ResizeCentre("c002", floor_area_m2=50.0), *gates, some_link(study, rng, "bridge"),
        SetRule("walking.speed", 60.0), AddResidence("r-new", at[2], 5, 12, elderly_persons=3),
    ]  # fmt: skip


def covered(study, standard=STANDARD):
    return geoplan.coverage(geoplan.walk_network(study), study, standard)


def same_tables(one, other):
    for name in INPUT_TABLES:
        left, right = one.table(name), other.table(name)
        assert (left is None) == (right is None), name
        if left is not None:
            pd.testing.assert_frame_equal(pd.DataFrame(left), pd.DataFrame(right))
            assert left.geometry.to_wkb().tolist() == right.geometry.to_wkb().tolist()
            assert left.crs == right.crs


def with_edit(study, *edits, standard=STANDARD):
    return apply_scenario(study, standard, Scenario(edits, crs=CRS))


def passes(result):
    rows = result.reach
    return set(map(tuple, rows.loc[rows["verdict"] == "pass", ["residence_id", "service"]].to_numpy()))


@FEW
@given(seed=SEEDS)
def test_a_scenario_then_undo_is_identity_and_leaves_its_input_alone(seed):
    study = city(seed)
    copy = dataclasses.replace(
        study, **{name: table.copy() for name in INPUT_TABLES if (table := study.table(name)) is not None}
    )
    scenario = Scenario(tuple(every_edit(study, seed)), crs=CRS)
    there = apply_scenario(study, STANDARD, scenario)
    same_tables(study, copy)
    back, standard = undo_scenario(there, scenario, (study, STANDARD))
    same_tables(back, study)
    assert back.scenarios == study.scenarios == ()
    assert standard.digest == STANDARD.digest != there[1].digest


@FEW
@given(seed=SEEDS)
def test_undoing_the_first_of_two_scenarios_leaves_the_second_alone(seed):
    study = city(seed)
    edits = every_edit(study, seed)
    first = Scenario((edits[0], edits[1], edits[-1]), crs=CRS)
    second = Scenario((CloseCentre("c001"), ResizeCentre("c002", capacity=9)))
    now = apply_scenario(*apply_scenario(study, STANDARD, first), second)
    undone, _ = undo_scenario(now, first, (study, STANDARD))
    alone, _ = apply_scenario(study, STANDARD, second)
    same_tables(undone, alone)
    assert undone.scenarios == alone.scenarios == (ScenarioInfo("", second.sha256),)


def test_the_digest_is_of_the_edits_their_order_and_crs_and_not_of_the_name():
    one, other = CloseCentre("c001"), ResizeCentre("c002", capacity=9)
    base = Scenario((one, other), crs=CRS, name="甲")
    assert base.sha256 == Scenario((one, other), crs=CRS, name="乙").sha256
    others = [Scenario((other, one), crs=CRS), Scenario((one,), crs=CRS), Scenario((one, other))]
    assert len({base.sha256, *(each.sha256 for each in others)}) == 4


def test_an_audit_of_an_edited_study_says_so_on_every_page(tmp_path):
    study, name = plain_study(), "关一处 <script>alert(1)</script>"
    rules = geoplan.load_standard("default")
    scenario = Scenario((SetRule("walking.speed", 60.0),), name=name)
    later, slower = apply_scenario(study, rules, scenario)
    checked = geoplan.audit(later, slower)
    assert checked.provenance.scenarios == (ScenarioInfo(name, scenario.sha256),)
    said = geoplan.report.audit_as_dict(checked)
    told = [{"name": name, "sha256": scenario.sha256}]
    assert said["provenance"]["scenarios"] == said["study"]["scenarios"] == told
    geoplan.report.write_html(checked, tmp_path / "report.html")
    geoplan.report.write_excel(checked, tmp_path / "audit.xlsx")
    pages = (tmp_path / "report.html").read_text(encoding="utf-8"), geoplan.maps.audit_map(checked).html
    for page in pages:
        assert scenario.sha256[:12] in page
        assert "<script>alert(1)" not in page
    with contextlib.closing(openpyxl.load_workbook(tmp_path / "audit.xlsx", read_only=True)) as book:
        firsts = [[*sheet.values][0] for sheet in book.worksheets[1:-1]]  # noqa: RUF015 - read to the end
    assert all(any(name in str(cell) for cell in first) for first in firsts)
    compared = geoplan.compare(covered(study, rules), covered(later, slower))
    assert scenario.sha256[:12] in geoplan.maps.compare_map(later, slower, compared).html
    undone, _ = undo_scenario((later, slower), scenario, (study, rules))
    assert geoplan.report.audit_as_dict(geoplan.audit(undone, rules)) == geoplan.report.audit_as_dict(
        geoplan.audit(study, rules)
    )


def test_a_scenario_study_written_and_read_again_is_still_one(tmp_path):
    scenario = Scenario((CloseCentre("c001"),), name="关闭 一处")
    later, _ = apply_scenario(city(3), STANDARD, scenario)
    write_study(later, tmp_path / "later")
    assert geoplan.read_study(tmp_path / "later").scenarios == later.scenarios


@FEW
@given(seed=SEEDS)
def test_a_facility_added_and_premises_resized_are_counted_and_taken_back(seed):
    study = city(seed)
    premises = gpd.GeoDataFrame(
        {"community_id": ["e", "w"], "floor_area_m2": [120.0, np.nan]}, geometry=[None, None], crs=CRS,
        index=pd.Index(["p1", "p2"], dtype="str", name="premises_id"),
    )  # fmt: skip
    # a column of the user's own, of whole numbers that a new row does not have
    shops = study.facilities.assign(shelf=range(len(study.facilities)))
    study = dataclasses.replace(study, premises=premises, facilities=shops)
    at = tuple(map(float, np.random.default_rng(seed).uniform(100, 500, 2) + ORIGIN))
    scenario = Scenario(
        (AddFacility("f-new", at, "market", name="集"), ResizePremises("p1", 300.0), ResizePremises("p2", 1)),
        CRS,
    )
    assert parse_scenario(scenario_toml(scenario), "s.toml") == scenario
    there = apply_scenario(study, STANDARD, scenario)
    assert there[0].facilities.loc["f-new", ["kind", "name"]].tolist() == ["market", "集"]
    assert there[0].premises["floor_area_m2"].tolist() == [300.0, 1.0]
    assert passes(covered(study)) <= passes(covered(there[0]))
    back, _ = undo_scenario(there, scenario, (study, STANDARD))
    same_tables(back, study)


def test_a_scenario_as_toml_is_read_back_as_it_is():
    edits = (*every_edit(city(3), 3), SetProfile("elder"), SetRule("centre.minutes", 9))
    hostile = 'a "b" \\ 换\n行\t\x7f'
    scenario = Scenario((*edits, AddCentre("x", (X0, Y0), name=hostile)), crs=CRS, name=hostile)
    assert parse_scenario(scenario_toml(scenario), "s.toml") == scenario


def test_undoing_the_first_centre_of_a_study_without_any_gives_it_none():
    study = street_study(homes={"h": (100, 0, 3, 1)}, shops={"m": (200, 0, "market")})
    scenario = Scenario((AddCentre("c", (X0 + 50, Y0)),), crs=CRS)
    there = apply_scenario(study, STANDARD, scenario)
    assert there[0].centres["community_id"].tolist() == ["west"]
    assert undo_scenario(there, scenario, (study, STANDARD))[0].centres is None


@FEW
@given(seed=SEEDS)
def test_the_order_of_independent_edits_does_not_matter(seed):
    study = city(seed)
    edits = every_edit(study, seed)
    edits.append(some_link(study, np.random.default_rng(seed + 1), "another"))
    shuffled = [edits[at] for at in np.random.default_rng(seed).permutation(len(edits))]
    one, other = (with_edit(study, *each) for each in (edits, shuffled))
    assert one[1].digest == other[1].digest
    assert one[0].streets.sort_index().index.tolist() == other[0].streets.index.tolist()
    for name in INPUT_TABLES:
        left, right = one[0].table(name), other[0].table(name)
        assert sorted(left.columns) == sorted(right.columns) if left is not None else right is None
    same_reach = [covered(*each).reach for each in (one, other)]
    pd.testing.assert_frame_equal(*same_reach)


@FEW
@given(seed=SEEDS)
def test_adding_a_centre_never_lowers_coverage_and_closing_one_never_raises_it(seed):
    study = city(seed)
    today = covered(study)
    at = tuple(map(float, np.random.default_rng(seed).uniform(0, 600, 2) + ORIGIN))
    for level in ("community", "district"):
        more = covered(with_edit(study, AddCentre("new", at, level=level))[0])
        assert passes(today) <= passes(more)
        assert not compare(today, more).totals["persons_lost"].any()
    for centre in study.centres.index:
        fewer = covered(with_edit(study, CloseCentre(centre))[0])
        assert passes(fewer) <= passes(today)
        assert not compare(today, fewer).totals["persons_gained"].any()


@FEW
@given(seed=SEEDS)
def test_a_gate_opened_or_a_link_built_never_lengthens_a_walk_of_those_who_start_where_they_did(seed):
    study = dataclasses.replace(city(seed), max_snap_m=1000.0)
    gates = study.streets.index[study.streets["gate"].eq("closed").fillna(False)]
    links = [edit for edit in every_edit(study, seed) if isinstance(edit, AddLink)]
    before = covered(study)
    far = before.reach["minutes"].fillna(np.inf).to_numpy()
    for edit in [*links, *map(OpenGate, gates[:4])]:
        after = covered(with_edit(study, edit)[0])
        # a place whose nearest street is the one opened enters the network there instead, near or far
        if before.snaps["street_id"].tolist() == after.snaps["street_id"].tolist():
            assert (after.reach["minutes"].fillna(np.inf).to_numpy() <= far + 0.001).all()
            assert passes(before) <= passes(after)
        else:
            assert isinstance(edit, OpenGate)
            assert edit.street_id in after.snaps["street_id"].tolist()


def test_a_gate_opened_on_the_way_shortens_the_walk():
    study = street_study(homes={"h": (200, 5, 30, 10)}, shops={"m": (200, 105, "market")})
    ways = [[(0, 0), (1000, 0)], [(0, 0), (0, 100)], [(1000, 0), (1000, 100)], [(0, 100), (1000, 100)]]
    lines = [shapely.LineString(np.add(way, (X0, Y0))) for way in ways]
    index = pd.Index(["s1", "west", "east", "s2"], dtype="str", name="street_id")
    gate = pd.Series([None, "closed", None, None], index=index, dtype="str")
    streets = gpd.GeoDataFrame({"gate": gate}, geometry=lines, index=index, crs=CRS).sort_index()
    study = dataclasses.replace(study, streets=streets)
    there, _ = with_edit(study, OpenGate("west"))
    row = compare(covered(study), covered(there)).changes.set_index("service").loc["daily"]
    assert row["minutes_before"] == pytest.approx((800 + 100 + 800 + 10) / 67, abs=0.01)
    assert row["minutes_after"] == pytest.approx((200 + 100 + 200 + 10) / 67, abs=0.01)


@FEW
@given(seed=SEEDS)
def test_comparing_a_result_with_itself_finds_nothing_and_sums_are_those_of_the_rows(seed):
    study = city(seed)
    today = covered(study)
    nothing = compare(today, today)
    assert len(nothing.changes) == len(nothing.by_community) == 0
    assert (nothing.totals["persons_pass_before"] == nothing.totals["persons_pass_after"]).all()
    there, standard = with_edit(study, *every_edit(study, seed))
    later = covered(there, standard)
    found = compare(today, later)
    had, has = passes(today), passes(later)
    reached = found.changes[found.changes["service"] != "all_five"]
    now = reached[reached["verdict_after"].eq("pass").fillna(False)]
    now = now[~now["verdict_before"].eq("pass").fillna(False).to_numpy(bool)]
    assert set(map(tuple, now[["residence_id", "service"]].to_numpy())) == has - had
    for service, row in found.totals.iterrows():
        if service != "all_five":
            assert row["persons_pass_before"] == today.by_category.loc[service, "persons_pass"]
            assert row["persons_pass_after"] == later.by_category.loc[service, "persons_pass"]
            assert row["coverage_rate_after"] == later.by_category.loc[service, "coverage_rate"]
        assert row["residences_gained"] - row["residences_lost"] == (
            row["residences_pass_after"] - row["residences_pass_before"]
        )
    back = compare(later, today)
    assert (back.totals["persons_lost"].to_dict()) == found.totals["persons_gained"].to_dict()


def test_a_footbridge_joins_two_streets_that_nothing_joined():
    study = street_study(homes={"h": (200, -5, 30, 10)}, shops={"m": (200, 105, "market")})
    lines = [shapely.LineString([(X0, y), (X0 + 3000, y)]) for y in (Y0, Y0 + 100)]
    index = pd.Index(["s1", "s2"], dtype="str", name="street_id")
    streets = gpd.GeoDataFrame({"climb_m": [3.0, None]}, geometry=lines, index=index, crs=CRS)
    study = dataclasses.replace(study, streets=streets, max_snap_m=30.0, complete=frozenset({"*"}))
    bridge = AddLink("bridge", (X0 + 300, Y0 + 4), (X0 + 300, Y0 + 95), name="桥")
    there, _ = with_edit(study, bridge)
    changes = compare(covered(study), covered(there)).changes.set_index("service")
    assert changes.loc["daily", "change"] == "gain"
    assert np.isnan(changes.loc["daily", "minutes_before"])
    # 5 m to the street, 100 along it, 100 over, 100 back, 5 to the door
    assert changes.loc["daily", "minutes_after"] == pytest.approx(310 / 67, abs=0.01)
    assert there.streets.loc["bridge", ["kind", "level", "name"]].tolist() == ["link", "bridge", "桥"]
    assert there.streets.loc["s1"].geometry.length == 3000


def test_new_people_are_found_in_their_community_and_counted_once():
    study = street_study(homes={"h": (100, 0, 3, 1)}, centres={"c": (300, 0, "community")})
    there, _ = with_edit(study, AddResidence("n", (X0 + 3900, Y0), households=7, persons=20))
    assert there.residences.loc["n", ["community_id", "households", "persons"]].tolist() == ["east", 7, 20]
    found = compare(covered(study), covered(there))
    assert set(found.changes["change"]) == {"added"}
    assert not found.totals["residences_gained"].any()
    near, _ = with_edit(study, AddResidence("n", (X0 + 350, Y0), households=7, persons=20))
    totals = compare(covered(study), covered(near)).totals
    assert totals.loc["centre_community", ["persons_gained", "persons_lost"]].tolist() == [20, 0]


def test_a_moved_centre_forgets_its_doors_and_is_of_the_community_it_stands_in():
    study = street_study(homes={"h": (100, 0, 3, 1)}, centres={"c": (300, 0, "community")})
    doors = pd.Series([shapely.MultiPoint([(X0 + 300, Y0)])], index=["c"], dtype=object)
    centres = study.centres.assign(entrances=doors, community_id=pd.Series(["west"], ["c"], dtype="str"))
    there, _ = with_edit(dataclasses.replace(study, centres=centres), MoveCentre("c", (X0 + 3000, Y0)))
    row = there.centres.loc["c"]
    assert (row["community_id"], row.geometry.x, row["entrances"]) == ("east", X0 + 3000, None)


def test_a_walk_at_an_elder_s_pace_takes_longer():
    study = street_study(homes={"h": (100, 0, 3, 1)}, centres={"c": (400, 0, "community")})
    study, elder = with_edit(study, SetProfile("elder"))
    changes = compare(covered(study), covered(study, elder)).changes
    assert set(changes["change"]) <= {"longer", "loss"}
    assert len(changes)


@pytest.mark.parametrize("datum", ["EPSG:4326", "gcj02", "bd09"])
def test_places_may_be_in_any_crs_or_datum(datum):
    study = street_study(homes={"h": (100, 0, 3, 1)})
    lon, lat = to_lonlat(CRS, [X0 + 50], [Y0 + 5])
    if datum != "EPSG:4326":
        lon, lat = from_wgs84(lon, lat, datum)
    scenario = Scenario((AddCentre("c", (float(lon[0]), float(lat[0]))),), crs=datum)
    there, _ = apply_scenario(study, STANDARD, scenario)
    assert there.centres.geometry.iloc[0].distance(shapely.Point(X0 + 50, Y0 + 5)) < 0.1


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (CloseCentre("nowhere"), "nowhere"), (MoveCentre("nowhere", (X0, Y0)), "nowhere"),
        (ResizeCentre("nowhere", capacity=3), "nowhere"), (ResizeCentre("c"), "floor_area_m2"),
        (ResizePremises("p", 9.0), "premises"), (AddFacility("m", (Y0, X0), "market"), "crs"),
        (OpenGate("s"), "closed gate"), (AddCentre("c", (X0, Y0)), "taken"),
        (AddCentre("d", (X0, Y0), community_id="north"), "north"), (AddCentre("d", (Y0, X0)), "crs"),
        (AddResidence("h", (X0, Y0), 1, 2), "taken"), (AddLink("s", (X0, Y0), (X0 + 9, Y0)), "taken"),
        (AddLink("l", (X0, Y0 + 900), (X0, Y0)), "street"), (AddLink("l", (X0, Y0 + 3), (X0, Y0)), "apart"),
        (SetRule("walking.pace", 3.0), "walking.pace"), (SetRule("walking.speed", -3.0), "walking.speed"),
        (SetProfile("runner"), "runner"),
    ],
)  # fmt: skip
def test_an_edit_that_cannot_be_made_is_named_with_its_cure(edit, told):
    study = street_study(homes={"h": (100, 0, 3, 1)}, centres={"c": (300, 0, "community")})
    with pytest.raises(DataError) as refused:
        with_edit(study, SetRule("circle.minutes", 5.0), edit)
    assert told in str(refused.value)
    assert "edit 2" in str(refused.value)
    assert "第 2 项" in refused.value.text("zh")


def test_two_links_of_one_id_are_refused_at_the_second():
    study = street_study(homes={"h": (100, 0, 3, 1)})
    links = [AddLink("l", (X0 + x, Y0), (X0 + x + 50, Y0)) for x in (100, 500)]
    with pytest.raises(DataError, match=r"(?s)edit 2 .*taken"):
        with_edit(study, *links)


def test_a_file_says_what_the_values_say(tmp_path):
    content = """
        name = "试"
        crs = "EPSG:4544"
        [[edits]]
        edit = "add_centre"
        id = "new"
        at = [474050, 3997000.5]
        level = "district"
        [[edits]]
        edit = "set_rule"
        rule = "walking.speed"
        value = 57
        [[edits]]
        edit = "add_link"
        id = "l"
        start = [474050, 3997000]
        end = [474060, 3997000]
        [[edits]]
        edit = "add_residence"
        id = "r"
        at = [474050, 3997000]
        households = 3
        persons = 8
    """
    (tmp_path / "s.toml").write_text(content, encoding="utf-8")
    assert read_scenario(tmp_path / "s.toml") == Scenario(
        (
            AddCentre("new", (474050, 3997000.5), level="district"), SetRule("walking.speed", 57),
            AddLink("l", (474050, 3997000), (474060, 3997000)), AddResidence("r", (474050, 3997000), 3, 8),
        ),
        crs="EPSG:4544", name="试",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("edits = ", "TOML"), ("", "[[edits]]"), ("edits = 3", "[[edits]]"), ("edits = []", "[[edits]]"),
        ('run = "x"\n[[edits]]\nedit = "open_gate"\nstreet_id = "s"', "run"),
        ('[[edits]]\nedit = "explode"', "explode"), ('[[edits]]\nstreet_id = "s"', "open_gate"),
        ('[[edits]]\nedit = "open_gate"', "street_id"),
        ('[[edits]]\nedit = "open_gate"\nstreet_id = 3', "street_id"),
        ('[[edits]]\nedit = "open_gate"\nstreet_id = "s"\nurl = "x"', "url"),
        ('crs = "EPSG:4544"\n[[edits]]\nedit = "move_centre"\nid = "c"\nat = [1]', "at"),
        ('crs = "EPSG:4544"\n[[edits]]\nedit = "move_centre"\nid = "c"\nat = [nan, 1]', "at"),
        ('[[edits]]\nedit = "resize_centre"\nid = "c"\ncapacity = -1', "capacity"),
        ('[[edits]]\nedit = "resize_centre"\nid = "c"\nfloor_area_m2 = true', "floor_area_m2"),
        ('[[edits]]\nedit = "resize_centre"\nid = "c"\ncapacity = 1' + "0" * 400, "capacity"),
        ('crs = "EPSG:4544"\n[[edits]]\nedit = "move_centre"\nid = "c"\nat = [1' + "0" * 400 + ", 1]", "at"),
        ('crs = 3\n[[edits]]\nedit = "close_centre"\nid = "c"', "crs"),
        ('[[edits]]\nedit = "set_rule"\nrule = "walking.speed"\nvalue = "fast"', "value"),
        ('crs = "EPSG:4544"\n[[edits]]\nedit = "add_centre"\nid = "c"\nat = [1, 2]\nlevel = "x"', "level"),
    ],
)  # fmt: skip
def test_a_file_with_a_fault_is_refused_by_name(content, told):
    with pytest.raises(DataError) as refused:
        parse_scenario(content, "bad.toml")
    assert told in str(refused.value)
    assert told in refused.value.text("zh")


def test_every_fault_of_a_file_is_told_at_once():
    content = '[[edits]]\nedit = "explode"\n[[edits]]\nedit = "open_gate"\n'
    with pytest.raises(DataError) as refused:
        parse_scenario(content, "bad.toml")
    assert "edit 1" in str(refused.value)
    assert "edit 2" in str(refused.value)


def test_places_without_a_crs_or_in_one_that_is_none_are_refused(tmp_path):
    with pytest.raises(CrsError, match="crs"):
        Scenario((MoveCentre("c", (1.0, 2.0)),))
    study = street_study(homes={"h": (100, 0, 3, 1)}, centres={"c": (300, 0, "community")})
    with pytest.raises(DataError, match="edit 1"):
        apply_scenario(study, STANDARD, Scenario((MoveCentre("c", (1.0, 2.0)),), crs="nonsense"))
    with pytest.raises(DataError, match="absent"):
        read_scenario(tmp_path / "absent.toml")


def test_every_edit_has_a_word_and_the_tables_are_as_declared():
    assert list(EDITS) == sorted(EDITS)
    study = city(1)
    found = compare(covered(study), covered(*with_edit(study, *every_edit(study, 1))))
    for name, table in (
        ("scenario_changes", found.changes), ("scenario_communities", found.by_community),
        ("scenario_totals", found.totals),
    ):  # fmt: skip
        schema = RESULT_TABLES[name]
        columns = [column.name for column in schema.columns if column.name != schema.key]
        assert [one for one in table.columns if one != "geometry"] == columns
    assert found.changes.crs == CRS


def test_an_audit_compares_like_its_coverage_and_one_without_walks_is_refused():
    study = city(3)
    there, standard = with_edit(study, *every_edit(study, 3))
    by_audit = compare(geoplan.audit(study, STANDARD), geoplan.audit(there, standard))
    by_coverage = compare(covered(study), covered(there, standard))
    pd.testing.assert_frame_equal(by_audit.totals, by_coverage.totals)
    pd.testing.assert_frame_equal(pd.DataFrame(by_audit.changes), pd.DataFrame(by_coverage.changes))
    bare = dataclasses.replace(study, streets=None)
    with pytest.raises(DataError, match="residences, streets"):
        compare(geoplan.audit(bare, STANDARD), geoplan.audit(study, STANDARD))
