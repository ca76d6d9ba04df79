"""What walking costs under a standard."""

from __future__ import annotations

import math

from geoplan.network.graph import Costs, WalkNetwork
from geoplan.standards.standard import Standard

__all__ = ["fastest_m_per_min", "walking_costs"]


def walking_costs(network: WalkNetwork, standard: Standard) -> Costs:
    """
    Return what walking a network costs under a standard.

    Parameters
    ----------
    network
        The network.
    standard
        Rules used: ``walking.speed``, ``walking.steps_factor``, ``walking.slope_rate``,
        ``walking.slope_shift`` and ``walking.crossing_delay``; those of a profile after
        `Standard.with_profile`. What the pack does not state of slopes and crossings is left out.

    Raises
    ------
    UnknownStandardError
        If the pack states no speed or steps factor.
    NetworkError
        If a rule is out of range.

    Examples
    --------
    >>> import geoplan
    >>> network = geoplan.walk_network(geoplan.read_study("data/monaco"))
    >>> elder = geoplan.load_standard("default").with_profile("elder")
    >>> walking_costs(network, elder).speed_m_per_min
    50.0
    """

    def stated(rule_id: str) -> float:
        rule = standard.get(rule_id)
        return 0.0 if rule is None else float(rule.value)

    return network.costs(
        speed_m_per_min=standard.number("walking.speed"),
        steps_factor=standard.number("walking.steps_factor"),
        slope_rate=stated("walking.slope_rate"),
        slope_shift=stated("walking.slope_shift"),
        crossing_delay_s=stated("walking.crossing_delay"),
    )


def fastest_m_per_min(standard: Standard) -> float:
    """
    Return a speed that nobody exceeds: on the flat, on steps or down a slope [m/min].

    Parameters
    ----------
    standard
        Rules used: those of `walking_costs`.

    Examples
    --------
    >>> import geoplan
    >>> round(fastest_m_per_min(geoplan.load_standard("default")), 1)
    79.8
    """
    fastest = standard.number("walking.speed") / min(1.0, standard.number("walking.steps_factor"))
    rate, shift = (standard.get(f"walking.slope_{one}") for one in ("rate", "shift"))
    if rate is not None and shift is not None:
        fastest *= math.exp(float(rate.value) * float(shift.value))
    return fastest
