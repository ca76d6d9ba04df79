"""What walking costs under a standard."""

from __future__ import annotations

from geoplan.network.graph import Costs, WalkNetwork
from geoplan.standards.standard import Standard

__all__ = ["walking_costs"]


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
