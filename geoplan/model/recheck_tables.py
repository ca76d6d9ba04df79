"""Result table of the independent checker."""

from __future__ import annotations

from geoplan.model.declare import SERVICE, integer, number, text
from geoplan.model.schema import TableSchema

__all__ = ["RECHECK_TABLES"]

RECHECK = TableSchema(
    "recheck", "Independent check", "独立复核", "a service",
    (
        SERVICE,
        integer("sampled", "residences drawn", "抽取居住点数", "Drawn at random by ``seed``."),
        integer("redecided", "residences re-decided", "复核居住点数", "Those drawn, and those with the longest and closest walks, of all and of communities."),
        integer("agreeing", "agreeing", "一致数", "Same verdict, same nearest place, same walk to the millisecond."),
        integer("timed", "walks compared to the ms", "逐毫秒比对数", "The others have no walk within twice the longest limit, by both."),
        integer("largest_difference_ms", "largest difference (ms)", "最大差异（毫秒）", "Between two walks compared."),
        text("longest_pass_id", "longest walk that passes", "达标最远居住点", "Residence with the longest walk that passes."),
        number("longest_pass_minutes", "its walk (min)", "其步行时间（分钟）", "As found by the checker.", "min"),
        integer("seed", "seed", "随机种子", "Of the draw."),
    ),
    key="service",
)  # fmt: skip

RECHECK_TABLES = (RECHECK,)
