"""Many points at once: one bad point gets its own error, the rest their answers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely

from geoplan.messages import text
from geoplan.units import ms_to_minutes
from geoplan_api.answers import Desk
from geoplan_api.problems import ProblemError
from geoplan_api.schemas import BatchQuestion

__all__ = ["answer_batch", "points_of"]

_Spot = tuple[float, float] | dict[str, Any]


def points_of(question: BatchQuestion, most: int) -> list[Any]:
    """
    Return the coordinates asked for, one entry a point, whatever stands there.

    Raises
    ------
    ProblemError
        422 if it is neither points nor features, or both; 413 if there are too many.
    """
    if (question.points is None) == (question.features is None):
        raise ProblemError(422, "problem.batch_shape")
    if question.points is not None:
        found = question.points
    else:
        found = [_coordinates(one) for one in question.features or ()]
    if len(found) > most:
        raise ProblemError(413, "problem.too_many_points", count=len(found), most=most)
    return found


def _coordinates(feature: Any) -> Any:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return None
    return geometry.get("coordinates")


def answer_batch(desk: Desk, question: BatchQuestion, points: list[Any]) -> dict[str, Any]:
    """
    Return what each point reaches.

    Parameters
    ----------
    desk
        What answers points.
    question
        CRS and limit are taken from it.
    points
        Of `points_of`.
    """
    spots = [_spot(desk, one, question.crs) for one in points]
    good = [number for number, one in enumerate(spots) if isinstance(one, tuple)]
    results: list[Any] = list(spots)
    xy = np.array([spots[number] for number in good], np.float64).reshape(-1, 2)
    for number, row in zip(good, _rows(desk, xy, question.minutes), strict=True):
        results[number] = row
    return {
        "count": len(points),
        "errors": len(points) - len(good),
        "services": desk.points.services,
        "results": results,
        "minutes": question.minutes,
        **desk.head,
    }


def _spot(desk: Desk, given: Any, crs: str) -> _Spot:
    """Return where a point is in the study's CRS, or what is wrong with it."""
    if not (isinstance(given, list | tuple) and len(given) in (2, 3) and all(map(_is_number, given[:2]))):
        return _refused(text("problem.no_coordinates", desk.lang))
    try:
        return desk.served.positions.into_study(float(given[0]), float(given[1]), crs)
    except ProblemError as error:
        return _refused(text(error.key, desk.lang, **error.params))


def _is_number(value: Any) -> bool:
    # compared, not converted: a whole number may be too large for a float
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e308 < value < 1e308


def _refused(detail: str) -> dict[str, Any]:
    return {"error": {"status": 422, "detail": detail}}


def _rows(desk: Desk, xy: np.ndarray, minutes: float | None) -> list[dict[str, Any]]:
    """Return the answers to good points."""
    if not len(xy):
        return []
    points = shapely.points(xy)
    snaps, found = desk.points.many(points, minutes=minutes)
    columns = []
    for part in found.values():
        walked = ms_to_minutes(part.nearest.ms).tolist()
        columns.append(
            [
                {
                    "verdict": verdict,
                    "minutes": None if nearest is None else walk,
                    "nearest_id": nearest,
                    "reason": reason,
                }
                for verdict, walk, nearest, reason in zip(
                    part.verdict.tolist(), walked, part.nearest_id.tolist(), part.reason.tolist(), strict=True
                )
            ]
        )
    return [
        {
            "verdict": verdict,
            "community_id": community,
            "snap_m": None if math.isnan(snap_m) else snap_m,
            "services": services,
        }
        for verdict, community, snap_m, services in zip(
            desk.points.verdicts(found).tolist(), desk.communities_of(points), snaps.snap_m.tolist(),
            _by_point(list(found), columns), strict=True,
        )
    ]  # fmt: skip


def _by_point(services: list[str], columns: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [dict(zip(services, row, strict=True)) for row in zip(*columns, strict=True)]
