"""A study from OSM as a folder: study.toml, layers, a README of what is estimated, a template to fill."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from geoplan.errors import some_ids
from geoplan.io.osm_build import ATTRIBUTION, OsmAccount, OsmStudy
from geoplan.io.osm_people import Counted
from geoplan.io.osm_squares import MAX_ENTRIES
from geoplan.io.osm_tags import DEFAULT_LEVELS
from geoplan.io.study_write import write_study
from geoplan.messages import Lang, text
from geoplan.model.study import Study
from geoplan.model.tables import INPUT_TABLES

__all__ = ["README", "TEMPLATE", "account_lines", "readme_text", "template_text", "write_osm_study"]

README = "README.md"
TEMPLATE = "premises_template.csv"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!$&])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_osm_study(
    built: OsmStudy, folder: str | Path, *, command: str = "", overwrite: bool = False
) -> list[Path]:
    """
    Write a study built from OSM as a study folder.

    Parameters
    ----------
    built
        From `geoplan.io.osm_build.study_from_osm`.
    folder
        Made if absent.
    command
        The command that built it, for the README.
    overwrite
        Replace a study that is there: ``study.toml``, ``study.gpkg``, ``README.md`` and
        ``premises_template.csv``, unless somebody has begun to fill it. No other file is touched.

    Returns
    -------
    files
        Every file written.

    Raises
    ------
    DataError
        If a study is there and ``overwrite`` is False.
    """
    target = Path(folder)
    written = [*write_study(built.study, target, overwrite=overwrite)]
    lang = built.study.lang
    files = [(target / README, readme_text(built, command=command, lang=lang).encode("utf-8"))]
    template = target / TEMPLATE
    if not _is_begun(template):
        files.append((template, template_text(built.study, lang=lang).encode("utf-8-sig")))
    for file, content in files:
        file.write_bytes(content)
        written.append(file)
    return written


def readme_text(built: OsmStudy, *, command: str, lang: Lang) -> str:
    """
    Return the README of a study built from OSM, as Markdown.

    Parameters
    ----------
    built
        The study and its account.
    command
        The command that built it; empty leaves that part out.
    lang
        Language.
    """
    study, account = built.study, built.account
    made = [text("osm.command_heading", lang), _code_block(command)] if command else []
    source = [
        text("osm.source_file", lang, file=_plain(account.file).replace("`", "'"), sha256=account.sha256),
        _date_line(account, lang),
        text("osm.licence", lang, attribution=ATTRIBUTION),
        text("osm.crs", lang, crs=study.crs),
        text("osm.standard", lang, standard=_plain(study.standard_id).replace("`", "'")),
    ]
    tables = [
        text("osm.tables_columns", lang),
        "|---|---:|",
        *(f"| {INPUT_TABLES[name].title(lang)} (`{name}`) | {rows} |" for name, rows in account.rows.items()),
    ]
    columns = ", ".join(f"`{one}`" for one in study.estimated)
    estimated = (
        text("osm.estimates_columns", lang, columns=columns) if columns else text("osm.estimates_none", lang)
    )
    parts = [
        [text("osm.title", lang, name=_escaped(study.name))],
        [text("osm.intro", lang)],
        *([part] for part in made),
        [text("osm.source_heading", lang)],
        source,
        [text("osm.tables_heading", lang)],
        tables,
        *([line] for line in _missing_lines(built, lang)),
        [text("osm.estimates_heading", lang)],
        [estimated],
        [f"- {_escaped(line)}" for line in account_lines(built, lang=lang)],
        [text("osm.defaults_columns", lang), "|---|---:|", *_default_rows()],
        [text("osm.fill_heading", lang)],
        [text("osm.fill_premises", lang, file=TEMPLATE)],
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def account_lines(built: OsmStudy, *, lang: Lang) -> list[str]:
    """Return what the reader of the figures must know, one plain sentence an entry."""
    account = built.account
    lines = [*_persons_lines(account.people, lang), _households_line(account.people, lang)]
    homes = account.rows.get("residences", 0)
    if homes:
        assumed = account.homes_with_assumed_levels
        lines.append(text("osm.levels", lang, assumed=assumed, homes=homes))
        lines.append(text("osm.homes_rule", lang))
    if account.homes_outside:
        lines.append(text("osm.homes_outside", lang, count=account.homes_outside))
    if account.admin_level:
        lines.append(text("osm.communities_level", lang, level=_plain(account.admin_level)))
    lines += [
        text("osm.closed", lang, name=_plain(name), gap=f"{gap_m:.0f}")
        for name, gap_m in sorted(account.closed.items())
    ]
    if "streets" in account.rows:
        lines.append(text("osm.streets_rule", lang, entries=MAX_ENTRIES))
    if account.islands:
        length = f"{account.islands_m / 1000:.1f}"
        lines.append(text("osm.islands", lang, count=account.islands, length=length))
    if account.mapped_twice:
        ids = some_ids(account.mapped_twice)
        lines.append(text("osm.mapped_twice", lang, count=len(account.mapped_twice), ids=ids))
    if "facilities" in account.rows:
        lines.append(text("osm.facilities_note", lang))
    return lines


def template_text(study: Study, *, lang: Lang) -> str:
    """
    Return the table of premises to fill, as CSV text: one row a community, floor areas empty.

    A name that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    schema = INPUT_TABLES["premises"]
    names = ("premises_id", "community_id", "name", "floor_area_m2")
    rows: list[tuple[str, ...]] = [tuple(schema.column(name).heading(lang) for name in names)]
    if study.communities is not None:
        for community_id, name in study.communities["name"].fillna("").items():
            rows.append((f"p-{community_id}", str(community_id), _harmless(_plain(name)), ""))
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue()


def _missing_lines(built: OsmStudy, lang: Lang) -> list[str]:
    account = built.account
    lines = []
    if account.missing:
        titles = (f"{INPUT_TABLES[name].title(lang)} (`{name}`)" for name in account.missing)
        lines.append(text("osm.tables_missing", lang, tables=", ".join(titles)))
    aside = int((built.study.quarantine["effect"] == "set_aside").sum())
    if aside:
        lines.append(text("osm.tables_set_aside", lang, count=aside))
    return lines


def _date_line(account: OsmAccount, lang: Lang) -> str:
    if not account.data_date:
        return text("osm.date_unknown", lang)
    return text(f"osm.date_{account.dated_by}", lang, date=account.data_date)


def _persons_lines(people: Counted, lang: Lang) -> list[str]:
    if people.persons is None:
        return [text("osm.persons_unknown", lang)]
    boundary = _plain(people.boundary)
    lines = [text(f"osm.persons_{people.persons_from}", lang, persons=people.persons, boundary=boundary)]
    if people.persons_without_home:
        lines.append(text("osm.persons_without_home", lang, persons=people.persons_without_home))
    return lines


def _households_line(people: Counted, lang: Lang) -> str:
    if people.households is None:
        return text("osm.households_unknown", lang)
    return text(f"osm.households_{people.households_from}", lang, households=people.households)


def _default_rows() -> list[str]:
    return [f"| {kind} | {levels:g} |" for kind, levels in sorted(DEFAULT_LEVELS.items())]


def _is_begun(template: Path) -> bool:
    """Tell whether somebody has entered a floor area into the template."""
    if not template.is_file():
        return False
    try:
        rows = list(csv.reader(io.StringIO(template.read_text(encoding="utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error):
        return True  # somebody's program wrote it anew
    return any(len(row) > 3 and row[3].strip() for row in rows[1:])


def _plain(name: str) -> str:
    """Return a name on one line."""
    return _CONTROL.sub(" ", name)


def _escaped(line: str) -> str:
    """Return text that Markdown shows as it is."""
    return _MARKDOWN.sub(r"\\\1", _plain(line))


def _code_block(command: str) -> str:
    longest = max((len(run) for run in re.findall("`+", command)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sh\n{_plain(command)}\n{fence}"


def _harmless(name: str) -> str:
    return f"'{name}" if name.startswith(_FORMULA_STARTS) else name
