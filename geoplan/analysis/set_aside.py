"""
How far rows set aside could move a count: bounds that hold wherever those rows belong.

A row in quarantine has no place and often no kind that can be used, so nothing is assumed of either.

==========  ================================================================================================
homes       all fail, or all pass. Each counts as a used home does on average (an estimate: their own figures
            are not known), and in every community, as any of them may lie in it.
places      facilities for categories, centres for centre services: as is, or each at the best spot there is.
            A place helps nobody farther off than a straight line within the limit, so `n` of them help at
            most `n` times what fails within one such circle, wherever it lies, and at most all that fails.
streets     as is, or straight lines everywhere: all pass to whom what they need is near enough by air.
==========  ================================================================================================

What has no bound is told as such (`unbounded`): a street set aside may be nearer to a door than the street
it meets today, and lead nowhere; a barrier set aside may lie across any access leg. Both may lower a figure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from geoplan.analysis.straight import doors_of, fastest_m_per_min, nearest_by_air
from geoplan.model.result_tables import CENTRE_SERVICES
from geoplan.model.study import Study
from geoplan.network.graph import BoolArray, FloatArray
from geoplan.standards.standard import Standard

__all__ = ["SetAside", "rows_set_aside", "unbounded"]

_CELLS_PER_REACH = 4
_MOST_CELLS = 4_000_000
_LOWERING = ("streets", "barriers")


def rows_set_aside(study: Study) -> dict[str, int]:
    """Return how many rows of each input table were set aside."""
    aside = study.quarantine[study.quarantine["effect"] == "set_aside"]
    rows = aside.drop_duplicates(["table", "row"])
    return {str(table): len(own) for table, own in rows.groupby("table")}


def unbounded(study: Study) -> str:
    """Return the tables whose rows set aside could lower a rate by nobody knows how much, comma-separated."""
    lost = rows_set_aside(study)
    return ",".join(one for one in _LOWERING if one in lost)


@dataclass(frozen=True, eq=False)
class SetAside:
    """
    Bounds for the services of one study.

    Parameters
    ----------
    study, standard
        What was decided, and by which rules.
    reach
        Table ``reach``.
    """

    study: Study
    standard: Standard
    reach: pd.DataFrame

    def by_air(self, service: str) -> BoolArray:
        """Tell the homes from which what a service needs is near enough in a straight line."""
        rows = self.reach[self.reach["service"] == service]
        _, air_m = nearest_by_air(self.study, self.standard, rows)
        return np.asarray(air_m <= rows["limit_minutes"].to_numpy(float) * fastest_m_per_min(self.standard))

    def helped(self, service: str | None, failing: FloatArray) -> float:
        """
        Return the most that places set aside could add.

        Parameters
        ----------
        service
            A service of ``reach``; None for all categories together.
        failing
            What each home adds once it passes; 0 where it passes already.

        Returns
        -------
        A bound that may exceed all that fails.
        """
        table = "centres" if service in CENTRE_SERVICES else "facilities"
        count = rows_set_aside(self.study).get(table, 0)
        if not count or not failing.any():
            return 0.0
        of_categories = ~self.reach["service"].isin(CENTRE_SERVICES)
        rows = self.reach[of_categories if service is None else self.reach["service"] == service]
        reach_m = float(rows["limit_minutes"].max()) * fastest_m_per_min(self.standard)
        boxes = shapely.bounds(doors_of(self.study.need("residences")[0]))
        known = ~np.isnan(boxes).any(axis=1) & (failing > 0)
        if not known.any():
            return 0.0
        low, high = boxes[known, :2], boxes[known, 2:]
        around_m = float(np.hypot(*(high - low).T).max()) / 2
        most = _most_in_a_circle((low + high) / 2, failing[known], reach_m + around_m)
        return count * most


def _most_in_a_circle(xy: FloatArray, weight: FloatArray, radius_m: float) -> float:
    """Return no less than the weight in any circle: that of the heaviest square of cells that holds one."""
    cell_m = max(radius_m / _CELLS_PER_REACH, 1e-6)
    while np.prod(np.ptp(xy, axis=0) / cell_m + 1) > _MOST_CELLS:
        cell_m *= 2
    side = int(np.ceil(2 * radius_m / cell_m)) + 1
    at = np.floor((xy - xy.min(axis=0)) / cell_m).astype(np.int64)
    grid = np.zeros(at.max(axis=0) + 1)
    np.add.at(grid, (at[:, 0], at[:, 1]), weight)
    sums = np.pad(grid, ((1, side), (1, side))).cumsum(axis=0).cumsum(axis=1)
    rows, columns = (np.arange(1 - side, size) for size in grid.shape)

    def upto(row: np.ndarray, column: np.ndarray) -> FloatArray:
        return np.asarray(sums[np.clip(row, 0, None)[:, None], np.clip(column, 0, None)[None, :]])

    square = upto(rows + side, columns + side) - upto(rows, columns + side)
    square = square - upto(rows + side, columns) + upto(rows, columns)
    return float(square.max())
