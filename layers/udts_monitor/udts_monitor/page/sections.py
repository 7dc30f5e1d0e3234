"""What stands under the tasks: incidents, what was told, what waits, silences, settings, runs."""

from collections.abc import Iterable, Sequence

from udts_monitor.decision.policy import THRESHOLDS
from udts_monitor.decision.schedule import Gap
from udts_monitor.page.html import Child, Html, element
from udts_monitor.page.look import Look
from udts_monitor.query.incidents import IncidentView
from udts_monitor.query.overview import Overview, PendingView, SilenceView
from udts_monitor.query.stored import HistoryEvent
from udts_monitor.text import one_line, truncate

_SHOWN = 15
_SUMMARY_LIMIT = 140
_NAME_LIMIT = 40
_NAMES_SHOWN = 3
_WARN = {"critical": "act_now", "warning": "look"}


class Names:
    """The names of tasks by their keys; a key that no watched task has stands for itself."""

    def __init__(self, overview: Overview) -> None:
        self._known = {view.task.key: one_line(view.task.display_name) for view in overview.tasks}

    def of(self, key: str) -> str:
        """The name for people."""
        return truncate(self._known.get(key, key.removeprefix("-/")), _NAME_LIMIT)

    def without(self, summary: str, key: str) -> str:
        """A summary beside the task's name does not begin with it; neither does it say its kind twice."""
        task_id = key.rpartition("/")[2]
        said = one_line(summary)
        for label in (f"{self._known.get(key, '')} ({task_id})", task_id):
            said = said.removeprefix(label).lstrip(" :")
        return truncate(said, _SUMMARY_LIMIT)

    def link(self, key: str, look: Look) -> Child:
        """The name, and the way to the task's page where there is one."""
        return element("a", self.of(key), href=look.task_link(key)) if key in self._known else self.of(key)


def table(caption: str, columns: Sequence[str], rows: Iterable[Child]) -> Html:
    """A table with a caption for those who do not see it, and heads for its columns."""
    heads = [element("th", column, scope="col") for column in columns]
    shown = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", heads)),
        element("tbody", rows),
    )
    return element("div", shown, class_="scroll", tabindex="0", role="region", aria_label=caption)


def incident_section(found: Sequence[IncidentView], names: Names, look: Look) -> Child:
    """The incidents, open ones first, with how long they lasted and where their beginning was told."""
    heading = element("h2", look.say("incidents"), id="incidents")
    if not found:
        return heading, element("p", look.say("no incidents"), class_="mute")
    ordered = sorted(found, key=lambda one: (not one.is_open, -one.since.timestamp()))[:_SHOWN]
    columns = [look.say(name) for name in ("task", "incident", "began", "lasted", "told")]
    rows = [
        element(
            "tr",
            element("th", _tasks(one, names, look), scope="row"),
            element("td", names.without(one.summary, one.task) or ", ".join(one.kinds[:1])),
            element("td", look.moment(one.since), class_="n"),
            element("td", _lasted(one, look)),
            element("td", ", ".join(sorted(one.published_at)) or look.say("not told")),
            class_=_WARN.get(one.severity) if one.is_open else None,
        )
        for one in ordered
    ]
    return heading, table(look.say("incidents caption"), columns, rows)


def _tasks(one: IncidentView, names: Names, look: Look) -> Child:
    if not one.tasks:
        return names.link(one.task, look)
    return ", ".join(names.of(key) for key in one.tasks[:_NAMES_SHOWN]) + (
        " …" if len(one.tasks) > _NAMES_SHOWN else ""
    )


def _lasted(one: IncidentView, look: Look) -> Child:
    if one.lasted is None:
        return look.say("ended silently")
    time = look.lasting(one.lasted)
    return element("b", look.say("open", time=time)) if one.is_open else time


def told_section(
    events: Sequence[tuple[str, HistoryEvent]], pending: Sequence[PendingView], names: Names, look: Look
) -> Child:
    """What was told, when and where, and what was held back."""
    heading = element("h2", look.say("what was told"), id="told")
    if not events:
        return heading, element("p", look.say("nothing told"), class_="mute")
    waiting = {found.event_id for found in pending}
    latest = sorted(events, key=lambda found: found[1].at, reverse=True)[:_SHOWN]
    columns = [look.say(name) for name in ("when", "task", "incident", "where")]
    rows = [
        element(
            "tr",
            element("td", look.moment(event.at), class_="n"),
            element("td", names.link(key, look)),
            element("td", *told(event.kind, names.without(event.summary, key))),
            element("td", where(event, waiting, look)),
        )
        for key, event in latest
    ]
    return heading, table(look.say("told caption"), columns, rows)


def told(kind: str, said: str) -> tuple[Child, ...]:
    """The kind, and what there is to say beside it."""
    rest = said[len(kind) :] if said.lower().startswith(kind) else f" {said}"
    return element("b", kind), rest


def where(event: HistoryEvent, waiting: set[str], look: Look) -> str:
    """The topics an event was told on, and those on which it was held back."""
    said = [", ".join(sorted(event.published_at))] if event.published_at else []
    if event.withheld_at:
        said.append(look.say("withheld", topics=", ".join(sorted(event.withheld_at))))
    if event.event_id in waiting:
        said.append(look.say("on its way"))
    return "; ".join(said) or look.say("not told")


def pending_section(pending: Sequence[PendingView], names: Names, look: Look) -> Child:
    """What SNS has not accepted yet, and why."""
    heading = element("h2", look.say("waiting"), id="pending")
    if not pending:
        return heading, element("p", look.say("nothing waits"), class_="mute")
    columns = [look.say(name) for name in ("when", "task", "incident", "where", "why")]
    rows = [
        element(
            "tr",
            element("td", look.moment(found.time), class_="n"),
            element("td", names.link(found.task, look)),
            element("td", *told(found.kind, names.without(found.summary, found.task))),
            element("td", found.topic),
            element("td", _waits(found, look)),
        )
        for found in pending[:_SHOWN]
    ]
    return heading, table(look.say("waiting caption"), columns, rows)


def _waits(found: PendingView, look: Look) -> str:
    if found.held:
        return look.say("held")
    if found.attempts:
        return look.say("attempts", number=found.attempts, moment=look.moment(found.next_attempt_at))
    return look.say("in this run")


def silence_section(silences: Sequence[SilenceView], names: Names, look: Look) -> Child:
    """What is silent, until when, by whom and why, and what it matches."""
    heading = element("h2", look.say("silence"), id="silences")
    if not silences:
        return heading, element("p", look.say("no silence"), class_="mute")
    columns = [look.say(name) for name in ("scope", "ends", "by", "why", "matches")]
    rows = [
        element(
            "tr",
            element("th", _scope(found, names, look), scope="row"),
            element("td", look.moment(found.silence.until), class_="n"),
            element("td", found.silence.by),
            element("td", found.silence.why),
            element("td", ", ".join(_matched(found, look))),
        )
        for found in silences
    ]
    return heading, table(look.say("silence caption"), columns, rows)


def _matched(found: SilenceView, look: Look) -> list[str]:
    tasks, held = len(found.tasks), found.held
    return [
        look.say("matched one" if tasks == 1 else "matched", tasks=tasks),
        look.say("holds one" if held == 1 else "holds", held=held),
    ]


def _scope(found: SilenceView, names: Names, look: Look) -> Child:
    scope = found.silence.scope
    if scope == "all":
        return look.say("everything")
    return names.link(scope, look) if "/" in scope else scope


def force_section(overview: Overview, names: Names, look: Look) -> Child:
    """Who listens, and which thresholds hold for which task."""
    run = overview.last_run
    heading = element("h2", look.say("in force"), id="in-force")
    if run is None:
        return heading, element("p", look.say("no run"), class_="mute")
    counted = look.say("counted", time=look.ago(run.subscribers_at)) if run.subscribers_at else ""
    listeners = [
        element("dt", look.say("listeners")),
        element("dd", ", ".join(listening(run.subscribers, look)), " ", counted or look.say("not counted")),
    ]
    values = {name: f"{getattr(run.policy, name):g}" for name in (*THRESHOLDS, "sample_minutes")}
    kinds = run.policy.kinds
    values["notify_on"] = "all" if kinds is None else ", ".join(sorted(kinds))
    columns = [look.say("setting"), look.say("value"), look.say("own thresholds")]
    own: dict[str, list[str]] = {}
    for view in overview.tasks:
        for name, value in view.task.thresholds.items():
            own.setdefault(name, []).append(f"{names.of(view.task.key)}: {value:g}")
    rows = [
        element(
            "tr",
            element("th", element("code", name.upper()), scope="row"),
            element("td", value),
            element("td", "; ".join(own.get(name, [])[:_SHOWN])),
        )
        for name, value in values.items()
    ]
    shown = table(look.say("thresholds"), columns, rows)
    return (
        heading,
        element("dl", listeners),
        element("details", element("summary", look.say("thresholds")), shown),
    )


def listening(subscribers: dict[str, int] | object, look: Look) -> list[str]:
    """How many listen, topic by topic."""
    if not isinstance(subscribers, dict):
        return []
    said = {0: "nobody listens", 1: "listens"}
    return [
        look.say(said.get(number, "listen"), topic=topic, number=number)
        for topic, number in sorted(subscribers.items())
    ]


def run_section(overview: Overview, look: Look) -> Child:
    """When the last run was, what went wrong in it, and when there was none."""
    run = overview.last_run
    heading = element("h2", look.say("runs"), id="runs")
    if run is None:
        return heading, element("p", look.say("stale never"), class_="mute")
    took = look.say("run took", moment=look.moment(run.ran_at), seconds=f"{run.seconds:g}")
    errors = " ".join(map(one_line, run.errors)) or look.say("run fine")
    return heading, element("p", took, " ", errors), _gaps(run.gaps, look)


def _gaps(gaps: Sequence[Gap], look: Look) -> Child:
    if not gaps:
        return element("p", look.say("no gaps"), class_="mute")
    spans = [
        look.say("until", earliest=look.moment(gap.since), latest=look.moment(gap.until)) for gap in gaps
    ]
    return element("p", look.say("run gaps"), ": ", "; ".join(reversed(spans)))
