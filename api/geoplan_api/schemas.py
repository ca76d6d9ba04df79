"""The shapes of questions and answers, as the OpenAPI document tells them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from geoplan.messages import Lang
from geoplan_api.positions import CRS_PATTERN, LONLAT

__all__ = [
    "ID_PATTERN",
    "BatchAnswer",
    "BatchQuestion",
    "CoverageAnswer",
    "CoverageQuery",
    "FeatureCollection",
    "IsochroneQuestion",
    "JobRecord",
    "ProblemDocument",
    "ScenarioAnswer",
    "ScenarioQuestion",
    "SitesQuestion",
    "SplitQuestion",
]

Verdict = Literal["pass", "fail", "unknown"]
StandardId = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$", description="A pack; see /v1/standards.")
]
_Degrees = Annotated[float, Field(allow_inf_nan=False, ge=-1e8, le=1e8)]
_Minutes = Annotated[float, Field(allow_inf_nan=False, gt=0, le=600)]
# in a query all is text; in a body a number is a number, and no "1" and no true
Coordinate = Annotated[_Degrees, Field(strict=True)]
Minutes = Annotated[_Minutes, Field(strict=True)]
_Whole = Annotated[int, Field(strict=True)]
_Flag = Annotated[bool, Field(strict=True)]
ID_PATTERN = r"^[^\x00-\x1f\x7f]{1,200}$"


class _Question(BaseModel):
    # what is not known is refused: a misspelt word would otherwise be answered as if it were not there
    model_config = ConfigDict(extra="forbid", frozen=True)


_LON = "Longitude; with the study's own CRS, east [m]."
_LAT = "Latitude; with the study's own CRS, north [m]."
_CRS = "CRS84 (WGS84), EPSG:4326, EPSG:4490, the study's own, gcj02 or bd09; lon first in all."


class CoverageQuery(_Question):
    """A question about one point."""

    lon: _Degrees = Field(description=_LON)
    lat: _Degrees = Field(description=_LAT)
    crs: str = Field(default=LONLAT, pattern=CRS_PATTERN, description=_CRS)
    minutes: _Minutes | None = Field(default=None, description="One limit in place of the standard's [min].")
    standard: StandardId | None = Field(default=None)
    cause: bool = Field(
        default=False,
        description="Run the engine again to tell why each service does not pass: slower, some 0.1 s.",
    )
    paths: bool = Field(default=False, description="Add the walk to each nearest place as GeoJSON.")
    lang: Lang | None = None


class ServiceAnswer(BaseModel):
    """What the point reaches of one service."""

    service: str
    name: str
    verdict: Verdict
    minutes: float | None = Field(description="Walk to the nearest that counts; null: none, or no way [min].")
    metres: float | None
    limit_minutes: float
    margin_minutes: float | None
    nearest_id: str | None
    nearest_name: str | None
    nearest_kind: str | None
    reason: str
    reason_text: str
    cause: str | None = Field(description="Why it does not pass; null: it passes, or cause=true is needed.")
    cause_text: str | None
    obstacle: str | None = Field(description="Gate or barrier that is the cause, by name or id.")
    clause: str
    path: dict[str, Any] | None = Field(default=None, description="The walk, a GeoJSON LineString.")


class CentreReached(BaseModel):
    """A centre within the walk."""

    centre_id: str
    name: str | None
    minutes: float


class CommunityNamed(BaseModel):
    """The community a point lies in."""

    community_id: str
    name: str | None


class SnapAnswer(BaseModel):
    """Where the point meets the streets."""

    snap_m: float | None = Field(description="Distance to the street; null if none is near enough [m].")
    street_id: str | None
    lon: float | None
    lat: float | None
    reason: str
    reason_text: str


class StandardNamed(BaseModel):
    """The pack an answer rests on."""

    id: str
    name: str
    digest: str


class StudyNamed(BaseModel):
    """The study an answer rests on."""

    id: str
    name: str
    synthetic: bool
    estimated: list[str]
    data_date: str
    attribution: list[str]
    banner: str = Field(description="What every reader must be told of the data; empty if nothing.")
    generation: int


class CoverageAnswer(BaseModel):
    """What one point reaches, with the evidence."""

    lon: float
    lat: float
    verdict: Verdict = Field(description="Of all categories together; unknown never counts as pass.")
    community: CommunityNamed | None
    snap: SnapAnswer
    services: list[ServiceAnswer]
    centres: dict[str, list[CentreReached]] = Field(description="Level -> centres within the walk.")
    minutes: float | None = Field(description="The limit asked for; null: the standard's.")
    standard: StandardNamed
    study: StudyNamed


class BatchQuestion(_Question):
    """Many points: pairs, or a GeoJSON FeatureCollection of points."""

    points: list[Any] | None = Field(
        default=None, description="Pairs [lon, lat]; at most 10,000 unless the service says otherwise."
    )
    type: Literal["FeatureCollection"] | None = None
    features: list[Any] | None = Field(default=None, description="GeoJSON features with point geometry.")
    crs: str = Field(default=LONLAT, pattern=CRS_PATTERN)
    minutes: Minutes | None = None
    standard: StandardId | None = None


class BatchAnswer(BaseModel):
    """One entry a point, in the order asked; a point without an answer has ``error`` alone."""

    count: int
    errors: int
    services: list[str]
    results: list[dict[str, Any]]
    minutes: float | None
    standard: StandardNamed
    study: StudyNamed


class IsochroneQuestion(_Question):
    """A question about what lies within a walk."""

    lon: Coordinate = Field(description=_LON)
    lat: Coordinate = Field(description=_LAT)
    crs: str = Field(default=LONLAT, pattern=CRS_PATTERN, description=_CRS)
    minutes: list[Minutes] = Field(default=[5, 10, 15], min_length=1, max_length=6)
    direction: Literal["from", "to"] = Field(
        default="from", description="from: what one walks to from the point; to: from where one walks to it."
    )
    standard: StandardId | None = None


class _AddCentre(_Question):
    edit: Literal["add_centre"]
    id: str = Field(pattern=ID_PATTERN)
    at: tuple[Coordinate, Coordinate] = Field(description="[lon, lat] in the scenario's CRS.")
    level: Literal["district", "community"] = "community"
    name: str | None = Field(default=None, max_length=200)
    floor_area_m2: float | None = Field(default=None, ge=0, le=1e9, allow_inf_nan=False, strict=True)
    capacity: _Whole | None = Field(default=None, ge=0, le=10**9)


class _MoveCentre(_Question):
    edit: Literal["move_centre"]
    id: str = Field(pattern=ID_PATTERN)
    at: tuple[Coordinate, Coordinate]


class _CloseCentre(_Question):
    edit: Literal["close_centre"]
    id: str = Field(pattern=ID_PATTERN)


CentreEdit = Annotated[_AddCentre | _MoveCentre | _CloseCentre, Field(discriminator="edit")]


class ScenarioQuestion(_Question):
    """What if centres were added, moved or closed?"""

    edits: list[CentreEdit] = Field(min_length=1, max_length=100)
    crs: str = Field(default=LONLAT, pattern=CRS_PATTERN)
    name: str = Field(default="", max_length=200)


class ScenarioAnswer(BaseModel):
    """Both sides and the difference; ``changes`` lists homes that gain, lose or walk another way."""

    title: str
    totals: list[dict[str, Any]]
    by_community: list[dict[str, Any]]
    changes: list[dict[str, Any]]
    standard: StandardNamed
    study: StudyNamed


class SitesQuestion(_Question):
    """Where should new centres stand?"""

    model: Literal["mclp", "lscp", "p_median", "p_centre"] = "mclp"
    add: _Whole = Field(default=2, ge=1, le=50)
    level: Literal["district", "community"] = "community"
    candidates: Literal["premises", "network"] | None = None
    demand: Literal["persons", "households"] = "persons"
    minutes: Minutes | None = None
    capacitated: _Flag = False
    seed: _Whole = Field(default=0, ge=0, le=2**31 - 1)
    seconds: float = Field(default=60.0, gt=0, le=300, allow_inf_nan=False, strict=True)


class SplitQuestion(_Question):
    """How should an oversized community be split?"""

    parts: _Whole | None = Field(default=None, ge=2, le=50, description="How many; null: as few as can be.")
    model: Literal["seat", "cut"] = "seat"
    alternatives: _Flag = True
    seed: _Whole = Field(default=0, ge=0, le=2**31 - 1)
    seconds: float = Field(default=60.0, gt=0, le=300, allow_inf_nan=False, strict=True)


class JobRecord(BaseModel):
    """A job as it stands."""

    job_id: str
    kind: Literal["split", "sites"]
    status: Literal["queued", "running", "done", "failed", "cancelled"]
    stage: str = Field(description="Message key of what is being done; empty if nothing is.")
    progress: float = Field(ge=0, le=1)
    question: dict[str, Any]
    error: str | None
    created_at: float
    started_at: float | None
    finished_at: float | None


class FeatureCollection(BaseModel):
    """GeoJSON (RFC 7946)."""

    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]]


class ProblemDocument(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] | None = None
