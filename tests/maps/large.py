"""A large study with walks made up at random: how heavy its map is, not what it says."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.analysis.coverage import CoverageResult
from geoplan.model.result_tables import VERDICTS
from geoplan.model.study import Study
from geoplan.standards.standard import Standard
from geoplan.workflow import Audit, audit_of_coverage
from tests.studies import CRS, X0, Y0

ORIGIN = np.array([X0, Y0])


def large_audit(standard: Standard, count: int, *, seed: int = 0) -> Audit:
    """
    Return an audit of so many homes over 20 km by 20 km, with streets, shops and centres in proportion.

    Its walks are drawn from the air-line distances, so that verdicts gather in quarters as they do in a city.
    """
    rng = np.random.default_rng(seed)
    quarters = rng.uniform(1000, 19_000, (60, 2))
    at = np.round(quarters[rng.integers(0, 60, count)] + rng.normal(0, 900, (count, 2)), 1)
    homes = pd.Index([f"r{number:06d}" for number in range(count)], name="residence_id")
    persons = rng.integers(20, 900, count)
    residences = gpd.GeoDataFrame(
        {
            "name": [f"第{one}大院{two}号楼" for one, two in rng.integers(1, 999, (count, 2))],
            "persons": pd.array(persons, dtype="Int64"),
            "households": pd.array(persons // 3 + 1, dtype="Int64"),
        },
        geometry=shapely.points(at + ORIGIN), index=homes, crs=CRS,
    )  # fmt: skip
    shops = _points(
        rng, max(50, count // 20), "f", "facility_id", kind=lambda n: rng.choice(["market", "clinic"], n)
    )
    centres = _points(rng, 60, "c", "centre_id", level=lambda n: rng.choice(["district", "community"], n))
    study = Study(
        study_id="large", name="大区", crs=CRS, lang="zh", synthetic=True, residences=residences,
        facilities=shops, centres=centres, streets=_streets(rng, min(20_000, count // 5)),
    )  # fmt: skip
    services = [one.id for one in standard.categories] + ["centre_any", "centre_district", "centre_community"]
    reach = pd.concat([_reach(rng, study, service, at) for service in services], ignore_index=True)
    return audit_of_coverage(study, standard, _result(study, reach, services[:-3]))


def _points(rng, count, letter, key, **columns):
    index = pd.Index([f"{letter}{number:05d}" for number in range(count)], name=key)
    data = {"name": [f"{letter}{number}号" for number in range(count)]}
    data |= {name: make(count) for name, make in columns.items()}
    places = shapely.points(np.round(rng.uniform(0, 20_000, (count, 2)), 1) + ORIGIN)
    return gpd.GeoDataFrame(data, geometry=places, index=index, crs=CRS)


def _streets(rng, count):
    start = np.round(rng.uniform(0, 20_000, (count, 2)), 1)
    ends = start + np.where(rng.random((count, 1)) < 0.5, [[150.0, 0.0]], [[0.0, 150.0]])
    lines = shapely.linestrings(np.stack([start, ends], axis=1) + ORIGIN)
    index = pd.Index([f"s{number:05d}" for number in range(count)], name="street_id")
    return gpd.GeoDataFrame({"kind": ["street"] * count}, geometry=lines, index=index, crs=CRS)


def _reach(rng, study, service, at):
    places = study.centres if service.startswith("centre_") else study.facilities
    tree = shapely.STRtree(places.geometry.to_numpy())
    near = tree.nearest(study.residences.geometry.to_numpy())
    target = shapely.get_coordinates(places.geometry.to_numpy())[near] - ORIGIN
    metres = np.hypot(*(at - target).T) * rng.uniform(1.1, 1.6, len(at))
    minutes = metres / 67
    lost = rng.random(len(at)) < 0.02
    verdict = np.where(lost, "unknown", np.where(minutes <= 15, "pass", "fail"))
    reasons = {"unknown": "reason.snap_too_far", "pass": "reason.within", "fail": "reason.too_far"}
    return pd.DataFrame(
        {
            "residence_id": study.residences.index,
            "service": service,
            "minutes": np.where(lost, np.nan, minutes),
            "metres": np.where(lost, np.nan, metres),
            "nearest_id": places.index[near].to_series().mask(lost).to_numpy(),
            "limit_minutes": 15.0,
            "verdict": verdict,
            "reason": pd.Series(verdict).map(reasons),
        }
    )


def _result(study, reach, categories):
    of = reach[reach["service"].isin(categories)].groupby("residence_id")["verdict"]
    worst = of.agg(
        lambda one: "fail" if "fail" in set(one) else "unknown" if "unknown" in set(one) else "pass"
    )
    homes = study.residences.assign(verdict_all_five=worst, buffer_any_centre=True)
    for level in ("any", "district", "community"):
        own = reach[reach["service"] == f"centre_{level}"].set_index("residence_id")["verdict"]
        homes[f"verdict_{level}_centre"] = own
    assert set(homes["verdict_all_five"]) <= set(VERDICTS)
    rows = {"persons": 0, "persons_unknown": 0, "coverage_rate": 0.5}
    by_category = pd.DataFrame(
        {name: [value] * len(categories) for name, value in rows.items()}, index=categories
    )
    return CoverageResult(
        reach=reach, completeness=homes, by_category=by_category, by_community=None,
        by_community_category=None, gaps=homes.iloc[:0], snaps=pd.DataFrame(), places=None,
    )  # fmt: skip
