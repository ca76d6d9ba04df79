from __future__ import annotations

import numpy as np

from bench import siting
from bench.siting import siting_case, town


def test_the_same_town_every_time_with_walks_in_whole_milliseconds():
    walks, persons = town(50, 7, seed=3)
    again, _ = town(50, 7, seed=3)
    assert np.array_equal(walks, again)
    assert walks.shape == (50, 7)
    assert walks.dtype == np.int64
    assert persons.min() > 0


def test_without_the_peer_the_case_says_why(monkeypatch):
    monkeypatch.setattr(siting, "why_not", lambda _module: "no wheel")
    result = siting_case(1)
    assert not result.rows
    assert [(one.peer, one.reason) for one in result.absent] == [("spopt", "no wheel")]
