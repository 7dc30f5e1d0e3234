"""The first page: is all well, what is to be done, and everything else an operator asks."""

from collections.abc import Mapping
from typing import Any

from udts_monitor.messages.phrases import Language
from udts_monitor.page import sections
from udts_monitor.page.html import Child, Html, element
from udts_monitor.page.look import Look
from udts_monitor.page.rows import MOST, legend, task_table
from udts_monitor.page.sections import Names
from udts_monitor.page.style import SHEET
from udts_monitor.query.concern import Concern
from udts_monitor.query.incidents import IncidentView
from udts_monitor.query.overview import Overview
from udts_monitor.query.stored import HistoryEvent
from udts_monitor.query.timeline import Timeline
from udts_monitor.text import one_line, truncate

HOURS = (24, 168, 720)
_ERROR_LIMIT = 300


def overview_page(
    overview: Overview,
    lines: Mapping[str, Timeline],
    incidents: tuple[IncidentView, ...],
    events: tuple[tuple[str, HistoryEvent], ...],
    look: Look,
) -> Html:
    """All on one page.

    Args:
        overview: the present.
        lines: the statuses over time of the tasks that are shown, by key.
        incidents: of the time that is looked at.
        events: of that time, each with the key of its task.
        look: how the page is to look.
    """
    names = Names(overview)
    body = [
        header(overview, look),
        banners(overview, look),
        _tiles(overview, look),
        element("h2", look.say("tasks"), id="tasks"),
        _tasks(overview, lines, look),
        sections.incident_section(incidents, names, look),
        sections.told_section(events, overview.pending, names, look),
        element(
            "div",
            element("div", sections.pending_section(overview.pending, names, look)),
            element("div", sections.silence_section(overview.silences, names, look)),
            class_="two",
        ),
        element(
            "div",
            element("div", sections.force_section(overview, names, look)),
            element("div", sections.run_section(overview, look)),
            class_="two",
        ),
    ]
    return document(headline(overview, look), body, look)


def document(title: str, body: Child, look: Look, *, sheet: str = SHEET) -> Html:
    """A whole page: nothing in it is fetched, and nothing runs."""
    head = (
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{look.say('product')}: {title}"),
        element("style", Html(sheet)),
    )
    language = "zh-CN" if look.language is Language.ZH else "en"
    page = element(
        "body", element("a", look.say("skip"), href="#main", class_="skip"), element("main", body, id="main")
    )
    return Html(f"<!doctype html>{element('html', element('head', *head), page, lang=language)}")


def headline(overview: Overview, look: Look) -> str:
    """Whether all is well, in one line."""
    number, need = len(overview.tasks), overview.needing_somebody
    if number == 0:
        return look.say("none watched")
    if need:
        return look.say("one needs" if need == 1 else "some need", need=need, number=number)
    return look.say("one well" if number == 1 else "all well", number=number)


def header(overview: Overview, look: Look) -> Html:
    """The first line, and below it how the monitor itself is."""
    others = [element("a", look.say("language"), href=look.link(lang=_other(look)))]
    windows = [
        element(
            "a", _window(hours), href=look.link(hours=str(hours)), aria_current=hours == look.hours and "true"
        )
        for hours in HOURS
    ]
    said = [element("span", one) for one in _state_of_the_monitor(overview, look)]
    return element(
        "header", element("h1", headline(overview, look)), element("nav", windows, others), element("p", said)
    )


def banners(overview: Overview, look: Look) -> Child:
    """What makes all the rest doubtful: a late run, errors of the last one, open outages, damaged items."""
    found: list[Child] = []
    run = overview.last_run
    if overview.is_late:
        late = (
            look.say("stale since", time=look.ago(run.ran_at), moment=look.moment(run.ran_at))
            if run
            else look.say("stale never")
        )
        found.append(_banner("bad", look.say("stale"), late))
    for outage in run.outages if run else ():
        since = look.say("outage", moment=look.moment(outage.since))
        found.append(_banner("bad", since, truncate(one_line(outage.reason or outage.cause), _ERROR_LIMIT)))
    if run and run.errors:
        errors = truncate(" ".join(map(one_line, run.errors)), _ERROR_LIMIT)
        found.append(_banner("bad", look.say("run errors"), errors))
    if overview.unreadable:
        damaged = truncate(
            "; ".join(f"{key}: {why}" for key, why in overview.unreadable.items()), _ERROR_LIMIT
        )
        found.append(_banner("warn", look.say("unreadable"), one_line(damaged)))
    return found


def _state_of_the_monitor(overview: Overview, look: Look) -> list[Child]:
    run = overview.last_run
    said: list[Child] = []
    if run:
        last: dict[str, Any] = {"time": look.ago(run.ran_at)}
        said.append(element("b", look.say("last run", **last)))
        if run.previous_run_at:
            said.append(look.say("every", time=look.lasting(run.ran_at - run.previous_run_at)))
        said.append(look.say("shards" if run.shards else "checked", number=run.shards or run.checked))
        said += [look.say("unanswered", number=run.no_answer)] if run.no_answer else []
        said += [look.say("skipped", number=run.skipped)] if run.skipped else []
    else:
        said.append(element("b", look.say("no run")))
    said.append(look.say("pending", number=len(overview.pending)))
    said += sections.listening(run.subscribers if run else {}, look)
    number = len(overview.silences)
    said.append(look.say("one silence" if number == 1 else "silences", number=number))
    said.append(look.say("times", zone=look.zone.key))
    return [*said, look.where] if look.where else said


def _tiles(overview: Overview, look: Look) -> Html:
    tiles = []
    for concern in Concern:
        number = overview.concerns.get(concern, 0)
        name = str(concern) if number else f"{concern} none"
        said = element("b", str(number)), look.say(concern)
        tiles.append(element("li", element("a", said, href=f"#{concern}") if number else said, class_=name))
    return element("ul", tiles, class_="tiles")


def _tasks(overview: Overview, lines: Mapping[str, Timeline], look: Look) -> Child:
    if not overview.tasks:
        return element("p", look.say("no tasks"), class_="mute")
    more = len(overview.tasks) - MOST
    left = element("p", look.say("more tasks", number=more), class_="mute") if more > 0 else None
    return task_table(overview.tasks, lines, look), left, legend(look)


def _banner(style: str, title: str, text: str) -> Html:
    return element("p", element("b", title), " ", text, class_=f"banner {style}", role="alert")


def _window(hours: int) -> str:
    return f"{hours} h" if hours <= 24 else f"{hours // 24} d"  # noqa: PLR2004 - a day


def _other(look: Look) -> str:
    return "en" if look.language is Language.ZH else "zh"
