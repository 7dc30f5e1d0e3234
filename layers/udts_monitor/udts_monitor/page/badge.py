"""A badge: a task's name and its status as one small picture, for a wiki or a README."""

from udts_monitor.page.html import Html, element
from udts_monitor.query.concern import Concern
from udts_monitor.query.overview import TaskView
from udts_monitor.text import one_line, truncate

# White text on each has a contrast of at least 4.5 to 1.
_COLOURS = {
    Concern.ACT_NOW: "#c0262d",
    Concern.ACT_BY: "#8a5200",
    Concern.UNSEEN: "#6f4fb8",
    Concern.LOOK: "#8a5200",
    Concern.RUNNING: "#1a66c4",
    Concern.READY: "#177a42",
    Concern.FINISHED: "#5d6975",
}
_NAME_COLOUR = "#3a4450"
_NAME_LIMIT = 40
_STATUS_LIMIT = 24
# Of this font an ASCII letter is about as wide, and a Chinese one twice.
_LETTER = 6.6
_SPACE = 14


def badge(view: TaskView) -> str:
    """The picture; a task nobody sees now says so."""
    status = "no answer" if view.concern is Concern.UNSEEN else view.state.status
    if view.concern is Concern.RUNNING and view.done is not None:
        status = f"{status} {view.done:.0%}"
    name = truncate(one_line(view.task.display_name), _NAME_LIMIT)
    return str(_picture(name, truncate(status, _STATUS_LIMIT), _COLOURS[view.concern]))


def _picture(name: str, status: str, colour: str) -> Html:
    left, right = _width(name), _width(status)
    return element(
        "svg",
        element("title", f"{name}: {status}"),
        element("rect", width=left + 4, height=20, rx=3, fill=_NAME_COLOUR),
        element("rect", x=left, width=right, height=20, rx=3, fill=colour),
        element("rect", x=left, width=4, height=20, fill=colour),
        element(
            "g",
            element("text", name, x=left / 2, y=14, text_anchor="middle"),
            element("text", status, x=left + right / 2, y=14, text_anchor="middle"),
            fill="#fff",
            font_family="Verdana,DejaVu Sans,sans-serif",
            font_size=11,
        ),
        xmlns="http://www.w3.org/2000/svg",
        width=left + right,
        height=20,
        role="img",
        aria_label=f"{name}: {status}",
    )


def _width(text: str) -> int:
    letters = sum(1 if char.isascii() else 2 for char in text)
    return round(letters * _LETTER) + _SPACE
