"""Audits to write: one plain, one whose every name tries to run, one with almost nothing in it."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import pandas as pd
import shapely

from geoplan.model.study import LayerInfo
from geoplan.standards.parse import load_standard
from geoplan.workflow import audit
from tests.studies import CRS, X0, Y0, street_study

SCRIPT = "<script>window.ran=1;alert(1)</script>"
TICK = "`${window.ran=2}` {{7*7}} \\u0041"
FORMULA = '=HYPERLINK("http://evil.invalid","x")'
CLOSING = "</script><img src=x onerror='window.ran=3'>"
COMMAND = "=cmd|'/C calc'!A0"


def plain_study(**settings):
    """Return a street with homes near and far, shops of two categories, and centres of both levels."""
    study = street_study(
        homes={
            "r1": (100, 10, 300, 100),
            "r2": (900, 10, 120, 40),
            "r3": (3600, 10, 90, 30),
            "r4": (2000, 420, 50, None),
        },
        shops={
            "f1": (150, -5, "market"),
            "f2": (200, -5, "clinic"),
            "f3": (300, -5, "bank"),
            "f4": (350, -5, "police"),
            "f5": (400, -5, "park"),
        },
        centres={"c1": (500, 5, "district"), "c2": (700, 5, "community")},
        **settings,
    )
    homes = study.residences.assign(name=["幸福里", "和平苑", "滨河家园", "山上"])
    shops = study.facilities.assign(name=["菜市场", "诊所", "银行", "派出所", "公园"])
    centres = study.centres.assign(name=["区中心", "社区中心"])
    communities = study.communities.assign(
        households=pd.array([3547, 900], dtype="Int64"), persons=pd.array([9000, 2500], dtype="Int64")
    )
    premises = gpd.GeoDataFrame(
        {
            "community_id": ["east", "west", "west"],
            "name": ["东阵地", "西阵地", "新阵地"],
            "floor_area_m2": [150.0, 800.0, None],
        },
        geometry=[None, shapely.Point(X0 + 600, Y0 + 50), None],
        index=pd.Index(["p1", "p2", "p3"], name="premises_id"),
        crs=CRS,
    )
    barriers = gpd.GeoDataFrame(
        {"kind": ["river"], "severity": ["impassable"], "name": ["黄河"]},
        geometry=[shapely.LineString([(X0, Y0 - 300), (X0 + 4000, Y0 - 300)])],
        index=pd.Index(["b1"], name="barrier_id"),
        crs=CRS,
    )
    return dataclasses.replace(
        study,
        name="试验区",
        lang="zh",
        synthetic=True,
        estimated=("residences.persons",),
        attribution=("© OpenStreetMap contributors, ODbL",),
        data_date="2025-06-01",
        layers=(LayerInfo("residences", "homes.gpkg", "ab" * 32, CRS, "utf-8", 5, 4),),
        quarantine=ledger(["-4"]),
        residences=homes,
        facilities=shops,
        centres=centres,
        communities=communities,
        premises=premises,
        barriers=barriers,
    )


def ledger(values):
    """Return a quarantine with one fault a value."""
    count = len(values)
    return pd.DataFrame(
        {
            "table": pd.Series(["residences"] * count, dtype="str"),
            "row": pd.array(range(1, count + 1), dtype="Int64"),
            "id": pd.Series([f"q{number}" for number in range(count)], dtype="str"),
            "column": pd.Series(["persons"] * count, dtype="str"),
            "value": pd.Series(values, dtype="str"),
            "code": pd.Series(["fault.below_minimum"] * count, dtype="str"),
            "effect": pd.Series(["set_aside"] * count, dtype="str"),
        }
    )


def hostile_study():
    """Return the plain study with every free text trying to run."""
    study = plain_study()
    nasty = [SCRIPT, TICK, CLOSING, FORMULA, COMMAND]
    return dataclasses.replace(
        study,
        study_id="hostile",
        name=f"{SCRIPT}{TICK}{CLOSING}",
        attribution=(f"{SCRIPT}{TICK}", CLOSING),
        estimated=(SCRIPT,),
        data_date=CLOSING,
        quarantine=ledger(nasty),
        residences=study.residences.assign(name=[SCRIPT, TICK, CLOSING, FORMULA]),
        facilities=study.facilities.assign(name=nasty),
        centres=study.centres.assign(name=[SCRIPT + TICK, CLOSING]),
        communities=study.communities.assign(name=[SCRIPT, CLOSING + TICK]),
        premises=study.premises.assign(name=[FORMULA, SCRIPT, COMMAND]),
    )


def plain_audit():
    """Return the audit of the plain study."""
    return audit(plain_study(), load_standard("default"))


def hostile_audit():
    """Return the audit of the hostile study, under a standard with hostile names."""
    standard = load_standard("default")
    categories = tuple(
        dataclasses.replace(one, en=SCRIPT + TICK, zh=CLOSING + one.zh, source=SCRIPT, clause=CLOSING)
        for one in standard.categories
    )
    return audit(
        hostile_study(), dataclasses.replace(standard, en=SCRIPT, zh=CLOSING + TICK, categories=categories)
    )


def bare_audit():
    """Return an audit that knows communities only: no network, no map of homes."""
    study = plain_study()
    only = dict.fromkeys(("residences", "facilities", "centres", "premises", "streets", "barriers"))
    return audit(dataclasses.replace(study, **only), load_standard("default"))
