"""
Pages of the site that are made from the code: names, commands, tables, standards, errors.

A hook of MkDocs. The notebooks are taken from where they live; nothing is written into ``docs``.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
import typer
from latex2mathml.converter import convert
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File
from mkdocs.utils import get_relative_url

import geoplan as gp
from geoplan import errors
from geoplan.cli.app import app
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.schema import TableSchema
from geoplan.model.tables import INPUT_TABLES
from geoplan.standards.catalogue import list_standards
from geoplan.standards.parse import load_standard

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
_SHIM = "assets/javascripts/iframe-worker.js"
_CDN_SHIM = "https://unpkg.com/iframe-worker/shim"


@event_priority(100)  # before the plugin that turns notebooks into pages
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages and the notebooks."""
    for name, make in _PAGES.items():
        files.append(File.generated(config, f"reference/{name}.md", content=make()))
    files.append(
        File.generated(
            config, _SHIM, abs_src_path=str(Path(__file__).parent / "vendor/iframe-worker/iframe-worker.js")
        )
    )
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        files.append(
            File(f"notebooks/{notebook.name}", str(ROOT), config.site_dir, config.use_directory_urls)
        )
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Turn formulae between double dollars into MathML, which browsers draw without a script."""
    if page.file.src_uri.endswith(".ipynb"):
        return markdown
    return re.sub(
        r"\$\$(.+?)\$\$",
        lambda found: f"<div>{convert(found[1], display='block')}</div>",
        markdown,
        flags=re.S,
    )


def on_post_page(output: str, page: Page, **_: object) -> str:
    """Let the search of a site opened from a folder take its script from the site, not from a CDN."""
    return output.replace(_CDN_SHIM, get_relative_url(_SHIM, page.url))


def on_post_template(output_content: str, **_: object) -> str:
    """Do the same for the page of what was not found."""
    return output_content.replace(_CDN_SHIM, _SHIM)


def python_page() -> str:
    """Return the page of every public name."""
    lines = [
        "# Python names",
        "",
        "`import geoplan as gp` gives these names; each is resolved on first use.",
        "",
    ]
    for name in gp.__all__:
        found = getattr(gp, name)
        if not inspect.ismodule(found) and not _is_error(found):  # errors have a page of their own
            lines += [f"::: {found.__module__}.{found.__qualname__}", ""]
    for room in (gp.maps, gp.report):
        lines += [f"# `gp.{room.__name__.rpartition('.')[2]}`", ""]
        for name in room.__all__:
            found = getattr(room, name)
            lines += [f"::: {found.__module__}.{found.__qualname__}", ""]
    return "\n".join(lines)


def _is_error(found: object) -> bool:
    return inspect.isclass(found) and issubclass(found, errors.GeoplanError)


def commands_page() -> str:
    """Return the page of every command and option."""
    group = typer.main.get_command(app)
    lines = ["# Commands", "", inspect.cleandoc(group.help or ""), ""]
    for name, command in group.commands.items():
        context = click.Context(command, info_name=f"geoplan {name}")
        lines += [f"## geoplan {name}", "", inspect.cleandoc(command.help or ""), "", "```text"]
        lines += [command.get_usage(context), "```", "", "| | |", "|---|---|"]
        for parameter in command.get_params(context):
            record = parameter.get_help_record(context)
            if record:
                option = " ".join(record[0].split()).replace("|", "\\|")  # code: no entities
                lines.append(f"| `{option}` | {_cell(record[1])} |")
        lines.append("")
    return "\n".join(lines)


def tables_page() -> str:
    """Return the page of every table and column."""
    lines = [
        "# Tables",
        "",
        "Every table is declared once; reading, checking and writing follow this declaration.",
        "",
    ]
    for title, tables in (("Input tables", INPUT_TABLES), ("Result tables", RESULT_TABLES)):
        lines += [f"## {title}", ""]
        for schema in tables.values():
            lines += _table(schema)
    return "\n".join(lines)


def _table(schema: TableSchema) -> list[str]:
    about = [f"One row is {schema.row}."]
    if schema.key:
        about.append(f"Key: `{schema.key}`.")
    if schema.geometry:
        about.append(
            f"Geometry: {', '.join(schema.geometry)}{'' if schema.geometry_required else ' (optional)'}."
        )
    lines = [f"### {schema.name}", "", f"{schema.en} · {schema.zh}", "", " ".join(about), ""]
    lines += ["| column | kind | 中文 | meaning |", "|---|---|---|---|"]
    for one in schema.columns:
        kind = one.kind if not one.unit else f"{one.kind} [{one.unit}]"
        needed = " **Required.**" if one.required else ""
        choices = f" One of {', '.join(f'`{choice}`' for choice in one.choices)}." if one.choices else ""
        lines.append(f"| `{one.name}` | {kind} | {_cell(one.zh)} | {_cell(one.meaning)}{choices}{needed} |")
    return [*lines, ""]


def standards_page() -> str:
    """Return the page of every shipped pack: each rule with clause, source and status."""
    lines = [
        "# Standard packs",
        "",
        "Each threshold is data, with its clause, source and status. "
        "What a pack takes from the default pack is not repeated.",
        "",
    ]
    everything = list_standards()
    basic = everything[everything["standard"] == "default"].drop(columns="standard")
    basis = set(basic.itertuples(index=False, name=None))
    for pack in everything["standard"].unique():
        standard = load_standard(pack)
        rows = everything[everything["standard"] == pack]
        taken = [
            pack != "default" and row in basis
            for row in rows.drop(columns="standard").itertuples(index=False, name=None)
        ]
        own = rows[~np.array(taken)]
        lines += [f"## {pack}", "", f"{standard.en} · {standard.zh}", ""]
        lines += ["| rule | value | clause | source | status |", "|---|---|---|---|---|"]
        for row in own.itertuples():
            limit = f"{_cell(row.comparison)} {row.value} {row.unit}"
            about = f"{_cell(row.clause)} | {_cell(row.source)} | {row.status}"
            lines.append(f"| `{row.rule}` | {limit} | {about} |")
        lines.append("")
    return "\n".join(lines)


def errors_page() -> str:
    """Return the tree of errors."""
    lines = [
        "# Errors",
        "",
        "Every error says what is wrong, in which rows, and what cures it.",
        "",
        "```text",
    ]
    lines += _branch(errors.GeoplanError, 0)
    return "\n".join(
        [*lines, "```", "", "::: geoplan.errors", "    options:", "      show_root_heading: false", ""]
    )


def _branch(kind: type[BaseException], depth: int) -> list[str]:
    also = [base.__name__ for base in kind.__bases__ if base.__module__ == "builtins"]
    lines = ["   " * depth + kind.__name__ + (f" (also {', '.join(also)})" if also else "")]
    for child in kind.__subclasses__():
        lines += _branch(child, depth + 1)
    return lines


def _cell(words: str) -> str:
    return " ".join(str(words).split()).replace("|", "\\|").replace("<", "&lt;")


_PAGES = {
    "python": python_page,
    "commands": commands_page,
    "tables": tables_page,
    "standards": standards_page,
    "errors": errors_page,
}
