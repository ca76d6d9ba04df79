"""The ground: a winding river bank, the valley floor north of it, and the hills behind.

Everything is laid out on a straight drawing board first and then bent onto the ground. On the board, ``s``
runs east along the strip and ``t`` north from the river bank, both in metres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

__all__ = [
    "CRS", "EXPRESSWAY_T", "LENGTH_M", "MIDDLE_T", "NORTH_T", "RAILWAY_T", "RIVERSIDE_T", "Floats", "Terrain",
    "density",
]  # fmt: skip

Floats = npt.NDArray[np.float64]

CRS = "EPSG:4544"
WEST_X = 371_250.0
LENGTH_M = 19_000.0
RIVERSIDE_T, MIDDLE_T, RAILWAY_T, NORTH_T, EXPRESSWAY_T = 130.0, 1_120.0, 1_900.0, 2_420.0, 3_060.0
"""Centrelines on the board: the riverside, middle and north arterials, the railway and the expressway."""

_BANK = [
    (370_600, 3_999_950), (372_400, 3_999_750), (374_000, 3_998_750), (376_200, 3_998_850),
    (378_300, 3_997_900), (380_400, 3_996_700), (382_300, 3_996_850), (384_300, 3_996_000),
    (386_200, 3_996_250), (388_000, 3_995_650), (389_600, 3_995_900), (391_000, 3_995_500),
]  # fmt: skip
_FLOOR_DEPTH = [
    (0, 0.72), (2_500, 0.78), (5_500, 0.98), (9_000, 1.18), (12_000, 1.12),
    (15_500, 1.0), (17_500, 0.86), (19_000, 0.74),
]  # fmt: skip
_DENSITY = [
    (0, 0.5),
    (3_500, 0.62),
    (5_500, 0.85),
    (8_500, 1.0),
    (13_000, 1.05),
    (16_500, 1.08),
    (19_000, 0.95),
]
_WAVES = 5
_RIVER_M = 260.0


def density(s: float, t: float) -> float:
    """Return how closely the town is built: about 1 in the middle, less in the west and below the hills."""
    along = float(np.interp(s, *np.transpose(_DENSITY)))
    return along * float(np.interp(t, [0, 900, 2_000, 3_100, 4_000], [1.0, 1.05, 1.0, 0.75, 0.6]))


def _smooth(points: Sequence[tuple[float, float]], width: float) -> tuple[Floats, Floats]:
    """Return a polyline densely sampled and rounded off over ``width`` metres."""
    x, y = np.transpose(np.array(points, float))
    dense = np.arange(x[0], x[-1] + 1, 25.0)
    window = np.hanning(int(width / 25))
    padded = np.pad(np.interp(dense, x, y), len(window), mode="reflect", reflect_type="odd")
    rounded = np.convolve(padded, window / window.sum(), mode="same")[len(window) : -len(window)]
    return dense, rounded


_BANK_LINE = _smooth(_BANK, 1_500)
_VALLEY_LINE = _smooth(_BANK, 6_500)


@dataclass(frozen=True)
class Terrain:
    """
    How the board is bent onto the ground.

    Parameters
    ----------
    waves
        One row a wave: wave numbers along ``s`` and ``t`` [1/m], phase, amplitudes of ``x`` and ``y`` [m].
    ridge
        Board points of the northern limit, west to east.
    """

    waves: Floats
    ridge: Floats

    @classmethod
    def make(cls, rng: np.random.Generator) -> Terrain:
        """Draw the bends and the ridge."""
        length = rng.uniform(1_300, 3_800, _WAVES)
        heading = rng.uniform(0, 2 * np.pi, _WAVES)
        waves = np.column_stack(
            [
                2 * np.pi * np.cos(heading) / length,
                2 * np.pi * np.sin(heading) / length,
                rng.uniform(0, 2 * np.pi, _WAVES),
                length * rng.uniform(0.006, 0.014, _WAVES),
                length * rng.uniform(0.006, 0.014, _WAVES),
            ]
        )
        s = np.linspace(0, LENGTH_M, 64)
        depth = np.interp(s, [0, 4_000, 9_000, 13_000, 19_000], [900, 1_300, 1_500, 1_250, 850])
        ridge_t = EXPRESSWAY_T + depth + np.convolve(rng.normal(0, 170, 66), [0.25, 0.5, 0.25], "valid")
        return cls(waves, np.column_stack([s, ridge_t]))

    def place(self, board: Floats) -> Floats:
        """
        Return ground coordinates of board points.

        Parameters
        ----------
        board
            Array of (s, t) [m].

        Returns
        -------
        Array of (x, y) in `CRS`, to the centimetre.
        """
        s, t = board[:, 0], board[:, 1]
        swing = np.sin(s[:, None] * self.waves[:, 0] + t[:, None] * self.waves[:, 1] + self.waves[:, 2])
        near, far = _BANK_LINE, _VALLEY_LINE
        # the bank winds; further north lines follow the valley, and cross streets stand across it
        away = np.clip(t / 1_700, 0, 1)
        bank = np.interp(WEST_X + s, *near) * (1 - away) + np.interp(WEST_X + s, *far) * away
        lean = -0.8 * np.interp(WEST_X + s, far[0], np.gradient(far[1], far[0]))
        x = WEST_X + s + t * lean + swing @ self.waves[:, 3]
        depth = np.interp(s, *np.transpose(_FLOOR_DEPTH))
        # bends fade out towards the bank, which keeps its line
        y = bank + t * depth + np.clip(t / 600, 0, 1) * (swing @ self.waves[:, 4])
        return np.round(np.column_stack([x, y]), 2)

    def bend(self, shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
        """Return board shapes on the ground; their vertices are moved, none are added."""
        return np.asarray(shapely.transform(shapes, self.place), dtype=object)

    def line(self, t: float, *, step_m: float = 60.0) -> shapely.LineString:
        """Return the line that runs the whole strip at one ``t``."""
        s = np.arange(0, LENGTH_M + 1, step_m)
        return shapely.LineString(self.place(np.column_stack([s, np.full(len(s), t)])))

    def river(self, bank_s: Floats) -> shapely.Polygon:
        """
        Return the river: its north bank is the south edge of the strip.

        Parameters
        ----------
        bank_s
            Where along the bank the strip's edge has vertices.
        """
        bank = self.place(np.column_stack([bank_s, np.zeros(len(bank_s))]))
        width = _RIVER_M + 45 * np.sin(bank_s / 1_700)
        far = np.round(bank - np.column_stack([np.zeros(len(bank_s)), width]), 2)
        return shapely.Polygon(np.vstack([bank, far[::-1]]))
