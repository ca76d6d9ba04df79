"""Slow, obvious answers to hold the fast ones against."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import shapely

from geoplan.units import UNREACHED_MS

MS_PER_MINUTE = 60_000


def split_graph(network, costs, *groups):
    """
    Return a networkx graph of the network with every entrance as a node of its own.

    Each edge carrying entrances is cut at every one of them, in each direction by that direction's time.
    Nodes are junction numbers, and ("door", group, entry) for the entrance itself, joined to its foot on
    the street by its access leg. Feet in one spot are joined both ways at no cost.
    """
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(network.node_count))
    feet = {}
    for group, snaps in enumerate(groups):
        for entry, edge in enumerate(snaps.edge):
            if edge >= 0:
                feet.setdefault(int(edge), []).append((group, entry))
                leg = float(snaps.snap_m[entry])
                access = round(leg / costs.speed_m_per_min * MS_PER_MINUTE)
                foot, door = ("foot", group, entry), ("door", group, entry)
                graph.add_edge(foot, door, ms=access, metres=leg)
                graph.add_edge(door, foot, ms=access, metres=leg)
    backward = costs.edge_ms if costs.edge_back_ms is None else costs.edge_back_ms
    for edge in range(network.edge_count):
        length = float(network.edge_length_m[edge])
        stops = [(0.0, int(network.edge_u[edge])), (length, int(network.edge_v[edge]))]
        for group, entry in feet.get(edge, []):
            stops.append((float(groups[group].offset_m[entry]), ("foot", group, entry)))
        run = [stops[0], *sorted(stops[2:], key=lambda stop: stop[0]), stops[1]]
        for cost, onward in ((int(costs.edge_ms[edge]), True), (int(backward[edge]), False)):
            for (m_a, a), (m_b, b) in pairwise(run):
                if cost == UNREACHED_MS and m_a != m_b:
                    continue
                walked = 0 if m_a == m_b else round(m_b / length * cost) - round(m_a / length * cost)
                tail, head = (a, b) if onward else (b, a)
                graph.add_edge(tail, head, ms=walked, metres=m_b - m_a)
    return graph


def walking_times(network, costs, places, targets):
    """Return the matrix of walking times [ms] (places x targets) by networkx; inf where none leads."""
    graph = split_graph(network, costs, places, targets)
    times = np.full((places.owners, targets.owners), np.inf)
    for entry, edge in enumerate(places.edge):
        if edge < 0:
            continue
        found = nx.single_source_dijkstra_path_length(graph, ("door", 0, entry), weight="ms")
        for other, other_edge in enumerate(targets.edge):
            door = ("door", 1, other)
            if other_edge >= 0 and door in found:
                at = places.owner[entry], targets.owner[other]
                times[at] = min(times[at], found[door])
    return times


def nearest_edge(network, point, cap):
    """Return the nearest enterable edge and its distance, by looking at every one."""
    best, best_distance = -1, np.inf
    for edge in range(network.edge_count):
        if network.edge_enterable[edge]:
            distance = shapely.distance(network.edge_geometry[edge], point)
            if distance < best_distance:
                best, best_distance = edge, distance
    return (best, best_distance) if best_distance <= cap else (-1, np.nan)
