"""What a point reaches, as plain data."""

from __future__ import annotations

from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import shapely

import geoplan as gp
from geoplan.analysis.centres_reached import CentresReached
from geoplan.analysis.points import PointCoverage, PointReach, ServiceReach
from geoplan.messages import Lang, text
from geoplan.model.tables import CENTRE_LEVELS
from geoplan.network.snap import Snaps
from geoplan.report.headline import banners
from geoplan.report.words import service_name
from geoplan.units import MS_PER_MINUTE, minutes_to_ms
from geoplan_api.served import Served

__all__ = ["CAUSE_OF_REASON", "Desk", "desk_of", "head"]

CAUSE_OF_REASON = {
    "reason.no_data": "unknown_data",
    "reason.residence_not_on_network": "bad_snap",
    "reason.not_on_network": "bad_snap",
    "reason.no_facility": "no_facility",
    "reason.too_few": "no_facility",
}
"""Causes that the reason itself tells; the others need the engine to run again."""


class _Place(NamedTuple):
    name: str | None
    kind: str | None


def head(served: Served, standard: gp.Standard, lang: Lang) -> dict[str, Any]:
    """Return what every answer says of the pack and of the data, rendered once."""

    def make() -> dict[str, Any]:
        study = served.study
        return {
            "standard": orjson.Fragment(
                orjson.dumps({"id": standard.id, "name": standard.name(lang), "digest": standard.digest})
            ),
            "study": orjson.Fragment(
                orjson.dumps(
                    {
                        "id": study.study_id,
                        "name": study.name,
                        "synthetic": study.synthetic,
                        "estimated": list(study.estimated),
                        "data_date": study.data_date,
                        "attribution": list(study.attribution),
                        "banner": " ".join(banners(served.audit, lang)),
                        "generation": served.generation,
                    }
                )
            ),
        }

    found: dict[str, Any] = served.kept(("head", standard.id, lang), make)
    return found


def desk_of(served: Served, standard_id: str | None, lang: Lang) -> Desk:
    """Return what answers points under a pack in a language, made at its first use."""
    points = served.points(standard_id)
    found: Desk = served.kept(("desk", points.standard.id, lang), lambda: Desk(served, points, lang))
    return found


class Desk:
    """
    Answer points of one study under one pack in one language.

    Parameters
    ----------
    served
        The study.
    points
        What answers single points under the pack.
    lang
        Language of names and sentences; codes and figures are the same in both.
    """

    def __init__(self, served: Served, points: PointCoverage, lang: Lang) -> None:
        study = served.study
        self.served, self.points, self.lang = served, points, lang
        self.standard = points.standard
        self.head = head(served, points.standard, lang)
        self._names = {one: service_name(points.standard, one, lang) for one in points.services}
        self._places = {
            "facilities": _places(study.facilities, "kind"),
            "centres": _places(study.centres, "level"),
        }
        self._communities = _Communities(study)
        self._words: dict[str, str] = {}
        self._centres, self._centre_ids = None, list(self._places["centres"])
        if study.centres is not None:
            limit_ms = minutes_to_ms(points.standard.number("centre.minutes"))
            self._centres = CentresReached(
                points.network, points.costs, points.snaps["centres"], limit_ms=limit_ms
            )

    def answer(
        self, x: float, y: float, lonlat: tuple[float, float], minutes: float | None
    ) -> dict[str, Any]:
        """
        Return what one point reaches.

        Parameters
        ----------
        x, y
            Place in the study's CRS.
        lonlat
            The same in degrees.
        minutes
            One limit in place of the standard's [min].
        """
        point = shapely.Point(x, y)
        found = self.points.at(point, minutes=minutes)
        return {
            "lon": lonlat[0],
            "lat": lonlat[1],
            "verdict": found.verdict,
            "community": self._communities.at(point),
            "snap": self._snap(found, x, y),
            "services": [self._service(one) for one in found.services],
            "centres": self._reached(found, minutes),
            "minutes": minutes,
            **self.head,
        }

    def communities_of(self, points: npt.NDArray[np.object_]) -> list[str | None]:
        """Return the id of the community each point lies in."""
        return self._communities.of(points)

    def place_of(self, service: str, place_id: str | None) -> _Place:
        """Return name and kind of a facility, or name and level of a centre."""
        if place_id is None:
            return _NOBODY
        return self._places["centres" if service.startswith("centre_") else "facilities"][place_id]

    def _said(self, key: str) -> str:
        """Return a sentence without placeholders, looked up once."""
        found = self._words.get(key)
        if found is None:
            found = self._words[key] = text(key, self.lang)
        return found

    def _service(self, one: ServiceReach) -> dict[str, Any]:
        place = self.place_of(one.service, one.nearest_id)
        cause = CAUSE_OF_REASON.get(one.reason) if one.verdict != "pass" else None
        reached = one.nearest_id is not None
        return {
            "service": one.service,
            "name": self._names[one.service],
            "verdict": one.verdict,
            "minutes": one.minutes if reached else None,
            "metres": one.metres if reached else None,
            "limit_minutes": one.limit_minutes,
            "margin_minutes": one.margin_minutes if reached else None,
            "nearest_id": one.nearest_id,
            "nearest_name": place.name,
            "nearest_kind": place.kind,
            "reason": one.reason,
            "reason_text": self._said(one.reason),
            "cause": cause,
            "cause_text": None if cause is None else self._said(f"cause.{cause}"),
            "obstacle": None,
            "clause": one.clause,
        }

    def _snap(self, found: PointReach, x: float, y: float) -> dict[str, Any]:
        if found.edge < 0:
            reason = self.points.snapper.reason(x, y)
            return {
                "snap_m": None, "street_id": None, "lon": None, "lat": None,
                "reason": reason, "reason_text": text(reason, self.lang),
            }  # fmt: skip
        network = self.points.network
        foot = shapely.line_interpolate_point(network.edge_geometry[found.edge], found.offset_m)
        lon, lat = self.served.positions.lonlat(foot.x, foot.y)
        return {
            "snap_m": found.snap_m, "street_id": str(network.edge_street[found.edge]), "lon": lon, "lat": lat,
            "reason": "", "reason_text": "",
        }  # fmt: skip

    def _reached(self, found: PointReach, minutes: float | None) -> dict[str, list[dict[str, Any]]]:
        levels: dict[str, list[dict[str, Any]]] = {level: [] for level in CENTRE_LEVELS}
        if self._centres is None or found.foot is None:
            return levels
        limit = self.standard.number("centre.minutes") if minutes is None else minutes
        snaps = Snaps(
            owner=np.zeros(1, np.int64), owners=1, edge=np.array([found.edge]),
            offset_m=np.array([found.offset_m]), snap_m=np.array([found.snap_m]),
        )  # fmt: skip
        for ms, row in self._centres.at(found.foot, snaps, limit_ms=minutes_to_ms(limit)):
            centre_id = self._centre_ids[row]
            place = self._places["centres"][centre_id]
            if place.kind in levels:
                levels[place.kind].append(
                    {"centre_id": centre_id, "name": place.name, "minutes": ms / MS_PER_MINUTE}
                )
        return levels


_NOBODY = _Place(None, None)


def _places(table: gpd.GeoDataFrame | None, kind: str) -> dict[str, _Place]:
    if table is None:
        return {}
    names = _words(table, "name")
    return {
        str(one): _Place(name, what)
        for one, name, what in zip(table.index, names, _words(table, kind), strict=True)
    }


def _words(table: gpd.GeoDataFrame, column: str) -> list[str | None]:
    if column not in table:
        return [None] * len(table)
    return [None if pd.isna(one) else str(one) for one in table[column]]


class _Communities:
    """Find the community a point lies in: of several, the one with the lowest id."""

    def __init__(self, study: gp.Study) -> None:
        table = study.communities
        self._rows: list[dict[str, Any]] = []
        if table is not None:
            self._rows = [
                {"community_id": str(one), "name": name}
                for one, name in zip(table.index, _words(table, "name"), strict=True)
            ]
            shapes = table.geometry.to_numpy()
            shapely.prepare(shapes)
            self._tree = shapely.STRtree(shapes)

    def at(self, point: shapely.Point) -> dict[str, Any] | None:
        if not self._rows:
            return None
        found = self._tree.query(point, predicate="intersects")
        return self._rows[int(found.min())] if len(found) else None

    def of(self, points: npt.NDArray[np.object_]) -> list[str | None]:
        ids: list[str | None] = [None] * len(points)
        if self._rows:
            point, row = self._tree.query(points, predicate="intersects")
            order = np.lexsort((row, point))[::-1]
            for at, one in zip(point[order].tolist(), row[order].tolist(), strict=True):
                ids[at] = self._rows[one]["community_id"]
        return ids
