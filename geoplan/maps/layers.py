"""The layers of an audit map, from the ground up."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.maps.assemble import Drawing
from geoplan.maps.elements import Choice, DataLayer
from geoplan.maps.features import (
    MAX_PATHS,
    counts_fact,
    numbers_fact,
    rates_fact,
    services_of,
    titles_of,
    walking_paths,
    words_fact,
)
from geoplan.maps.ground import counted
from geoplan.maps.packing import Numbers, points_of, shapes_of
from geoplan.maps.palette import (
    CENTRE_COLOURS,
    COMPLETENESS_COLOURS,
    FACILITY_STYLE,
    NO_DATA_COLOUR,
    OVERSIZED_STYLE,
    VERDICT_STYLES,
    circle_style,
    community_style,
    completeness_classes,
)
from geoplan.messages import Lang, text
from geoplan.model.result_tables import RESULT_TABLES
from geoplan.model.tables import INPUT_TABLES
from geoplan.report.words import count_text, names_of
from geoplan.standards.standard import Standard
from geoplan.workflow import Audit

__all__ = [
    "centre_layers",
    "circle_layers",
    "circle_slider",
    "community_layers",
    "facility_layer",
    "home_card",
    "residence_layers",
    "thresholds",
]

_MANY_RESIDENCES = 5000
_COMMUNITY_COUNTS = ("persons", "households", "residences", "persons_unknown_all_five")
_COMMUNITY_RATES = (
    "coverage_rate_all_five",
    "coverage_rate_any_centre",
    "coverage_rate_district_centre",
    "coverage_rate_community_centre",
)
_CENTRE_SIZES_PX = {"district": 17, "community": 13}


def community_layers(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add the communities by mean completeness, their names, and outlines of the oversized ones."""
    communities = audit.study.communities
    if communities is None or not communities.geometry.notna().any():
        return
    communities = communities[communities.geometry.notna()]
    covered = audit.tables.get("coverage_by_community")
    classes, labels = _classes(audit, communities.index, lang)
    colours = [*COMPLETENESS_COLOURS, NO_DATA_COLOUR]
    names = names_of(communities)
    data = {
        "shapes": shapes_of(communities.geometry.to_numpy(), audit.study.crs),
        "styles": [community_style(colour) for colour in colours],
        "style": classes,
        "title": [f"{name} · {label}" for label, name in names.items()],
        "facts": _community_facts(audit, communities.index, lang),
        "search": INPUT_TABLES["communities"].title(lang),
    }
    shown = text("map.layer_communities" if covered is not None else "map.layer_communities_plain", lang)
    drawing.layers.append(DataLayer("shapes", data, name=counted(shown, len(communities), lang)))
    if covered is not None:
        key = list(zip(colours, labels, strict=True))
        drawing.legend["classes"] = key if len(COMPLETENESS_COLOURS) in classes else key[:-1]
    _oversized_layer(audit, lang, drawing)


def _classes(audit: Audit, ids: pd.Index, lang: Lang) -> tuple[list[int], list[str]]:
    """Return the class of each community, and the classes' labels; the last class has no data."""
    count = len(COMPLETENESS_COLOURS)
    most = max(1, len(audit.standard.categories))
    steps = [most * at / count for at in range(count + 1)]
    labels = [
        text("map.completeness_class", lang, low=f"{low:g}", high=f"{high:g}")
        for low, high in itertools.pairwise(steps)
    ]
    labels.append(text("verdict.unknown", lang))
    covered = audit.tables.get("coverage_by_community")
    if covered is None:
        return [count] * len(ids), labels
    mean = covered["mean_completeness"].reindex(ids).to_numpy(float)
    classes = completeness_classes(mean, len(audit.standard.categories))
    return np.where(classes < 0, count, classes).tolist(), labels


def _community_facts(audit: Audit, ids: pd.Index, lang: Lang) -> list[Any]:
    facts: list[Any] = []
    covered, sizes = audit.tables.get("coverage_by_community"), audit.tables.get("oversized")
    if covered is not None:
        schema, rows = RESULT_TABLES["coverage_by_community"], covered.reindex(ids)
        facts += [counts_fact(schema.column(name).heading(lang), rows[name]) for name in _COMMUNITY_COUNTS]
        facts += [rates_fact(schema.column(name).heading(lang), rows[name]) for name in _COMMUNITY_RATES]
        mean = [None if pd.isna(value) else f"{value:.2f}" for value in rows["mean_completeness"]]
        facts.append((schema.column("mean_completeness").heading(lang), mean))
    if sizes is not None:
        schema, rows = RESULT_TABLES["oversized"], sizes.reindex(ids)
        facts.append(words_fact(schema.column("size").heading(lang), rows["size"], "size", lang))
        clauses = [None if pd.isna(one) else str(one) for one in rows["clause"]]
        facts.append((schema.column("clause").heading(lang), clauses))
    return facts


def _oversized_layer(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    sizes = audit.tables.get("oversized")
    if sizes is None:
        return
    over = sizes[(sizes["size"] == "oversized") & sizes.geometry.notna()]
    if over.empty:
        return
    data = {
        "shapes": shapes_of(over.geometry.to_numpy(), audit.study.crs),
        "styles": [OVERSIZED_STYLE],
    }
    name = counted(text("map.layer_oversized", lang), len(over), lang)
    drawing.layers.append(DataLayer("shapes", data, name=name, show=False))
    drawing.explain("outlines", (OVERSIZED_STYLE, name))


def circle_layers(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add the service circles, a layer a level and time; the longest time is on at first."""
    circles = audit.tables.get("service_circles")
    if circles is None or circles.empty:
        return
    longest = circles["minutes"].max()
    for level, colour in CENTRE_COLOURS.items():
        of_level = circles[circles["level"] == level]
        if of_level.empty:
            continue
        word = text(f"report.level.{level}", lang)
        drawing.explain("circles", (colour, text("map.circles", lang, level=word)))
        for minutes in sorted(of_level["minutes"].unique(), reverse=True):
            rows = of_level[of_level["minutes"] == minutes]
            data = {
                "shapes": shapes_of(rows.geometry.to_numpy(), audit.study.crs, tolerance_m=3.0),
                "styles": [circle_style(level)],
                "minutes": float(minutes),
                "level": level,
            }
            name = text("map.layer_circles", lang, level=word, minutes=f"{minutes:g}")
            name = counted(name, len(rows), lang)
            drawing.layers.append(DataLayer("shapes", data, name=name, show=minutes == longest))


def circle_slider(lang: Lang, drawing: Drawing) -> None:
    """Add a slider of the time of the circles on the map."""
    timed = [one for one in drawing.layers if isinstance(one, DataLayer) and "minutes" in one.content]
    times = sorted({float(one.content["minutes"]) for one in timed})
    if len(times) < 2:
        return
    steps = [
        {"label": text("map.within_minutes", lang, minutes=f"{one:g}"), "tick": f"{one:g}", "minutes": one}
        for one in times
    ]
    drawing.choices.append(
        Choice(
            label=text("map.within", lang), steps=steps, clouds=[], timed=timed, start=len(steps) - 1,
            slider=True,
        )
    )  # fmt: skip


def facility_layer(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add the facilities that belong to a category of the standard; off at first."""
    facilities = audit.study.facilities
    if facilities is None:
        return
    of_kind: dict[str, list[str]] = {}
    for category in audit.standard.categories:
        for kind in category.kinds:
            of_kind.setdefault(kind, []).append(category.name(lang))
    rows = facilities[facilities["kind"].isin(of_kind)]
    if rows.empty:
        return
    schema = INPUT_TABLES["facilities"]
    data = {
        "at": points_of(rows.geometry, audit.study.crs),
        "groups": [FACILITY_STYLE],
        "search": schema.title(lang),
        "title": [str(name) for name in names_of(rows)],
        "facts": [
            (text("map.popup_service", lang), [", ".join(of_kind[kind]) for kind in rows["kind"]]),
            (schema.column("kind").heading(lang), [str(kind) for kind in rows["kind"]]),
            (schema.column("facility_id").heading(lang), [str(one) for one in rows.index]),
        ],
    }
    label = text("map.layer_facilities", lang, count=count_text(len(rows)))
    drawing.layers.append(DataLayer("points", data, name=label, show=False))
    drawing.explain("facilities", {"style": FACILITY_STYLE, "label": label})


def residence_layers(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """
    Add the residences, a layer a verdict, with every walk in the card; and a slider of the time.

    At the last step of the slider the verdicts are shown, at an earlier one whether each walk takes no
    longer than that; who is unknown stays so at every time.
    """
    homes = audit.tables.get("completeness")
    if homes is None or homes.empty:
        return
    column = "verdict_all_five" if audit.study.facilities is not None else "verdict_any_centre"
    heading = RESULT_TABLES["completeness"].column(column).heading(lang)
    verdicts = pd.Index(VERDICT_STYLES).get_indexer(homes[column])
    counts = np.bincount(verdicts, minlength=len(VERDICT_STYLES))
    words = [text(f"verdict.{verdict}", lang) for verdict in VERDICT_STYLES]
    radius = 5.0 if len(homes) < _MANY_RESIDENCES else 3.5
    groups = [{**style, "radius": radius} for style in VERDICT_STYLES.values()]
    drawing.legend["residences_title"] = text("map.legend_residences", lang, verdict=heading)
    for style, word, count, verdict in zip(groups, words, counts, VERDICT_STYLES, strict=True):
        entry = {"verdict": verdict, "style": style, "label": word, "count": count_text(int(count))}
        drawing.explain("residences", entry)
    content = {
        "at": points_of(homes.geometry, audit.study.crs),
        "groups": groups,
        "group": Numbers(verdicts.astype(float)),
        **home_card(audit, homes, lang),
    }
    if len(audit.tables["reach"]) > MAX_PATHS:
        drawing.explain("notes", text("map.paths_left_out", lang, most=count_text(MAX_PATHS)))
    names = [
        counted(text("map.layer_residences", lang, verdict=word), int(count), lang)
        for word, count in zip(words, counts, strict=True)
    ]
    cloud = drawing.add_cloud(content, [(name, True) for name in names])
    steps = _time_steps(audit, column, verdicts, lang)
    if len(steps) > 1:
        timed = [one for one in drawing.layers if isinstance(one, DataLayer) and "minutes" in one.content]
        drawing.choices.append(
            Choice(
                label=text("map.within", lang), steps=[one for one, _ in steps],
                clouds=[(cloud, [column for _, column in steps])], timed=timed,
                start=len(steps) - 1, slider=True, note=text("map.within_note", lang),
            )
        )  # fmt: skip


def home_card(audit: Audit, homes: pd.DataFrame, lang: Lang) -> dict[str, Any]:
    """Return what the cards of residences show: names, persons, every walk, and its path if not too many."""
    schema = RESULT_TABLES["completeness"]
    services, words = services_of(audit, homes.index, lang)
    titles = titles_of(homes)
    paths = walking_paths(audit, homes.index)
    return {
        **titles,
        "facts": [
            (schema.column("residence_id").heading(lang), titles["ids"]),
            numbers_fact(schema.column("persons").heading(lang), homes["persons"]),
            numbers_fact(schema.column("households").heading(lang), homes["households"]),
        ],
        "services": services,
        "words": words,
        "search": INPUT_TABLES["residences"].title(lang),
        **({} if paths is None else {"paths": paths}),
    }


def _time_steps(
    audit: Audit, column: str, verdicts: npt.NDArray[np.int64], lang: Lang
) -> list[tuple[dict[str, Any], Numbers]]:
    """Return the steps of the slider, and the group of each home at each."""
    passed, failed = (list(VERDICT_STYLES).index(one) for one in ("pass", "fail"))
    reach = audit.tables["reach"]
    names = [one.id for one in audit.standard.categories] if column == "verdict_all_five" else ["centre_any"]
    own = reach[reach["service"].isin(names)]
    homes = audit.tables["completeness"].index
    longest = own["minutes"].fillna(np.inf).groupby(own["residence_id"]).max().reindex(homes).to_numpy(float)
    limit = float(own["limit_minutes"].max())
    drawn: Any = audit.provenance.parameters["circle_minutes"]
    earlier = sorted(float(one) for one in drawn if one < limit)
    steps = []
    for minutes in (*earlier, limit):
        then = verdicts
        if minutes < limit:
            sure = np.isin(verdicts, (passed, failed))
            # the verdict needs every limit, of which some may be shorter than this time
            within = (longest <= minutes) & (verdicts == passed)
            then = np.where(sure, np.where(within, passed, failed), verdicts)
        tallied = np.bincount(then, minlength=len(VERDICT_STYLES))
        key = "map.within_minutes" if minutes < limit else "map.within_limit"
        step = {
            "label": text(key, lang, minutes=f"{minutes:g}"),
            "tick": f"{minutes:g}",
            "minutes": minutes,
            "counts": {name: count_text(int(one)) for name, one in zip(VERDICT_STYLES, tallied, strict=True)},
        }
        steps.append((step, Numbers(then.astype(float))))
    return steps


def thresholds(standard: Standard, lang: Lang) -> list[str]:
    """Return what the pack asks for, in words: the walk to each category, to a centre, and the speed."""
    separator = "、" if lang == "zh" else ", "
    by_limit: dict[float, list[str]] = {}
    for category in standard.categories:
        by_limit.setdefault(standard.limit_minutes(category), []).append(category.name(lang))
    lines = [
        text("map.threshold", lang, what=separator.join(names), minutes=f"{minutes:g}")
        for minutes, names in sorted(by_limit.items())
    ]
    if standard.get("centre.minutes") is not None:
        minutes = f"{standard.number('centre.minutes'):g}"
        lines.append(
            text("map.threshold", lang, what=text("report.service.centre_any", lang), minutes=minutes)
        )
    lines.append(text("map.threshold_speed", lang, speed=f"{standard.number('walking.speed'):g}"))
    return lines


def centre_layers(audit: Audit, lang: Lang, drawing: Drawing) -> None:
    """Add the party-service centres, a layer a level."""
    centres = audit.study.centres
    if centres is None:
        return
    reached = audit.tables.get("coverage_by_centre")
    schema = RESULT_TABLES["coverage_by_centre"]
    for level, size in reversed(_CENTRE_SIZES_PX.items()):
        rows = centres[(centres["level"] == level) & centres.geometry.notna()]
        if rows.empty:
            continue
        word = text(f"report.level.{level}", lang)
        facts: list[Any] = [(schema.column("centre_id").heading(lang), [str(one) for one in rows.index])]
        facts.append((schema.column("level").heading(lang), [word] * len(rows)))
        if reached is not None:
            figures = reached.reindex(rows.index)
            facts += [
                counts_fact(schema.column(name).heading(lang), figures[name])
                for name in ("residences_reached", "persons_reached", "persons_catchment", "persons_buffer")
            ]
        symbol = f"centre-{level}"
        data = {
            "at": points_of(rows.geometry, audit.study.crs),
            "title": [str(name) for name in names_of(rows)],
            "facts": facts,
            "symbol": symbol,
            "size": size,
            "search": INPUT_TABLES["centres"].title(lang),
        }
        label = text("map.centres", lang, level=word, count=count_text(len(rows)))
        drawing.layers.append(DataLayer("symbols", data, name=label))
        drawing.explain("centres", {"symbol": f"gp-{symbol}", "label": label})
