"""A typed client of the service, with nothing but the standard library and the shapes of the answers."""

from __future__ import annotations

import json
import time
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from pydantic import BaseModel

from geoplan_api.schemas import (
    BatchAnswer,
    CoverageAnswer,
    FeatureCollection,
    JobRecord,
    ProblemDocument,
    ScenarioAnswer,
    ScenarioQuestion,
    SitesQuestion,
    SplitQuestion,
)

__all__ = ["Client", "RefusedError"]

_Answer = TypeVar("_Answer", bound=BaseModel)
_LOOK_SECONDS = 0.5


class RefusedError(Exception):
    """The service refused a request; ``problem`` tells why."""

    def __init__(self, problem: ProblemDocument) -> None:
        self.problem = problem
        super().__init__(f"{problem.status} {problem.title}: {problem.detail}")


class Client:
    """
    Ask a service.

    Parameters
    ----------
    url
        Where it listens, such as ``http://127.0.0.1:8000``.
    key
        Needed to start jobs.
    lang
        Language of names and sentences.
    seconds
        How long to wait for an answer [s].

    Raises
    ------
    ValueError
        If the address is not one of http or https.
    """

    def __init__(self, url: str, *, key: str = "", lang: str = "en", seconds: float = 60.0) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"{url!r} is no http address")
        self._url, self._key, self._lang, self._seconds = url.rstrip("/"), key, lang, seconds
        self._opener = build_opener(ProxyHandler({}))

    def is_ready(self) -> bool:
        """Tell whether the service answers, and has audited its study."""
        try:
            self._ask("GET", "/readyz")
        except (RefusedError, OSError):
            return False
        return True

    def coverage(self, lon: float, lat: float, **options: Any) -> CoverageAnswer:
        """Return what a point reaches; ``options`` are those of ``GET /v1/coverage``."""
        query = {"lon": lon, "lat": lat, "lang": self._lang, **options}
        return CoverageAnswer.model_validate(self._ask("GET", "/v1/coverage", query=query))

    def batch(self, points: list[tuple[float, float]], *, minutes: float | None = None) -> BatchAnswer:
        """Return what many points (longitude, latitude) reach."""
        return self._post("/v1/coverage/batch", {"points": points, "minutes": minutes}, BatchAnswer)

    def isochrone(self, lon: float, lat: float, *, minutes: list[float]) -> FeatureCollection:
        """Return what lies within a walk of a point."""
        body = {"lon": lon, "lat": lat, "minutes": minutes}
        return self._post("/v1/isochrone", body, FeatureCollection)

    def scenario(self, question: ScenarioQuestion) -> ScenarioAnswer:
        """Return who gains and who loses if centres change."""
        return self._post("/v1/scenarios", question.model_dump(mode="json"), ScenarioAnswer)

    def table(self, name: str, **options: Any) -> list[dict[str, Any]]:
        """Return rows of ``communities``, ``centres``, ``gaps``, ``premises``, ``communities/oversized``."""
        found = self._ask("GET", f"/v1/{name}", query={"lang": self._lang, **options})
        rows: list[dict[str, Any]] = found["rows"]
        return rows

    def start_split(self, community_id: str, question: SplitQuestion) -> JobRecord:
        """Start to split a community."""
        path = f"/v1/communities/{quote(community_id, safe='')}/split"
        return self._post(path, question.model_dump(mode="json"), JobRecord)

    def start_sites(self, question: SitesQuestion) -> JobRecord:
        """Start to look for sites of new centres."""
        return self._post("/v1/sites", question.model_dump(mode="json"), JobRecord)

    def job(self, job_id: str) -> JobRecord:
        """Return how far a job is."""
        return JobRecord.model_validate(self._ask("GET", f"/v1/jobs/{job_id}", query={"lang": self._lang}))

    def wait(self, job: JobRecord) -> dict[str, Any]:
        """
        Return the result of a job when it is done.

        Raises
        ------
        RefusedError
            If it failed or was cancelled.
        """
        while job.status in ("queued", "running"):
            time.sleep(_LOOK_SECONDS)
            job = self.job(job.job_id)
        found: dict[str, Any] = self._ask("GET", f"/v1/jobs/{job.job_id}/result")
        return found

    def _post(self, path: str, body: dict[str, Any], shape: type[_Answer]) -> _Answer:
        return shape.model_validate(self._ask("POST", path, query={"lang": self._lang}, body=body))

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
    ) -> Any:
        asked = {
            name: str(value).lower() if isinstance(value, bool) else value
            for name, value in (query or {}).items()
        }
        request = Request(  # noqa: S310 - the scheme was checked
            f"{self._url}{path}" + (f"?{urlencode(asked)}" if asked else ""),
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Content-Type": "application/json", "X-API-Key": self._key},
        )
        try:
            with self._opener.open(request, timeout=self._seconds) as answer:
                return json.load(answer)
        except HTTPError as error:
            raise RefusedError(ProblemDocument.model_validate_json(error.read())) from None
