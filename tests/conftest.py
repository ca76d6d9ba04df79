from __future__ import annotations

from hypothesis import settings

# runs are repeatable: a failure found once is found again
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
