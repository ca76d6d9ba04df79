"""
Colours as colour-blind people and a grey printer show them.

The simulation is that of Machado, Oliveira and Fernandes (2009) at full severity; differences are CIEDE2000.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from geoplan.maps import palette

SIGHT = {
    "usual": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = TO_XYZ @ np.ones(3)


def fills(styles):
    return [one["fillColor"] for one in styles.values()]


CLASSES = {
    "verdicts": fills(palette.VERDICT_STYLES),
    "siting": fills(palette.SITING_STYLES),
    "changes": fills(palette.CHANGE_STYLES),
    "sides": fills(palette.SIDE_STYLES),
    "tiers": fills(palette.TIER_STYLES),
    "rates": list(palette.RATE_COLOURS),
}
"""Classes told apart by colour alone, each against each."""
STEPS = {"rates": palette.RATE_COLOURS, "completeness": palette.COMPLETENESS_COLOURS}
"""Classes in order, each told from the next."""


def lab(colour, sight="usual"):
    """Return a colour's lightness and its two opponents, as somebody sees it."""
    coded = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(SIGHT[sight]) @ linear, 0, 1)
    x, y, z = (
        np.cbrt(one) if one > (6 / 29) ** 3 else one / (3 * (6 / 29) ** 2) + 4 / 29
        for one in TO_XYZ @ seen / WHITE
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def difference(one, other):
    """Return the CIEDE2000 difference of two colours in Lab (Sharma, Wu and Dalal 2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    boost = 1 + 0.5 * (1 - np.sqrt(mean**7 / (mean**7 + 25**7)))
    a1, a2 = a1 * boost, a2 * boost
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    grey = c1 * c2 == 0
    turn = 0.0 if grey else (h2 - h1 + 180) % 360 - 180
    middle = h1 + h2 if grey else (h1 + turn / 2) % 360
    dl, dc, dh = l2 - l1, c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    lm, cm = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1 - 0.17 * np.cos(np.radians(middle - 30)) + 0.24 * np.cos(np.radians(2 * middle))
        + 0.32 * np.cos(np.radians(3 * middle + 6)) - 0.20 * np.cos(np.radians(4 * middle - 63))
    )  # fmt: skip
    sl = 1 + 0.015 * (lm - 50) ** 2 / np.sqrt(20 + (lm - 50) ** 2)
    sc, sh = 1 + 0.045 * cm, 1 + 0.015 * cm * t
    turned = (
        -2 * np.sqrt(cm**7 / (cm**7 + 25**7)) * np.sin(np.radians(60 * np.exp(-(((middle - 275) / 25) ** 2))))
    )
    return np.sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + turned * (dc / sc) * (dh / sh))


@pytest.mark.parametrize(
    ("one", "other", "known"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.5, 0), (61, -5, 29), 22.8977),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_difference_is_that_of_the_published_pairs(one, other, known):
    assert difference(one, other) == pytest.approx(known, abs=1e-4)


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("name", CLASSES)
def test_classes_told_by_colour_are_apart_for_everybody(name, sight):
    for one, other in itertools.combinations(CLASSES[name], 2):
        assert difference(lab(one, sight), lab(other, sight)) > 10, (one, other)


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("name", STEPS)
def test_each_step_is_darker_than_the_one_before_for_everybody_and_in_grey(name, sight):
    lightness = [lab(colour, sight)[0] for colour in STEPS[name]]
    assert all(one - other > 5 for one, other in itertools.pairwise(lightness))
    for one, other in itertools.pairwise(STEPS[name]):
        assert difference(lab(one, sight), lab(other, sight)) > 5


def test_verdicts_differ_in_grey_print():
    light = [lab(colour)[0] for colour in CLASSES["verdicts"]]
    assert min(abs(one - other) for one, other in itertools.combinations(light, 2)) > 8
    rims = [lab(one["color"])[0] for one in palette.VERDICT_STYLES.values()]
    assert min(abs(one - other) for one, other in itertools.combinations(rims, 2)) > 15


def test_what_colours_alone_do_not_tell_apart_in_grey_another_sign_does():
    dashes = {(one["color"], one.get("dashArray"), one["weight"]) for one in palette.CUT_STYLES.values()}
    assert len(dashes) == len(palette.CUT_STYLES)
    sizes = [(one["radius"], one["weight"]) for one in palette.CHANGE_STYLES.values()]
    assert len(set(sizes)) == len(sizes)
