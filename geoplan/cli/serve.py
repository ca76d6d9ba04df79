"""``geoplan serve``: the coverage-query service over one study."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from geoplan._optional import import_extra
from geoplan.cli.common import (
    LangOption,
    ProfileOption,
    StandardOption,
    choose_lang,
    error_lang,
)
from geoplan.errors import DataError
from geoplan.messages import text

__all__ = ["serve"]

_APP = "geoplan_api.app:create_app"
_PROTOCOL = "geoplan_api.protocol:PatientProtocol"
_STOP_SECONDS = 20
_BACKLOG = 512

StudyOption = Annotated[
    Path | None,
    typer.Argument(metavar="STUDY", help="Study folder, with study.toml in it.", show_default=False),
]
HostOption = Annotated[str, typer.Option("--host", help="Address to listen at; 0.0.0.0 is every one.")]
PortOption = Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen at.")]
WorkersOption = Annotated[int, typer.Option("--workers", min=1, max=64, help="Processes that answer.")]
StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state", metavar="DIR", show_default=False,
        help="Folder for the stored audit and the jobs; default: out/<study>/service.",
    ),
]  # fmt: skip
KeyOption = Annotated[
    bool, typer.Option("--new-key", help="Print a new key, and its hash for the settings; serve nothing.")
]


def serve(
    study: StudyOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    workers: WorkersOption = 1,
    standard: StandardOption = None,
    profile: ProfileOption = "default",
    state: StateOption = None,
    lang: LangOption = None,
    new_key: KeyOption = False,
) -> None:
    """Serve a study: coverage of any point, the audit's tables, OGC API - Features, a web page."""
    language = choose_lang(lang)
    if new_key:
        key = secrets.token_urlsafe(32)
        typer.echo(text("cli.serve_key", language, secret=key, hash=hashlib.sha256(key.encode()).hexdigest()))
        return
    chosen = study or (Path(os.environ["GEOPLAN_STUDY"]) if "GEOPLAN_STUDY" in os.environ else None)
    if chosen is None:
        raise DataError("error.service_no_study")
    uvicorn = import_extra("uvicorn", extra="api")
    import_extra("fastapi", extra="api")
    from geoplan.io.study_toml import read_config

    read_config(chosen)  # a folder that is none is told here, not in a log
    # the processes that answer are told through the environment, as uvicorn starts them anew
    told = {"STUDY": str(chosen.resolve()), "HOST": host, "PORT": str(port), "WORKERS": str(workers)}
    told |= {} if standard is None else {"STANDARD": standard}
    told |= {} if profile == "default" else {"PROFILE": profile}
    told |= {} if state is None else {"STATE_DIR": str(state)}
    told |= {} if lang is None else {"LANG": error_lang()}
    os.environ.update({f"GEOPLAN_{name}": value for name, value in told.items()})
    if workers > 1:
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="geoplan-metrics-"))
    typer.echo(text("cli.serving", language, study=chosen.name, address=f"http://{host}:{port}/"), err=True)
    uvicorn.run(
        _APP,
        factory=True,
        host=host,
        port=port,
        workers=workers if workers > 1 else None,
        http=_PROTOCOL,
        ws="none",
        access_log=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_STOP_SECONDS,
        log_level="warning",
    )
