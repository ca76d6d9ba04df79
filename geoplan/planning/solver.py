"""The one way to a HiGHS solver: silent, on one thread, the same every time."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

import highspy

__all__ = ["make_highs"]


def make_highs(**options: Any) -> Any:
    """
    Return a HiGHS solver without output, on one thread, with a fixed seed.

    Parameters
    ----------
    options
        Further options of HiGHS, by their names.
    """
    with _no_banner():
        highs = highspy.Highs()  # type: ignore[no-untyped-call]
    fixed = {"output_flag": False, "threads": 1, "random_seed": 0}
    for name, value in {**fixed, **options}.items():
        highs.setOptionValue(name, value)
    return highs


@contextlib.contextmanager
def _no_banner() -> Iterator[None]:
    """HiGHS writes a banner past Python when it is made, before it can be told not to."""
    try:
        sys.stdout.flush()
        kept = os.dup(1)
    except (OSError, ValueError, AttributeError):  # no standard output at all
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a file descriptor is wanted
            os.dup2(nowhere.fileno(), 1)
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
