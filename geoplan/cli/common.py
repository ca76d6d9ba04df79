"""What every command shares: options, language, errors, progress, JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoplan.messages import Lang, text

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from geoplan.standards.standard import Standard

__all__ = [
    "EXIT_FAULTS",
    "EXIT_UNUSABLE",
    "JsonOption",
    "LangChoice",
    "LangOption",
    "OutOption",
    "ProfileOption",
    "Progress",
    "QuietOption",
    "ReviewOption",
    "StandardOption",
    "StudyArgument",
    "choose_lang",
    "error_lang",
    "fault_rows",
    "file_stem",
    "load_pack",
    "print_faults",
    "progress_bar",
    "write_json",
]

EXIT_FAULTS = 1
EXIT_UNUSABLE = 2
_FAULTS_SHOWN = 50

Progress = Callable[[str, int, int], None]
"""``progress(stage, done, total)``; ``stage`` is a message key ``stage.*``."""


class LangChoice(StrEnum):
    """Languages of the output."""

    zh = "zh"
    en = "en"


StudyArgument = Annotated[Path, typer.Argument(metavar="STUDY", help="Study folder, with study.toml in it.")]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Folder for the files written.", show_default=False),
]
JsonOption = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Write the full result as JSON.", show_default=False),
]
LangOption = Annotated[
    LangChoice | None,
    typer.Option("--lang", help="Language of the output; default: the study's.", show_default=False),
]
StandardOption = Annotated[
    str | None,
    typer.Option(
        "--standard", metavar="ID|FILE", help="Standard pack; default: the study's.", show_default=False
    ),
]
ProfileOption = Annotated[
    str,
    typer.Option("--profile", metavar="ID", help="Walking profile of the standard, such as elder."),
]
ReviewOption = Annotated[
    str, typer.Option("--review-number", metavar="TEXT", help="Review number of the maps (审图号).")
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")]

_chosen: list[Lang] = ["en"]


def choose_lang(option: LangChoice | None, default: Lang = "en") -> Lang:
    """Return the language asked for, else ``default``; errors from here on speak it too."""
    lang: Lang = default if option is None else option.value
    _chosen[0] = lang
    return lang


def error_lang() -> Lang:
    """Return the language in which errors are told."""
    return _chosen[0]


def load_pack(folder: Path, stated: str, asked: str | None) -> Standard:
    """
    Load the standard pack asked for, else the one a study states.

    Parameters
    ----------
    folder
        Study folder; a file that the study names is relative to it.
    stated
        The study's own: an id or a file.
    asked
        ``--standard``: an id or a file, or None.
    """
    from geoplan.standards.parse import load_standard

    pack = asked or stated
    if not pack.endswith(".toml"):
        return load_standard(pack)
    return load_standard(Path(pack) if asked else folder / pack)


@contextmanager
def progress_bar(lang: Lang, *, quiet: bool) -> Iterator[Progress]:
    """Show a bar on standard error while the block runs; yield the function that moves it."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _stage, _done, _total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def move(stage: str, done: int, total: int) -> None:
            bar.update(task, description=text(stage, lang), completed=done, total=total)

        yield move


def fault_rows(quarantine: pd.DataFrame, lang: Lang) -> list[dict[str, Any]]:
    """Return the ledger as plain data, each row with its reason and cure."""
    from geoplan.model.validate import fault_text

    return [
        {**row, "row": int(row["row"]), "reason": fault_text(row, lang)}
        for row in quarantine.astype(object).to_dict("records")
    ]


def print_faults(console: Console, quarantine: pd.DataFrame, lang: Lang) -> None:
    """Print the ledger: the first rows, and how many there are."""
    from rich.markup import escape
    from rich.table import Table

    from geoplan.model.tables import INPUT_TABLES

    rows = fault_rows(quarantine, lang)
    if not rows:
        console.print(text("cli.check_clean", lang))
        return
    faults = Table(title=text("cli.check_faults", lang), title_justify="left")
    for column in ("table", "row", "id", "effect", "reason"):
        faults.add_column(text(f"cli.check_{column}", lang), overflow="fold")
    for row in rows[:_FAULTS_SHOWN]:
        title, effect = INPUT_TABLES[row["table"]].title(lang), text(f"effect.{row['effect']}", lang)
        faults.add_row(*map(escape, (title, str(row["row"]), row["id"], effect, row["reason"])))
    console.print(faults)
    if len(rows) > _FAULTS_SHOWN:
        console.print(text("cli.check_more", lang, count=len(rows) - _FAULTS_SHOWN))
    set_aside = int((quarantine["effect"] == "set_aside").sum())
    console.print(text("cli.check_count", lang, count=len(rows), set_aside=set_aside))


def write_json(content: Any, file: Path) -> None:
    """Write plain data as UTF-8 JSON to ``file``; ``-`` is standard output."""
    written = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    if str(file) == "-":
        sys.stdout.write(written)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(written, encoding="utf-8")


def file_stem(ident: str) -> str:
    """Return an id as part of a file's name: signs that a file system may not take become ``_``."""
    return "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in ident)
