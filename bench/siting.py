"""Case h: siting, against spopt with CBC on the same matrices. Objectives must be equal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bench.measure import Absent, Result, interleave, row
from bench.peers import quiet, why_not
from geoplan.planning.siting_from_costs import (
    lscp_from_costs,
    mclp_from_costs,
    p_centre_from_costs,
    p_median_from_costs,
)
from geoplan.units import MS_PER_MINUTE

__all__ = ["siting_case", "town"]

_SPEED = 67.0
_LIMIT_MS = 15 * MS_PER_MINUTE
_P = 10
_WANTED = 1.0


def town(demands: int, candidates: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return walks [ms] of demand x candidates strewn over a square, and persons."""
    random = np.random.default_rng(seed)
    side = 180.0 * np.sqrt(demands)
    homes, sites = random.random((demands, 2)) * side, random.random((candidates, 2)) * side
    metres = np.abs(homes[:, None] - sites[None]).sum(axis=2)
    return np.rint(metres / _SPEED * MS_PER_MINUTE).astype(np.int64), random.integers(10, 500, demands)


def siting_case(rounds: int) -> Result:
    """Time LSCP and MCLP at 2,000 x 200, p-median and p-centre at sizes that CBC can do, and then alone."""
    result = Result()
    reason = why_not("spopt.locate")
    if reason:
        result.absent.append(Absent("h", "-", "spopt", reason))
        return result
    for name, size, ours, theirs in _tasks():
        sample = interleave({"geoplan": ours, "spopt": theirs}, rounds)
        mine, other = sample["geoplan"].answer, sample["spopt"].answer
        agrees = "equal" if mine == other else f"{mine:,.0f} against {other:,.0f}"
        result.rows.append(
            row(
                ("h", size, name),
                "spopt, CBC",
                sample["geoplan"],
                sample["spopt"],
                agrees=agrees,
                reach=_WANTED,
            )
        )
    wide, persons = town(2000, 200, seed=1)
    alone = interleave(
        {"p-median": lambda: p_median_from_costs(wide, p=_P, weights=persons).status,
         "p-centre": lambda: p_centre_from_costs(wide, p=_P).status},
        rounds,
    )  # fmt: skip
    for name, sample in alone.items():
        told = (
            f"{name}: 400,000 columns, not given to CBC; geoplan {sample.answer} in {sample.median_s:.1f} s"
        )
        result.absent.append(Absent("h", "2,000 x 200", "spopt", told))
    return result


def _tasks() -> list[tuple[str, str, Callable[[], float], Callable[[], float]]]:
    """Return name, size, and both calls; each returns its objective as a whole number."""
    wide, persons = town(2000, 200, seed=1)
    small, few = town(600, 60, seed=2)
    tiny, _ = town(200, 30, seed=3)
    unreached = wide.min(axis=1) > _LIMIT_MS
    near, near_persons = wide[~unreached], persons[~unreached]  # spopt's LSCP has no answer otherwise
    return [
        ("LSCP", "2,000 x 200", lambda: lscp_from_costs(near, limit=_LIMIT_MS).objective,
         lambda: _spopt("LSCP", near, _LIMIT_MS)),
        ("MCLP", "2,000 x 200",
         lambda: mclp_from_costs(near, limit=_LIMIT_MS, p=_P, weights=near_persons).objective,
         lambda: _spopt("MCLP", near, near_persons, _LIMIT_MS, _P)),
        ("p-median", "600 x 60", lambda: p_median_from_costs(small, p=_P, weights=few).objective,
         lambda: _spopt("PMedian", small, few, _P)),
        ("p-centre", "200 x 30", lambda: p_centre_from_costs(tiny, p=_P).objective,
         lambda: _spopt("PCenter", tiny, _P)),
    ]  # fmt: skip


def _spopt(model: str, *arguments: Any) -> float:
    import pulp
    from spopt import locate

    with quiet():
        made = getattr(locate, model).from_cost_matrix(*arguments)
        made = made.solve(pulp.PULP_CBC_CMD(msg=False, threads=1))
    return float(round(pulp.value(made.problem.objective)))
