"""The command ``geoplan``: registers the commands and turns errors into one plain message."""

from __future__ import annotations

import os
import sys

import typer

from geoplan.cli.audit import audit
from geoplan.cli.blocks import blocks
from geoplan.cli.check import check
from geoplan.cli.common import EXIT_UNUSABLE, error_lang
from geoplan.cli.compare import compare
from geoplan.cli.dossier import dossier
from geoplan.cli.export import export
from geoplan.cli.figures import figures
from geoplan.cli.fixes import fixes
from geoplan.cli.network import network
from geoplan.cli.new import new
from geoplan.cli.phases import phases
from geoplan.cli.report import report
from geoplan.cli.serve import serve
from geoplan.cli.site import site
from geoplan.cli.split import split
from geoplan.cli.standards import standards
from geoplan.cli.warmup import warmup
from geoplan.errors import GeoplanError
from geoplan.messages import text

__all__ = ["app", "main"]

app = typer.Typer(
    name="geoplan",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,  # plain help needs no rich, and comes at once
    help="Check 15-minute service circles on real streets, and plan what is missing.",
)
app.command()(check)
app.command()(audit)
app.command()(figures)
app.command()(report)
app.command()(network)
app.command()(new)
app.command()(blocks)
app.command()(split)
app.command()(dossier)
app.command()(phases)
app.command()(site)
app.command()(compare)
app.command()(fixes)
app.command()(export)
app.command()(serve)
app.command()(standards)
app.command()(warmup)


def main() -> None:
    """
    Run the command line.

    Exit status: 0 done, whatever the verdicts; 1 a check found faults; 2 unusable input or usage.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        app()
    except GeoplanError as error:
        sys.stderr.write(f"{text('cli.error', error_lang())}{error.text(error_lang())}\n")
        sys.exit(EXIT_UNUSABLE)
    except OSError as error:
        sys.stderr.write(
            f"{text('cli.error', error_lang())}{error.strerror or error}: {error.filename or ''}\n"
        )
        sys.exit(EXIT_UNUSABLE)
    except Exception as error:
        if os.environ.get("GEOPLAN_TRACEBACK"):
            raise
        told = text("cli.internal", error_lang(), what=f"{type(error).__name__}: {error}")
        sys.stderr.write(f"{text('cli.error', error_lang())}{told}\n")
        sys.exit(EXIT_UNUSABLE)
