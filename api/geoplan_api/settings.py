"""What the service is told from outside: environment variables that begin with ``GEOPLAN_``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from geoplan.messages import Lang

__all__ = ["Settings"]

_HASH = re.compile(r"(?:[\w.-]{1,64}:)?[0-9a-f]{64}")


class Settings(BaseSettings):
    """
    Everything the service can be told; each field is the variable ``GEOPLAN_<FIELD>``.

    Lists are separated by commas. Nothing is read when this module is imported: only when it is called.
    """

    model_config = SettingsConfigDict(env_prefix="GEOPLAN_", frozen=True, extra="ignore")

    study: Path | None = Field(default=None, description="Study folder.")
    standard: str | None = Field(
        default=None, description="Standard pack, an id or a file; unset: the study's own."
    )
    profile: str = Field(default="default", description="Walking profile of the pack.")
    lang: Lang | None = Field(
        default=None, description="Language of answers that ask for none; unset: that of the study."
    )
    state_dir: Path | None = Field(
        default=None,
        description="Where the stored audit and the jobs are kept; unset: ``out/<study folder>/service``.",
    )

    host: str = Field(default="127.0.0.1", description="Address to listen at.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen at.")
    workers: int = Field(default=1, ge=1, le=64, description="Processes that answer.")

    api_key_hashes: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="SHA-256 of each key as hex, with a name before it if wanted: ``office:9f86…``.",
    )
    key_tries_per_minute: int = Field(
        default=60, ge=0, description="Wrong keys a minute that a client may send; 0: no limit."
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Origins whose pages may ask; none: only pages of the service itself."
    )

    max_body_bytes: int = Field(default=4_000_000, gt=0, description="Largest body.")
    max_points: int = Field(default=10_000, gt=0, description="Most points of a batch.")
    max_minutes: float = Field(
        default=60.0, gt=0, le=600, description="Longest walk that may be asked for [min]."
    )
    max_edits: int = Field(default=20, gt=0, description="Most edits of a scenario.")
    max_concurrency: int = Field(
        default=64, gt=0, description="Requests answered at a time, in each process."
    )
    max_heavy: int = Field(
        default=8,
        gt=0,
        description="Of these, requests that compute for more than a moment, waiting ones included.",
    )
    heavy_threads: int = Field(default=2, gt=0, description="Threads that compute, in each process.")
    rate_per_minute: int = Field(
        default=0, ge=0, description="Requests a minute of one client, in each process; 0: no limit."
    )
    heavy_rate_per_minute: int = Field(
        default=240, ge=0, description="The same of requests that compute for more than a moment."
    )
    header_seconds: float = Field(
        default=10.0, gt=0, description="Time a client has to send its headers [s]."
    )
    body_seconds: float = Field(default=20.0, gt=0, description="Time a client has to send its body [s].")
    answer_seconds: float = Field(default=30.0, gt=0, description="Time an answer may take [s].")
    stop_seconds: int = Field(
        default=20, gt=0, description="Time that running answers get when the service stops [s]."
    )

    job_queue: int = Field(default=20, gt=0, description="Jobs that may wait.")
    job_workers: int = Field(
        default=1, gt=0, description="Jobs that run at a time, in all processes together."
    )
    job_seconds: float = Field(default=600.0, gt=0, description="Longest run of a job [s].")
    jobs_kept: int = Field(default=200, gt=0, description="Finished jobs whose records are kept.")

    log_coordinates: bool = Field(
        default=False, description="Write the query of each request, and with it coordinates, to the log."
    )

    @field_validator("api_key_hashes", "cors_origins", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(one.strip() for one in value.split(",") if one.strip())
        return value

    @field_validator("api_key_hashes")
    @classmethod
    def _hashed(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for number, one in enumerate(value, start=1):
            # the value is not repeated: whoever sets a key by mistake should not find it in a log
            if not _HASH.fullmatch(one):
                raise ValueError(f"entry {number} is not a SHA-256 in hex: geoplan serve --new-key makes one")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            if not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+", one):
                raise ValueError(f"{one!r} is no origin such as https://map.example.org")
        return value

    @property
    def state_folder(self) -> Path:
        """Where the stored audit and the jobs are kept."""
        if self.state_dir is not None:
            return self.state_dir
        name = "study" if self.study is None else self.study.resolve().name
        return Path("out") / name / "service"
