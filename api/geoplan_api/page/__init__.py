"""The web page of the service: a map, a card of verdicts for any place, and what-ifs."""

from geoplan_api.page.routes import router

__all__ = ["router"]
