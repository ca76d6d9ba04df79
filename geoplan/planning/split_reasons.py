"""Plain causes for which no split exists, before any search."""

from __future__ import annotations

from typing import Any

import numpy as np

from geoplan.planning.graphs import Neighbours, pieces_of
from geoplan.planning.instance import SplitCosts

__all__ = ["split_reasons"]


def split_reasons(costs: SplitCosts) -> list[tuple[str, dict[str, Any]]]:
    """
    Return the plain causes for which no split exists; empty if only a search can tell.

    Returns
    -------
    Message keys ``reason.split_*`` with their parameters; ``units`` holds row numbers.
    """
    found: list[tuple[str, dict[str, Any]]] = []
    if costs.parts > costs.units:
        found.append(("reason.split_parts", {"parts": costs.parts, "compounds": costs.units}))
    if costs.lower > costs.upper:
        found.append(("reason.split_limits", {"lower": costs.lower, "upper": costs.upper}))
    large = np.flatnonzero(costs.households > costs.upper)
    if len(large):
        found.append(("reason.split_large", {"units": large.tolist(), "upper": costs.upper}))
    if costs.seats:
        standing = len(set(costs.seat_unit.tolist()))
        if standing < costs.parts:
            found.append(("reason.split_seats", {"seats": standing, "parts": costs.parts}))
        if costs.seat_fixed.sum() > costs.parts:
            found.append(("reason.split_fixed", {"seats": int(costs.seat_fixed.sum()), "parts": costs.parts}))
        far = np.flatnonzero(~costs.walk_allowed.any(axis=1))
        if len(far):
            found.append(("reason.split_far", {"units": far.tolist()}))
    pieces = pieces_of(Neighbours.of(costs, passable=True), range(costs.units))
    small = [piece for piece in pieces if costs.households[piece].sum() < costs.lower]
    for piece in small:
        held = int(costs.households[piece].sum())
        found.append(
            ("reason.split_island", {"units": piece.tolist(), "households": held, "lower": costs.lower})
        )
    if len(pieces) > costs.parts:
        found.append(("reason.split_pieces", {"pieces": len(pieces), "parts": costs.parts}))
    return found
