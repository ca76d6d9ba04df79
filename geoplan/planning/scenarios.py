"""
Scenarios: what if? An ordered list of edits, read from TOML or made in Python, applied to a study.

Nothing is changed in place: applying a scenario gives a new study and a new standard. Edits are applied in
their order, links last and all together, each from the streets as they are then: so the order of edits that
have nothing to do with one another does not matter.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.errors import DataError, GeoplanError, MissingCrsError
from geoplan.model.study import ScenarioInfo, Study
from geoplan.model.tables import INPUT_TABLES
from geoplan.network.graph import BoolArray
from geoplan.planning.edits import EDITS, AddLink, Edit, SetProfile, SetRule, edit_name
from geoplan.planning.study_edits import edit_study, has_place, with_links
from geoplan.standards.standard import Standard

__all__ = ["Scenario", "apply_scenario", "parse_scenario", "read_scenario", "undo_scenario"]

_HEAD = ("name", "crs", "edits")


@dataclass(frozen=True, slots=True)
class Scenario:
    """
    An ordered list of edits.

    Parameters
    ----------
    edits
        Values of ``geoplan.planning.edits``, applied in this order.
    crs
        CRS or datum (``gcj02``, ``bd09``) of the places in them; needed if an edit has a place.
    name
        For people.

    Raises
    ------
    MissingCrsError
        If an edit has a place and ``crs`` is empty.

    Examples
    --------
    >>> from geoplan.planning.edits import CloseCentre, SetRule
    >>> Scenario((CloseCentre("c1"), SetRule("walking.speed", 57.0))).edits[0].id
    'c1'
    """

    edits: tuple[Edit, ...]
    crs: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        if not self.crs and any(map(has_place, self.edits)):
            raise MissingCrsError("error.scenario_crs")

    @property
    def sha256(self) -> str:
        """Digest of the edits in their order and of ``crs``; the name is not in it."""
        edits = [{"edit": edit_name(one), **dataclasses.asdict(one)} for one in self.edits]
        content = json.dumps({"crs": self.crs, "edits": edits}, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(content.encode("utf-8")).hexdigest()


def read_scenario(file: str | Path) -> Scenario:
    """
    Read a scenario from a TOML file.

    Parameters
    ----------
    file
        See `parse_scenario`.

    Raises
    ------
    DataError
        If there is no such file, or it is not such a scenario.
    MissingCrsError
        If an edit has a place and the file states no ``crs``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "later.toml"
    ...     lines = ['name = "Later"', "[[edits]]", 'edit = "close_centre"', 'id = "c07"']
    ...     _ = file.write_text("\\n".join(lines), encoding="utf-8")
    ...     read_scenario(file).name
    'Later'
    """
    path = Path(file)
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError("error.scenario_file", file=str(file)) from error
    return parse_scenario(content, path.name)


def parse_scenario(content: str, origin: str) -> Scenario:
    """
    Parse the text of a scenario.

    Parameters
    ----------
    content
        TOML: ``name``, ``crs``, and an array of tables ``edits``; each has ``edit``, a key of
        ``geoplan.planning.edits.EDITS``, and that edit's fields. Text is data: nothing is run or fetched.
    origin
        Name of the file, for messages.

    Raises
    ------
    DataError
        Listing every fault: not TOML, unknown edits or fields, absent fields, values that make no sense.
    MissingCrsError
        If an edit has a place and ``crs`` is absent.

    Examples
    --------
    >>> parse_scenario('''
    ... [[edits]]
    ... edit = "open_gate"
    ... street_id = "s7"
    ... ''', "gate.toml").edits
    (OpenGate(street_id='s7'),)
    """
    try:
        data = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise DataError("error.scenario_not_toml", origin=origin, detail=str(error)) from error
    faults: list[DataError] = []
    unknown = [key for key in data if key not in _HEAD]
    if unknown:
        faults.append(DataError("error.scenario_keys", keys=", ".join(unknown), known=", ".join(_HEAD)))
    words = {key: data.get(key, "") for key in ("name", "crs")}
    faults += [
        DataError("error.scenario_word", field=key, found=value)
        for key, value in words.items()
        if not isinstance(value, str)
    ]
    rows = data.get("edits")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        faults.append(DataError("error.scenario_no_edits"))
        rows = []
    edits = []
    for number, row in enumerate(rows, start=1):
        try:
            edits.append(_edit(row))
        except DataError as error:
            word = str(row.get("edit", "?"))
            faults.append(_refused(number, word, error))
    if faults:
        raise DataError("error.scenario_faults", faults=faults, origin=origin, count=len(faults))
    return Scenario(tuple(edits), **words)


def _edit(row: dict[str, Any]) -> Edit:
    kind = EDITS.get(str(row.get("edit")))
    if kind is None:
        raise DataError("error.scenario_unknown_edit", known=", ".join(EDITS))
    fields = dataclasses.fields(kind)
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    del given["edit"]
    known = [field.name for field in fields]
    unknown = [key for key in given if key not in known]
    if unknown:
        raise DataError("error.scenario_keys", keys=", ".join(unknown), known=", ".join(known))
    absent = [
        field.name for field in fields if field.default is dataclasses.MISSING and field.name not in given
    ]
    if absent:
        raise DataError("error.scenario_absent", keys=", ".join(absent))
    return kind(**given)


def apply_scenario(study: Study, standard: Standard, scenario: Scenario) -> tuple[Study, Standard]:
    """
    Return the study and the standard as a scenario would have them.

    Parameters
    ----------
    study
        Stays as it is.
    standard
        Stays as it is.
    scenario
        What changes.

    Returns
    -------
    study, standard
        New values; tables that no edit touches are the same objects. ``study.scenarios`` says what was
        applied.

    Raises
    ------
    DataError
        Naming the first edit that cannot be made: an id that is unknown or taken, a gate that is not
        closed, a place far from the study or (of a link) from every street, a rule or profile that the
        standard does not state.

    Examples
    --------
    >>> import geoplan
    >>> from geoplan.planning.edits import SetRule
    >>> study, standard = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> _, slower = apply_scenario(study, standard, Scenario((SetRule("walking.speed", 57.0),)))
    >>> standard.number("walking.speed"), slower.number("walking.speed")
    (67.0, 57.0)
    """
    links: list[tuple[int, AddLink]] = []
    for number, edit in enumerate(scenario.edits, start=1):
        try:
            if isinstance(edit, AddLink):
                links.append((number, edit))
            elif isinstance(edit, SetRule):
                standard = standard.override({edit.rule: edit.value})
            elif isinstance(edit, SetProfile):
                standard = standard.with_profile(edit.profile)
            else:
                study = edit_study(study, edit, scenario.crs)
        except GeoplanError as error:
            raise _refused(number, edit_name(edit), error) from error
    cap_m = standard.number("walking.max_snap") if study.max_snap_m is None else study.max_snap_m
    linked = study
    for count, (number, edit) in enumerate(links, start=1):
        try:
            linked = with_links(study, [link for _, link in links[:count]], scenario.crs, max_snap_m=cap_m)
        except GeoplanError as error:
            raise _refused(number, edit_name(edit), error) from error
    applied = ScenarioInfo(name=scenario.name, sha256=scenario.sha256)
    return dataclasses.replace(linked, scenarios=(*linked.scenarios, applied)), standard


def _refused(number: int, word: str, error: GeoplanError) -> DataError:
    return DataError("error.scenario_edit", faults=(error,), number=number, edit=word)


def undo_scenario(
    now: tuple[Study, Standard], scenario: Scenario, before: tuple[Study, Standard]
) -> tuple[Study, Standard]:
    """
    Take a scenario's edits back, whatever else has been changed since.

    Parameters
    ----------
    now
        Study and standard with the scenario, and perhaps later ones, applied.
    scenario
        What is taken back.
    before
        Study and standard to which it was applied.

    Returns
    -------
    study, standard
        Each row that the scenario touched is as it was before, whatever a later edit did to that row (a
        street to which a later link was joined too loses both), every other as it is now. With nothing
        changed since, every table is the one of before, to the byte, and so is ``scenarios``. A standard that
        the scenario changed is the one of before.

    Examples
    --------
    >>> import geoplan
    >>> from geoplan.planning.edits import CloseCentre
    >>> before = geoplan.read_study("data/anning"), geoplan.load_standard("default")
    >>> close = Scenario((CloseCentre(before[0].centres.index[0]),))
    >>> study, _ = undo_scenario(apply_scenario(*before, close), close, before)
    >>> study.centres.equals(before[0].centres)
    True
    """
    after = apply_scenario(*before, scenario)
    tables: dict[str, Any] = {}
    for name in INPUT_TABLES:
        old, new, current = before[0].table(name), after[0].table(name), now[0].table(name)
        if new is not old:
            tables[name] = _restored(old, new, current)
    study = dataclasses.replace(
        now[0], **tables, scenarios=_without(now[0].scenarios, after[0].scenarios[-1])
    )
    return study, now[1] if after[1] is before[1] else before[1]


def _without(applied: tuple[ScenarioInfo, ...], undone: ScenarioInfo) -> tuple[ScenarioInfo, ...]:
    """Return the scenarios applied without the last that is the one undone."""
    at = next((at for at in reversed(range(len(applied))) if applied[at] == undone), len(applied))
    return (*applied[:at], *applied[at + 1 :])


def _restored(
    old: gpd.GeoDataFrame | None, new: gpd.GeoDataFrame | None, current: gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame | None:
    """Return ``current`` with the rows in which ``new`` differs from ``old`` as they are in ``old``."""
    if new is None or current is None:
        return old
    if old is None:
        rest = current.drop(index=current.index.intersection(new.index))
        return rest if len(rest) else None
    both = old.index.intersection(new.index)
    every = [*new.columns, *(name for name in old.columns if name not in new)]
    one, other = (table.loc[both].reindex(columns=every) for table in (old, new))
    same = np.array([_same(one[name], other[name]) for name in every]).all(axis=0)
    touched = old.index.symmetric_difference(new.index).union(both[~same])
    kept = current.drop(index=current.index.intersection(touched))
    back = old.loc[old.index.isin(touched)]
    extra = [name for name in kept.columns if name not in old and kept[name].notna().any()]
    parts = [part for part in (kept, back) if len(part)]
    if not parts:
        return old.iloc[:0]
    joined = pd.concat([part.reindex(columns=[*old.columns, *extra]) for part in parts])
    kinds = {**kept.dtypes[extra].to_dict(), **old.dtypes.to_dict()}
    joined = joined.astype({name: kind for name, kind in kinds.items() if name != "geometry"})
    joined.index = joined.index.astype(old.index.dtype).rename(old.index.name)
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=old.crs).sort_index()


def _same(one: pd.Series, other: pd.Series) -> BoolArray:
    """Tell where two columns hold the same, or both nothing."""
    left, right = one.to_numpy(object), other.to_numpy(object)
    empty, bare = pd.isna(left), pd.isna(right)
    same = empty & bare
    held = ~empty & ~bare
    same[held] = (left[held] == right[held]).astype(bool)
    return np.asarray(same, bool)
