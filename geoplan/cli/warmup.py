"""``geoplan warmup``: compile the searches ahead, so that the first large audit need not."""

from __future__ import annotations

import time

from geoplan.cli.common import LangOption, choose_lang
from geoplan.messages import text

__all__ = ["warmup"]


def warmup(lang: LangOption = None) -> None:
    """Compile the fast searches ahead; they are kept for later runs."""
    language = choose_lang(lang)
    from rich.console import Console

    from geoplan.network.warmup import compile_searches, numba_is_installed

    console = Console(highlight=False, soft_wrap=True)
    if not numba_is_installed():
        console.print(text("warmup.no_numba", language), markup=False)
        return
    started = time.perf_counter()
    compile_searches()
    seconds = f"{time.perf_counter() - started:.1f}"
    console.print(text("warmup.done", language, seconds=seconds), markup=False)
