from __future__ import annotations

import dataclasses
import re
import subprocess

import numpy as np
import pandas as pd
import pytest
import shapely
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.font_manager import fontManager
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

from geoplan import report
from geoplan.errors import DataError
from geoplan.messages import text
from geoplan.report.fonts import cjk_font, true_type
from geoplan.report.plot_charts import _dashes, _measured, _steps
from geoplan.report.plot_maps import rate_class
from geoplan.report.plot_sheet import fold, map_axis, new_sheet, place_labels
from geoplan.report.plots import FIGURES, write_figures
from geoplan.report.workbook import sign_count
from tests.audits import plain_audit

RARE = "㙍䶮"
ONE_AUDIT = sorted(FIGURES)


def words_of(figure):
    """Return everything that is written on a figure."""
    return "\n".join(one.get_text() for one in figure.findobj(Text) if one.get_visible())


def letters(figure):
    return re.sub(r"\s", "", words_of(figure))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", ONE_AUDIT)
def test_a_figure_names_study_title_warnings_credits_and_standard(plain, name, lang):
    shown = letters(FIGURES[name](plain, lang))
    for wanted in (
        "试验区",
        text(f"figure.{name}", lang),
        text("banner.synthetic", lang),
        "residences.persons",
        "OpenStreetMap contributors",
        plain.standard.name(lang),
        plain.standard.digest[:8],
    ):
        assert re.sub(r"\s", "", wanted) in shown


@pytest.mark.parametrize("name", ["locator", "coverage_choropleth"])
def test_a_map_bears_its_review_number_or_says_that_it_is_internal(plain, name):
    assert "审图号：________" in letters(FIGURES[name](plain, "zh"))
    assert "审图号：甘S(2026)01号" in letters(FIGURES[name](plain, "zh", review_number="甘S(2026)01号"))


@pytest.mark.parametrize("name", ONE_AUDIT)
def test_hostile_names_are_drawn_as_they_are_and_never_as_formulas(hostile, tmp_path, name):
    figure = FIGURES[name](hostile, "zh")
    assert not any(one.get_parse_math() for one in figure.findobj(Text))
    report.drawing.save(figure, tmp_path / "f.png")


def test_figures_have_the_size_of_the_text_of_an_a4_page(plain):
    for name in ONE_AUDIT:
        width, height = FIGURES[name](plain, "en").get_size_inches() * 2.54
        assert width == pytest.approx(17.0)
        assert height < 24.7


def test_the_heat_table_bears_the_figures_of_its_tables(plain):
    axis = report.heat_table(plain, "en").axes[0]
    cells = plain.tables["coverage_by_community_category"].set_index(["community_id", "service"])
    covered = plain.tables["coverage_by_community"]
    services = list(dict.fromkeys(plain.tables["coverage_by_community_category"]["service"]))
    names = [one.get_text() for one in axis.get_yticklabels()]
    rows = {name: next(iter(covered.index[covered["name"] == name])) for name in names}
    written = {
        (round(one.get_position()[0] - 0.5), round(one.get_position()[1] - 0.53)): one.get_text()
        for one in axis.texts
    }
    for row, name in enumerate(names):
        for column, service in enumerate(services):
            found = cells.loc[(rows[name], service)]
            shown = written[column, row]
            assert shown.endswith("?") == bool(found["persons_unknown"] > 0)
            assert float(shown.rstrip("?")) == pytest.approx(100 * found["coverage_rate"], abs=0.05)
    rates = [covered.loc[rows[name], "coverage_rate_all_five"] for name in names]
    assert rates == sorted(rates)


def test_a_community_without_a_figure_is_grey_not_zero(plain):
    covered = plain.tables["coverage_by_community"].copy()
    covered["coverage_rate_all_five"] = np.nan
    unknown = dataclasses.replace(plain, tables={**plain.tables, "coverage_by_community": covered})
    figure = report.coverage_choropleth(unknown, "en")
    assert text("verdict.unknown", "en") in words_of(figure)
    labels = [one.get_text() for one in figure.axes[0].texts]
    assert not any(re.search(r"\d", one) for one in labels if "—" in one)
    assert any("—" in one for one in labels)


@given(
    st.lists(st.tuples(st.one_of(st.none(), st.floats(0, 100)), st.integers(0, 9)), min_size=1, max_size=30),
    st.floats(0, 60),
)
def test_the_share_at_any_time_is_that_of_persons_who_walk_at_most_so_long(homes, at):
    minutes = np.array([np.nan if one is None else one for one, _ in homes])
    weight = np.array([float(persons) for _, persons in homes])
    walks, share = _steps(minutes, weight, 60.0)
    if weight.sum() == 0:
        assert len(walks) == 0
        return
    drawn = share[np.searchsorted(walks, at, side="right") - 1]
    assert drawn == pytest.approx(weight[minutes <= at].sum() / weight.sum())


def test_no_two_lines_of_a_chart_look_the_same():
    looks = {(number % 8, str(_dashes(number))) for number in range(32)}
    assert len(looks) == 32


def test_a_figure_over_its_limit_never_looks_as_if_it_met_it():
    assert _measured(1.0, 1.0) == "1"
    assert _measured(1.004, 1.0) == "1.004"
    assert _measured(1.0000000001, 1.0) == "> 1"
    assert _measured(0.9999999999, 1.0) == "< 1"


@given(st.floats(0, 1))
def test_the_class_of_a_rate_holds_it(rate):
    place = rate_class(rate)
    assert place / 5 - 1e-9 <= rate <= (place + 1) / 5 + 1e-9


@given(st.text(st.sampled_from("ab 一，"), max_size=60), st.integers(4, 30))
def test_folding_keeps_every_sign_and_the_width(content, signs):
    lines = fold(content, signs)
    assert "".join(lines).replace(" ", "") == content.replace(" ", "")
    assert all(sign_count(one) <= signs for one in lines)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.floats(0, 900), st.floats(0, 900)), min_size=1, max_size=40))
def test_labels_of_a_map_never_overlap(plain_sheet, places):
    axis, _ = map_axis(plain_sheet, (1, 1, 10, 10), (0, 0, 1000, 1000), "EPSG:4544", degrees=False)
    shapes = shapely.box(*np.array([(x, y, x + 90, y + 60) for x, y in places]).T)
    labels = [(f"名{number}社区\n99.9", "99.9") for number in range(len(places))]
    before = len(axis.texts)
    left_out = place_labels(axis, shapes, labels, 6.0, fontfamily=plain_sheet.font)
    written = axis.texts[before:]
    assert len(written) + left_out == len(places)
    renderer = plain_sheet.figure.canvas.get_renderer()
    boxes = [one.get_window_extent(renderer) for one in written]
    for number, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[:number])
    axis.remove()


@pytest.fixture(scope="module")
def plain_sheet():
    sheet = new_sheet(plain_audit(), "zh", "标注", 12)
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(sheet.figure)
    return sheet


def test_the_font_has_rare_signs_of_place_names():
    cjk_font()
    (file,) = {
        one.fname for one in fontManager.ttflist if one.name == "Noto Sans SC" and "pylopdf" in one.fname
    }
    font = FT2Font(file)
    assert all(font.get_char_index(ord(sign)) for sign in RARE)


def test_the_cut_font_is_true_type_with_the_same_widths_and_bytes(tmp_path):
    (tmp_path / "again").mkdir()
    signs = frozenset(RARE + "一刻钟")
    file, again = true_type(signs, tmp_path), true_type(signs, tmp_path / "again")
    assert file.read_bytes() == again.read_bytes()
    font = TTFont(file)
    assert "glyf" in font
    assert "CFF " not in font
    cmap = font.getBestCmap()
    assert {ord(sign) for sign in signs} <= set(cmap)
    assert all(font["glyf"][cmap[ord(sign)]].numberOfContours > 0 for sign in signs)
    assert font["hmtx"][cmap[ord("一")]][0] == font["head"].unitsPerEm


def test_every_format_is_written_the_same_twice_and_the_pdf_can_be_searched(plain, tmp_path):
    named = plain.study.communities.assign(name=[f"{RARE}社区", "西社区"])
    covered = plain.tables["coverage_by_community"].assign(name=named["name"])
    audit = dataclasses.replace(
        plain, study=dataclasses.replace(plain.study, communities=named),
        tables={**plain.tables, "coverage_by_community": covered},
    )  # fmt: skip
    files, not_drawn = write_figures(audit, tmp_path / "a", after=audit, lang="zh")
    again, _ = write_figures(audit, tmp_path / "b", lang="zh")
    assert not_drawn == {}
    assert len(files) == 3 * (len(FIGURES) + 1)
    for one, other in zip(files, again, strict=False):
        assert one.read_bytes() == other.read_bytes()
    pdf = (tmp_path / "a" / "heat_table.pdf").read_bytes()
    assert b"/CIDFontType2" in pdf
    assert b"/Type3" not in pdf
    assert b"<text" not in (tmp_path / "a" / "heat_table.svg").read_bytes()
    assert not re.search(rb'(?:href|src)="http', (tmp_path / "a" / "locator.svg").read_bytes())


def test_what_cannot_be_drawn_is_told_and_the_rest_is_drawn(bare, tmp_path):
    files, not_drawn = write_figures(bare, tmp_path, formats=["svg"], after=bare, lang="en")
    assert [one.stem for one in files] == ["locator", "size_against_packs"]
    assert set(not_drawn) == {"coverage_choropleth", "minutes_ecdf", "heat_table", "before_after"}
    assert all("streets" in error.text("en") for error in not_drawn.values())


def test_an_unknown_format_is_refused_before_anything_is_written(plain, tmp_path):
    with pytest.raises(DataError, match="gif"):
        write_figures(plain, tmp_path / "none", formats=["gif"])
    assert not (tmp_path / "none").exists()


def test_where_persons_are_unknown_each_home_counts_as_one(plain):
    homes = plain.study.residences.copy()
    homes["persons"] = pd.array([None] * len(homes), dtype="Int64")
    audit = dataclasses.replace(plain, study=dataclasses.replace(plain.study, residences=homes))
    figure = report.minutes_ecdf(audit, "en")
    assert text("figure.share_residences", "en") in words_of(figure)
    line = figure.axes[0].lines[0]
    reach = plain.tables["reach"]
    own = reach[(reach["service"] == reach["service"].iloc[0]) & (reach["verdict"] != "unknown")]
    assert line.get_ydata()[-1] == pytest.approx((own["minutes"] <= line.get_xdata()[-1]).mean())


def test_drawing_leaves_matplotlibs_settings_as_they_were(plain, tmp_path):
    code = (
        "import matplotlib; before = dict(matplotlib.rcParams)\n"
        "from tests.audits import plain_audit\nfrom geoplan.report import write_figures\n"
        f"write_figures(plain_audit(), {str(tmp_path)!r}, formats=['svg'])\n"
        "assert dict(matplotlib.rcParams) == before\n"
        "from matplotlib._pylab_helpers import Gcf\nassert not Gcf.figs\n"
    )
    import sys

    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
