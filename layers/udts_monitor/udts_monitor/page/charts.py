"""Charts as small static SVG: a row of statuses, and lines over time. Coordinates are whole or tenths."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, log10

from udts_monitor.decision.schedule import Gap
from udts_monitor.decision.status import Outcome
from udts_monitor.page.html import Child, Html, element
from udts_monitor.page.look import Look
from udts_monitor.query.timeline import Timeline

WIDTH = 240
_FULL_WIDTH = 1_180
_HEIGHT = 14
_PLOT_WIDTH, _PLOT_HEIGHT = 640, 150
_LEFT, _TOP, _BOTTOM = 56, 10, 22
# Shorter than this it could not be seen, and a swinging task would make a page of megabytes.
_SHORTEST = 2
_GRID = 2

# The class of each outcome: its first letters, since there is one for each part of each row.
CLASSES = {
    Outcome.PREPARING: "p",
    Outcome.LOADING: "l",
    Outcome.SYNCING: "y",
    Outcome.WAITING: "w",
    Outcome.STOPPED: "s",
    Outcome.FINISHED: "d",
    Outcome.FAILED: "f",
    Outcome.UNKNOWN: "u",
}
_SYNCED = "o"


def status_class(status: str, outcome: Outcome) -> str:
    """The class that gives a status its colour; level is greener than syncing."""
    return _SYNCED if status == "Synced" else CLASSES[outcome]


def status_row(line: Timeline, look: Look, *, stretched: bool = False) -> Html:
    """A task's statuses over time, one path a colour; what nobody saw is hatched over them.

    Args:
        line: the statuses.
        look: of the page.
        stretched: it fills whatever place it gets.
    """
    length = (line.until - line.since).total_seconds() or 1
    width = _FULL_WIDTH if stretched else WIDTH

    def place(moment: datetime) -> int:
        return round((moment - line.since).total_seconds() / length * width)

    parts: dict[str, list[str]] = {}
    end = 0
    for span in line.spans:
        # The next begins where the one before it ended, so that short ones stay to be seen.
        start, stop = max(end, place(span.since)), place(span.until)
        stop = min(width, max(stop, start + _SHORTEST))
        if stop > start:
            parts.setdefault(status_class(span.status, span.outcome), []).append(f"M{start} 7h{stop - start}")
            end = stop
    paths = [element("path", class_=name, d="".join(strokes)) for name, strokes in parts.items()]
    gaps = "".join(
        f"M{place(gap.since)} 7h{max(_SHORTEST, place(gap.until) - place(gap.since))}" for gap in line.gaps
    )
    unseen = [element("path", class_="g", d=gaps), element("path", class_="h", d=gaps)] if gaps else []
    return element(
        "svg",
        paths,
        unseen,
        viewBox=f"0 0 {width} {_HEIGHT}",
        role="img",
        aria_label=described(line, look),
        preserveAspectRatio="none" if stretched else None,
    )


def described(line: Timeline, look: Look) -> str:
    """The row in words, for those who do not see it."""
    if not line.spans:
        return look.say("gap")
    latest = line.spans[-1]
    changes = len(line.spans) - 1
    said = [f"{latest.status} {look.lasting(line.until - latest.since)}"]
    said += [look.say("one change" if changes == 1 else "changes", number=changes)] if changes else []
    said += [look.say("gap")] if line.gaps else []
    return ", ".join(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A line of a plot: values at moments, oldest first.

    Attributes:
        style: ``a`` or ``b``, the first and the second line.
    """

    label: str
    points: Sequence[tuple[datetime, float]]
    style: str = "a"


def plot(  # noqa: PLR0913 - a chart, and all that stands in it
    look: Look,
    title: str,
    series: Sequence[Series],
    shown: Callable[[float], str],
    *,
    gaps: Iterable[Gap] = (),
    limit: float | None = None,
    most: float | None = None,
) -> Html:
    """Lines over the time that is looked at; they break where nobody knew.

    Args:
        look: of the page, with the time.
        title: what is plotted.
        series: the lines.
        shown: how a value is written.
        gaps: times in which nobody knew.
        limit: drawn as a broken line; None for none.
        most: the top of the scale; None for a round figure above the values.
    """
    values = [value for line in series for _, value in line.points]
    if not values:
        return element(
            "figure", element("figcaption", title), element("p", look.say("no figures"), class_="mute")
        )
    top = most or _round_above(max(*values, limit or 0, 0))
    length = (look.now - look.since).total_seconds() or 1

    def x(moment: datetime) -> float:
        share = min(1.0, max(0.0, (moment - look.since).total_seconds() / length))
        return round(_LEFT + share * (_PLOT_WIDTH - _LEFT), 1)

    def y(value: float) -> float:
        return round(_PLOT_HEIGHT - _BOTTOM - value / top * (_PLOT_HEIGHT - _BOTTOM - _TOP), 1)

    unseen = sorted(gaps, key=lambda gap: gap.since)
    inside: list[Child] = [
        element("path", class_="gap", d=f"M{x(gap.since)} {_TOP}H{x(gap.until)}V{y(0)}H{x(gap.since)}z")
        for gap in unseen
    ]
    for step in range(_GRID + 1):
        value = top * step / _GRID
        inside.append(element("path", class_="grid", d=f"M{_LEFT} {y(value)}H{_PLOT_WIDTH}"))
        inside.append(element("text", shown(value), x=_LEFT - 6, y=y(value) + 4, text_anchor="end"))
    if limit:
        inside.append(element("path", class_="limit", d=f"M{_LEFT} {y(limit)}H{_PLOT_WIDTH}"))
        label = look.say("limit", limit=shown(limit))
        inside.append(element("text", label, x=_PLOT_WIDTH, y=y(limit) - 4, text_anchor="end"))
    inside += [
        element("path", class_=f"line {line.style}", d=_path(line.points, unseen, x, y)) for line in series
    ]
    for share, anchor in ((0, "start"), (0.5, "middle"), (1, "end")):
        at = look.since + (look.now - look.since) * share
        text = look.say("now") if share == 1 else look.moment(at)
        inside.append(element("text", text, x=x(at), y=_PLOT_HEIGHT - 4, text_anchor=anchor))
    last = [f"{line.label} {shown(line.points[-1][1])}".strip() for line in series if line.points]
    box = f"0 0 {_PLOT_WIDTH} {_PLOT_HEIGHT}"
    svg = element("svg", inside, viewBox=box, role="img", aria_label=f"{title}: {', '.join(last)}")
    keys = [element("span", line.label, class_=f"key {line.style}") for line in series if line.label]
    return element("figure", element("figcaption", title, keys), svg, class_="plot")


def _path(
    points: Sequence[tuple[datetime, float]],
    gaps: Sequence[Gap],
    x: Callable[[datetime], float],
    y: Callable[[float], float],
) -> str:
    strokes, before = [], None
    for moment, value in points:
        broken = before is None or any(before < gap.until and gap.since < moment for gap in gaps)
        strokes.append(f"{'M' if broken else 'L'}{x(moment)} {y(value)}")
        before = moment
    # A single point is a line of no length, which round ends make visible.
    return "".join(strokes) + ("h0" if len(strokes) == 1 else "")


def _round_above(value: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** (ceil(log10(value)) - 1)
    return float(next((step * power for step in (1, 2, 5, 10) if value <= step * power), 10 * power))
