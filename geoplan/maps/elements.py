"""Folium elements whose content travels as data: no name is ever pasted into a script or a template."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any, Literal

from branca.element import MacroElement
from folium.map import Layer
from folium.template import Template

from geoplan.maps.escape import html_text, script_json

__all__ = ["Assets", "DataLayer", "DrawingOrder", "Panel", "SetUp"]

LayerKind = Literal["points", "shapes", "symbols", "labels"]


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
        self.script = folder.joinpath("map.js").read_text(encoding="utf-8")


class DataLayer(Layer):
    """
    A layer drawn from data by ``assets/map.js``.

    Parameters
    ----------
    kind
        Function of the script that draws it.
    data
        What that function takes.
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

    def __init__(self, kind: LayerKind, data: Mapping[str, Any], *, name: str, show: bool = True) -> None:
        super().__init__(name=html_text(name), overlay=True, control=True, show=show)
        self._name = "DataLayer"
        self.kind = kind
        self.data = script_json(data)


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

    def __init__(self, layers: list[DataLayer]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "DrawingOrder"
        self.layers = layers

    def names(self) -> str:
        """Return the layers' names in the script."""
        return ", ".join(layer.get_name() for layer in self.layers)


class SetUp(MacroElement):
    """
    Bounds, scale and credits of the map.

    Parameters
    ----------
    bounds
        South-west and north-east corner, each latitude and longitude [degrees].
    attribution
        Credit lines, plain text.
    label_zoom
        Zoom from which labels show.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        geoplan.setUp({{ this._parent.get_name() }}, {{ this.options }});
        {% endmacro %}
        """
    )

    def __init__(self, *, bounds: list[list[float]], attribution: tuple[str, ...], label_zoom: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "SetUp"
        self.options = script_json(
            {
                "bounds": bounds,
                "attribution": [html_text(line) for line in attribution],
                "labelZoom": label_zoom,
            }
        )
