"""The page of one task: what to do, its statuses over time, its figures, and what happened."""

from collections.abc import Sequence
from datetime import datetime

from udts_monitor.decision.estimate import done_of
from udts_monitor.decision.observation import Number
from udts_monitor.decision.status import Outcome
from udts_monitor.messages.display import CONSOLE
from udts_monitor.messages.figures import position_line
from udts_monitor.page import advice, charts
from udts_monitor.page.charts import Series
from udts_monitor.page.html import Child, Html, element
from udts_monitor.page.look import Look, count, percent, size
from udts_monitor.page.overview_page import HOURS, banners, document
from udts_monitor.page.rows import legend, pill, shown_time
from udts_monitor.page.sections import Names, incident_section, table, told, where
from udts_monitor.query.answers import TaskHistory
from udts_monitor.query.concern import NEEDS_SOMEBODY
from udts_monitor.query.overview import Overview, TaskView
from udts_monitor.query.stored import History, HistoryEvent, HistoryPoint
from udts_monitor.query.timeline import Timeline
from udts_monitor.text import one_line, plain, truncate

_SHOWN = 100
_STEPS_SECONDS = (10, 20, 60, 120, 600, 1_200, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800, 604_800)
_REASON_LIMIT = 2_000


def task_page(overview: Overview, found: TaskHistory, look: Look) -> Html:
    """All that is known of one task in a time."""
    view, history, line = found.view, found.history, found.line
    title, names = one_line(view.task.display_name), Names(overview)
    body = [
        element("p", element("a", f"← {look.say('all tasks')}", href=look.link())),
        element(
            "header",
            element("h1", title, " ", pill(view, look), class_=str(view.concern)),
            _windows(view, look),
        ),
        banners(overview, look),
        _lead(view, look),
        element("h2", shown_time(line, look)),
        element("div", charts.status_row(line, look, stretched=True), class_="life"),
        element(
            "div", element("span", look.moment(line.since)), element("span", look.say("now")), class_="axis"
        ),
        legend(look),
        element("div", plots(view, history, line, look), class_="two"),
        element(
            "div",
            element("div", _facts(view, look)),
            element("div", _happened(view, history, names, look)),
            class_="two",
        ),
        incident_section(found.incidents, names, look),
    ]
    return document(title, body, look)


def plots(view: TaskView, history: History, line: Timeline, look: Look) -> Child:
    """The full load, and where metrics are read the lag, the remaining data and the rates."""
    points = history.points
    loaded = [(point.at, done * 100) for point in points if (done := done_of(point.progress)) is not None]
    drawn: list[Child] = []
    if loaded:
        drawn.append(
            charts.plot(
                look, look.say("progress"), [Series(label="", points=loaded)], lambda v: f"{v:.3g} %",
                gaps=line.gaps, most=100,
            )
        )  # fmt: skip
    delays = _figures(points, "delay_seconds")
    limit = view.policy.max_delay_seconds
    if delays:
        drawn.append(
            charts.plot(
                look, look.say("lag over time"), [Series(label="", points=delays)], _seconds,
                gaps=line.gaps, limit=limit, most=_round_seconds(max(limit, *(delay for _, delay in delays))),
            )
        )  # fmt: skip
    remaining = _figures(points, "remaining_bytes")
    if remaining:
        drawn.append(
            charts.plot(
                look, look.say("remaining over time"), [Series(label="", points=remaining)], size,
                gaps=line.gaps,
            )
        )  # fmt: skip
    rates = [
        Series(label=look.say(name), points=_figures(points, f"{name}_rows_per_second"), style=style)
        for name, style in (("read", "a"), ("written", "b"))
    ]
    if any(rate.points for rate in rates):
        drawn.append(charts.plot(look, look.say("rates over time"), rates, count, gaps=line.gaps))
    return drawn or element("p", look.say("no figures"), class_="mute")


def _figures(points: Sequence[HistoryPoint], name: str) -> list[tuple[datetime, float]]:
    found: list[tuple[datetime, Number | None]] = [
        (point.lag.measured_at, getattr(point.lag, name)) for point in points if point.lag
    ]
    return sorted({at: float(value) for at, value in found if value is not None}.items())


def _round_seconds(value: float) -> float:
    """The next length of time that halves well."""
    return float(next((step for step in _STEPS_SECONDS if value <= step), value))


def _seconds(value: float) -> str:
    size, unit = next(
        ((size, unit) for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")) if value >= size), (1, "s")
    )
    return f"{value / size:.3g} {unit}"


def _windows(view: TaskView, look: Look) -> Html:
    return element(
        "nav",
        [
            element(
                "a",
                f"{hours} h" if hours == HOURS[0] else f"{hours // 24} d",
                href=look.link(f"task/{view.task.key}", hours=str(hours)),
                aria_current=hours == look.hours and "true",
            )
            for hours in HOURS
        ],
    )


def _lead(view: TaskView, look: Look) -> Child:
    do = advice.decision(view, look)
    said = [advice.why(view, look, _REASON_LIMIT), *advice.steps(view, look)]
    said += [] if view.concern in NEEDS_SOMEBODY else [advice.how_far(view, look)]
    text = " ".join(part for part in said if part)
    if not do and not text:
        return None
    return element("p", element("b", do) if do else None, " ", text, class_=f"lead {view.concern}")


def _facts(view: TaskView, look: Look) -> Child:
    task, state = view.task, view.state
    deadline = look.moment(task.deadline) if task.deadline else ""
    end = view.measured_end
    expected = (
        look.say("until", earliest=look.moment(end.earliest), latest=look.moment(end.latest)) if end else ""
    )
    listed = state.listed
    facts: dict[str, Child] = {
        "status": f"{state.previous_status} → {state.status}" if state.previous_status else state.status,
        "since": f"{look.moment(state.since)} ({look.ago(state.since)})",
        "id": element("code", task.task_id),
        "project": task.project_id or look.say("default project"),
        "type": task.type,
        "owner": one_line(task.owner),
        "runbook": element("a", task.runbook, href=task.runbook) if task.runbook else "",
        "progress": percent(view.done) if view.done is not None else "",
        "measured end": expected,
        "lag": advice.lag_of(view, look),
        "remaining over time": size(state.lag.remaining_bytes)
        if state.lag and state.lag.remaining_bytes is not None and state.known_outcome is Outcome.SYNCING
        else "",
        "position": position_line(state.position),
        "retries": advice.retries_of(view, look),
        "resume until": look.moment(view.resume_until) if view.resume_until else "",
        "deadline": deadline,
        "paid until": look.moment(listed.expires_at) if listed and listed.expires_at else "",
        "silence": "; ".join(
            f"{one.scope} ({one.by}: {one.why}) → {look.moment(one.until)}" for one in view.silences
        ),
        "reason": truncate(plain(state.failed_message), _REASON_LIMIT),
        "own thresholds": ", ".join(f"{name}: {value:g}" for name, value in sorted(task.thresholds.items())),
        "console": element("a", CONSOLE, href=CONSOLE),
    }
    pairs = [(element("dt", look.say(name)), element("dd", value)) for name, value in facts.items() if value]
    return element("h2", look.say("facts")), element("dl", pairs)


def _happened(view: TaskView, history: History, names: Names, look: Look) -> Child:
    """Events and changes of status, the latest first."""
    heading = element("h2", look.say("what happened"), id="history")
    changes = [point for point in history.points if point.previous_status is not None]
    entries: list[tuple[datetime, Child]] = [(point.at, _change(point, look)) for point in changes]
    entries += [(event.at, _event(event, view.task.key, names, look)) for event in history.events]
    if not entries:
        return heading, element("p", look.say("nothing happened"), class_="mute")
    latest = sorted(entries, key=lambda entry: entry[0], reverse=True)[:_SHOWN]
    rows = [
        element("tr", element("td", look.moment(at), class_="n"), element("td", said)) for at, said in latest
    ]
    columns = [look.say("when"), look.say("incident")]
    return heading, table(look.say("happened caption"), columns, rows)


def _change(point: HistoryPoint, look: Look) -> Child:
    if not point.previous_status:
        return look.say("first seen", status=point.status)
    return look.say("changed", before=point.previous_status, after=point.status)


def _event(event: HistoryEvent, key: str, names: Names, look: Look) -> Child:
    where_told = element("small", f"{look.say('told')}: {where(event, set(), look)}")
    return *told(event.kind, names.without(event.summary, key)), where_told
