"""Figures for Prometheus, of one process or of all of them."""

from __future__ import annotations

import os
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.responses import Response

__all__ = ["Metrics", "router"]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """
    Count requests and time them, by route: never by address, which may hold a position.

    Where ``PROMETHEUS_MULTIPROC_DIR`` is set, the figures are those of all processes together.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "geoplan_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "geoplan_request_seconds", "Time to answer.", ("route",), buckets=_SECONDS, registry=self.registry
        )
        self.active = Gauge(
            "geoplan_requests_active",
            "Requests being answered.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.generation = Gauge(
            "geoplan_generation", "Generation of the study served; 0: none yet.",
            registry=self.registry, multiprocess_mode="min",
        )  # fmt: skip
        self._known: dict[tuple[str, str, int], tuple[Any, Any]] = {}

    def ended(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that ends."""
        key = (method, route, status)
        if key not in self._known:
            self._known[key] = (
                self._requests.labels(method, route, str(status)), self._seconds.labels(route)
            )  # fmt: skip
        counter, histogram = self._known[key]
        counter.inc()
        histogram.observe(seconds)

    def text(self) -> bytes:
        """Return the figures as Prometheus reads them."""
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            together = CollectorRegistry()
            MultiProcessCollector(together)  # type: ignore[no-untyped-call]
            return generate_latest(together)
        return generate_latest(self.registry)


def router() -> APIRouter:
    """Return the route."""
    routes = APIRouter(tags=["service"])

    @routes.get(
        "/metrics",
        summary="Figures for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def figures(request: Request) -> Response:
        metrics: Metrics = request.app.state.metrics
        served = request.app.state.served
        metrics.active.set(request.app.state.guard.active)
        metrics.generation.set(0 if served is None else served.generation)
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return routes
