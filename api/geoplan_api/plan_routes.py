"""Routes that plan: what-if, splits and sites; long ones are jobs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from geoplan_api import schemas
from geoplan_api.background import Background
from geoplan_api.heavy import heavy
from geoplan_api.http import ChosenLang, answer_json, problems
from geoplan_api.keys import NEEDS_KEY
from geoplan_api.messages import job_words
from geoplan_api.problems import ProblemError
from geoplan_api.scenarios import answer_scenario, check_edits
from geoplan_api.served import Served, served_of

__all__ = ["router"]

_Id = Annotated[str, Path(pattern=schemas.ID_PATTERN)]
_JobId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


def router() -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1", tags=["plans"])

    def add(
        path: str,
        answer: Any,
        summary: str,
        shape: str,
        *statuses: int,
        method: str = "GET",
        status: int = 200,
    ) -> None:
        schema: dict[str, Any] = {"type": "object"}
        if shape:
            schema = {"$ref": f"#/components/schemas/{shape}"}
        if shape == "JobRecord" and path == "/jobs":
            schema = {"type": "array", "items": schema}
        told = {"description": summary, "content": {"application/json": {"schema": schema}}}
        routes.add_api_route(
            path, answer, methods=[method], summary=summary, status_code=status, response_class=Response,
            responses={status: told, **problems(*statuses)},
            dependencies=[NEEDS_KEY] if 401 in statuses else [],
        )  # fmt: skip

    add("/scenarios", _scenario, "Who gains if centres are added, moved or closed?", "ScenarioAnswer",
        404, 413, method="POST")  # fmt: skip
    add("/communities/{community_id}/split", _split, "How was this community split last?", "", 404)
    add("/communities/{community_id}/split", _start_split, "Split this community (a job)", "JobRecord",
        401, 404, 413, method="POST", status=202)  # fmt: skip
    add("/sites", _start_sites, "Find sites for new centres (a job)", "JobRecord",
        401, 404, 413, method="POST", status=202)  # fmt: skip
    add("/jobs", _jobs, "Which jobs are there?", "JobRecord", 401)
    add("/jobs/{job_id}", _job, "How far is this job?", "JobRecord", 401, 404)
    add("/jobs/{job_id}/result", _result, "What did this job find?", "", 401, 404, 409)
    add("/jobs/{job_id}", _stop, "Cancel this job", "JobRecord", 401, 404, method="DELETE")
    return routes


async def _scenario(request: Request, lang: ChosenLang, question: schemas.ScenarioQuestion) -> Response:
    check_edits(question, request.app.state.settings.max_edits)
    return answer_json(await heavy(request, answer_scenario, served_of(request), question, lang))


async def _split(request: Request, community_id: _Id) -> Response:
    served = served_of(request)
    _known_community(served, community_id)
    found = _background(request).store.latest("split", community_id, served.key)
    if found is None:
        raise ProblemError(404, "problem.no_split", id=community_id)
    return answer_json(found)


async def _start_split(
    request: Request, lang: ChosenLang, community_id: _Id, question: schemas.SplitQuestion
) -> Response:
    served = served_of(request)
    _known_community(served, community_id)
    return _started(request, served, "split", community_id, question.model_dump(), lang)


async def _start_sites(request: Request, lang: ChosenLang, question: schemas.SitesQuestion) -> Response:
    served = served_of(request)
    served.need_network()
    return _started(request, served, "sites", "", question.model_dump(), lang)


def _started(
    request: Request, served: Served, kind: str, subject: str, question: dict[str, Any], lang: str
) -> Response:
    record = _background(request).store.add(
        kind, subject, question, lang=lang, audit_key=served.key, most=request.app.state.settings.job_queue
    )
    return answer_json(record, status=202, location=f"/v1/jobs/{record['job_id']}")


async def _jobs(
    request: Request, lang: ChosenLang, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Response:
    return answer_json([job_words(one, lang) for one in _background(request).store.listed(limit)])


async def _job(request: Request, lang: ChosenLang, job_id: _JobId) -> Response:
    return answer_json(job_words(_background(request).store.get(job_id), lang))


async def _result(request: Request, job_id: _JobId) -> Response:
    return answer_json(_background(request).store.result(job_id))


async def _stop(request: Request, lang: ChosenLang, job_id: _JobId) -> Response:
    return answer_json(job_words(_background(request).store.stop(job_id), lang))


def _background(request: Request) -> Background:
    found: Background = request.app.state.background
    return found


def _known_community(served: Served, community_id: str) -> None:
    communities = served.study.communities
    if communities is None:
        raise ProblemError(404, "problem.lacking", lacking="communities")
    if community_id not in communities.index:
        raise ProblemError(404, "problem.no_community", id=community_id)
