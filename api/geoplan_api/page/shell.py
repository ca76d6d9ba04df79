"""The page itself, and what its scripts need to begin: words, standards, colours. Texts are escaped."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import jinja2

import geoplan as gp
from geoplan.maps.palette import (
    BARRIER_STYLES,
    CENTRE_COLOURS,
    CHANGE_STYLES,
    COMMUNITY_OPACITY,
    COMPLETENESS_COLOURS,
    FACILITY_STYLE,
    NO_DATA_COLOUR,
    STREET_STYLE,
    VERDICT_STYLES,
)
from geoplan.messages import LANGS, Lang, catalogue, text
from geoplan.report.headline import study_banners
from geoplan_api.page.layers import bounds
from geoplan_api.page.views import CIRCLE_MINUTES, MINUTES, packs
from geoplan_api.served import Served

__all__ = ["page_html", "start", "waiting_html"]

_WORDS = (
    "page.",
    "verdict.",
    "change.",
    "compare.",
    "report.level.",
    "map.barrier_",
    "map.completeness_class",
)
"""Messages that the scripts may use begin so."""


def page_html(served: Served, lang: Lang) -> str:
    """
    Return the page in a language; the texts of a study are escaped.

    Parameters
    ----------
    served
        What is served.
    lang
        Language.
    """
    study = served.study
    other = next(one for one in LANGS if one != lang)
    return _template("page.html").render(
        t=lambda key, **params: text(key, lang, **params),
        tag=text("page.language_tag", lang),
        lang=lang,
        other=other,
        other_tag=text("page.language_tag", other),
        other_word=text("page.this_language", other),
        study=study,
        banners=study_banners(study, lang),
        standards=[(one.id, one.name(lang)) for one in packs(served)],
        minutes=MINUTES,
        circle_minutes=[f"{one:g}" for one in CIRCLE_MINUTES],
        version=gp.__version__,
    )


def waiting_html(lang: Lang) -> str:
    """Return the page of a service that is not ready yet; it asks again by itself."""
    return _template("waiting.html").render(
        t=lambda key: text(key, lang), tag=text("page.language_tag", lang)
    )


@cache
def _template(name: str) -> jinja2.Template:
    source = (resources.files(__package__) / "templates" / name).read_text(encoding="utf-8")
    rooms = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return rooms.from_string(source)


def start(served: Served, lang: Lang) -> dict[str, Any]:
    """
    Return what the scripts need before anything is drawn.

    Returns
    -------
    start
        ``words`` (message key -> template), ``standards`` with digests, ``styles`` of Leaflet, ``bounds``,
        and how the study calls itself.
    """
    study = served.study
    return {
        "lang": lang,
        "generation": served.generation,
        "version": gp.__version__,
        "study": {
            "id": study.study_id,
            "name": study.name,
            "data_date": study.data_date,
            "banners": study_banners(study, lang),
            "attribution": list(study.attribution),
        },
        "standards": [{"id": one.id, "name": one.name(lang), "digest": one.digest} for one in packs(served)],
        "circle_minutes": list(CIRCLE_MINUTES),
        "bounds": bounds(study),
        "styles": {
            "verdict": VERDICT_STYLES,
            "change": CHANGE_STYLES,
            "barrier": BARRIER_STYLES,
            "street": STREET_STYLE,
            "facility": FACILITY_STYLE,
            "centre": CENTRE_COLOURS,
            "completeness": [*COMPLETENESS_COLOURS, NO_DATA_COLOUR],
            "community_opacity": COMMUNITY_OPACITY,
        },
        "words": {key: languages[lang] for key, languages in catalogue().items() if key.startswith(_WORDS)},
    }
