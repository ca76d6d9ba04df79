"""Folium elements whose content travels as data: no name is ever pasted into a script or a template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, Literal

import folium
from branca.element import MacroElement
from folium.map import Layer
from folium.template import Template

from geoplan.maps.escape import html_text, script_json
from geoplan.maps.packing import Numbers

__all__ = [
    "Assets",
    "Choice",
    "Cloud",
    "DataLayer",
    "DrawingOrder",
    "GroupLayer",
    "Panel",
    "SetUp",
    "Together",
]

LayerKind = Literal["points", "shapes", "symbols", "labels"]
_SCRIPTS = ("core.js", "cloud.js", "layers.js", "furniture.js")


class Assets(MacroElement):
    """The page's own style and the functions that draw its layers."""

    _template = Template(
        """
        {% macro header(this, kwargs) %}
        <style>{{ this.style }}</style>
        <script>{{ this.script }}</script>
        {% endmacro %}
        """
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Assets"
        folder = resources.files("geoplan.maps").joinpath("assets")
        self.style = folder.joinpath("map.css").read_text(encoding="utf-8")
        self.script = "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in _SCRIPTS)


class DataLayer(Layer):
    """
    A layer drawn from data by the page's scripts.

    Parameters
    ----------
    kind
        Function of the script that draws it.
    content
        What that function takes; columns and coordinates as of `geoplan.maps.packing`.
    name
        Name in the layer control; may hold text of the data.
    show
        Whether it is on at first.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = geoplan.{{ this.kind }}({{ this.data }});
        {% endmacro %}
        """
    )

    def __init__(self, kind: LayerKind, content: Mapping[str, Any], *, name: str, show: bool = True) -> None:
        super().__init__(name=html_text(name), overlay=True, control=True, show=show)
        self._name = "DataLayer"
        self.kind = kind
        self.content = content
        self.datum: str | None = None

    @property
    def data(self) -> str:
        """The content as the script takes it."""
        return script_json(self.content, datum=self.datum)


class Cloud(MacroElement):
    """
    Many points in groups, each of which is a layer of its own: see `GroupLayer`.

    Parameters
    ----------
    content
        What ``geoplan.cloud`` of the script takes; ``groups`` are styles.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = geoplan.cloud({{ this.data }});
        {% endmacro %}
        """
    )

    def __init__(self, content: Mapping[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Cloud"
        self.content = content
        self.datum: str | None = None

    @property
    def data(self) -> str:
        """The content as the script takes it."""
        return script_json(self.content, datum=self.datum)


class GroupLayer(Layer):
    """
    A switch in the layer control for one group of a cloud.

    Parameters
    ----------
    cloud
        Stands on the map before it.
    group
        Number of the group.
    name, show
        As those of a `DataLayer`.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = geoplan.group({{ this.cloud.get_name() }}, {{ this.group }});
        {% endmacro %}
        """
    )

    def __init__(self, cloud: Cloud, group: int, *, name: str, show: bool = True) -> None:
        super().__init__(name=html_text(name), overlay=True, control=True, show=show)
        self._name = "GroupLayer"
        self.cloud = cloud
        self.group = group


class Panel(MacroElement):
    """
    A box in a corner of the map.

    Parameters
    ----------
    content
        HTML in which every text of the data is escaped.
    position
        Leaflet's name of the corner.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        geoplan.panel({{ this._parent.get_name() }}, {{ this.position }}, {{ this.content }});
        {% endmacro %}
        """
    )

    def __init__(self, content: str, *, position: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Panel"
        self.position = script_json(position)
        self.content = script_json(content)


class DrawingOrder(MacroElement):
    """Keeps the drawing order of layers when they are switched off and on again, lowest first."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        geoplan.keepOrder({{ this._parent.get_name() }}, [{{ this.names() }}]);
        {% endmacro %}
        """
    )

    def __init__(self, layers: Sequence[DataLayer]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "DrawingOrder"
        self.layers = layers

    def names(self) -> str:
        """Return the layers' names in the script."""
        return ", ".join(layer.get_name() for layer in self.layers)


class Choice(MacroElement):
    """
    A slider or a list from which one step is chosen: a time, or a service.

    Parameters
    ----------
    label
        What is chosen.
    steps
        Each ``label``, ``tick``, ``minutes`` if it is a time, and ``counts`` a group.
    clouds
        Clouds whose points change their groups, with a column a step.
    timed
        Layers of which those with a step's ``minutes`` are shown.
    start
        Step at first.
    slider
        Whether it is a slider; else a list.
    note
        A line under it.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        geoplan.choice([{{ this.maps() }}], Object.assign({{ this.options }}, {
            clouds: [{{ this.cloud_list() }}], timed: [{{ this.timed_list() }}] }));
        {% endmacro %}
        """
    )

    def __init__(
        self,
        *,
        label: str,
        steps: Sequence[Mapping[str, Any]],
        clouds: Sequence[tuple[Cloud, Sequence[Numbers]]],
        timed: Sequence[DataLayer] = (),
        start: int,
        slider: bool,
        note: str = "",
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Choice"
        self.clouds, self.timed = clouds, timed
        self.options = script_json(
            {"label": label, "steps": list(steps), "start": start, "slider": slider, "note": note}
        )

    def maps(self) -> str:
        """Return the name of the map it stands on."""
        assert self._parent is not None, "it stands on a map"  # noqa: S101
        return str(self._parent.get_name())

    def cloud_list(self) -> str:
        """Return the clouds with their columns, as the script takes them."""
        return ", ".join(
            f"{{ cloud: {cloud.get_name()}, columns: {script_json(list(columns))} }}"
            for cloud, columns in self.clouds
        )

    def timed_list(self) -> str:
        """Return the names of the layers that have a time."""
        return ", ".join(layer.get_name() for layer in self.timed)


class Together(MacroElement):
    """Lets the map it stands on and another one move as one."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        geoplan.together({{ this.other.get_name() }}, {{ this._parent.get_name() }});
        {% endmacro %}
        """
    )

    def __init__(self, other: folium.Map) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Together"
        self.other = other


class SetUp(MacroElement):
    """
    Bounds, tiles, scale, north arrow, search box and credits of the map.

    Parameters
    ----------
    options
        What ``geoplan.setUp`` of the script takes; ``attribution`` are credit lines, plain text.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        geoplan.setUp({{ this._parent.get_name() }}, {{ this.options }});
        {% endmacro %}
        """
    )

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "SetUp"
        credits_ = [html_text(line) for line in options["attribution"]]
        self.options = script_json({**options, "attribution": credits_})
