"""Ten questions of an operator: each has one place on the page, asked of a stack with 12 tasks in trouble."""

import re

from tests.page import stage
from tests.page.stage import TROUBLES, asked
from tests.page.test_page import Words


def page(path: str = "/") -> str:
    """The page of that stack."""
    return asked(stage.in_trouble(), path).body


def place(name: str) -> str:
    """The text under a heading, up to the next one."""
    found = re.search(rf'<h2 id="{name}">(.*?)(?=<h2|</main>)', page(), re.DOTALL)
    assert found, name
    return Words(found[1]).text


def row(task: str) -> str:
    """The text of a task's row."""
    found = re.search(
        rf'<tr><th scope="row"><a href="task/-/udts-{task}">.*?(?=<tr>|</tbody>)', page(), re.DOTALL
    )
    assert found, task
    return Words(found[0]).text


def test_is_all_well_now() -> None:
    """The first line; and each of the twelve stands in the table, what to act on at once on top."""
    found = Words(page())
    assert "12 of 12 tasks need somebody" in found.text
    order = re.findall(r'href="task/-/udts-([a-z-]+)"', page())[: len(TROUBLES)]
    assert sorted(order) == sorted(TROUBLES)
    assert set(order[:3]) == {"failed", "failed-for-good", "retries-used-up"}


def test_how_far_is_it() -> None:
    """In its row: share, rows, and that nothing moves."""
    assert "40 % · 19.3 M of 48.2 M rows" in row("standing")
    assert "No progress for" in row("standing")


def test_what_happened_to_it() -> None:
    """Its own page, with every change and event, the latest first."""
    found = Words(page("/task/-/udts-retries-used-up")).text
    happened = found[found.index("What happened") :]
    assert happened.index("Synced → Failed") < happened.index("first seen: Synced")
    assert "Told: alerts, chat, events" in happened


def test_which_alerts_went_out() -> None:
    """All of them in one table, with the topics that took them."""
    told = place("told")
    assert re.search(r"12:00retries-used-upfailed.*?alerts, chat, events", told)
    assert "unreachable" in told


def test_what_is_silent_until_when_and_by_whom() -> None:
    """With the reason that was given."""
    assert "stopped-long13:00lenamoving the archive" in place("silences")


def test_did_the_silence_match() -> None:
    """How many tasks, and what it holds back now; the row of the task says it too."""
    assert "1 task, holds 1 message" in place("silences")
    assert "silent until 13:00" in row("stopped-long")
    assert "held by a silence" in place("pending")


def test_who_listens() -> None:
    """Topic by topic, and when that was counted."""
    assert "alerts: 2 listen, chat: 1 listens, events: nobody listens" in place("in-force")
    assert "counted 20 min ago" in place("in-force")


def test_which_task_gave_no_answer_and_why() -> None:
    """In UCloud's words, with what was known last."""
    assert "UCloud answers HTTP 503 (Service Unavailable). Last known: Synced." in row("unseen")
    assert "UCloud says: task not found (160). It has never answered." in row("never-answered")


def test_which_tasks_and_thresholds_are_in_force() -> None:
    """Those of the last run, by the names of the variables."""
    shown = place("in-force")
    assert "STALLED_AFTER_MINUTES60" in shown
    assert "NOTIFY_ONall" in shown


def test_is_there_a_failed_run() -> None:
    """When the last one was, how long it took, and what went wrong."""
    assert "The last run began at 12:00 and took 0.84 s. It had no error." in place("runs")
    assert "throttled" in Words(asked(stage.stale()).body).text


def test_a_message_that_sns_does_not_take_is_seen_with_its_next_attempt() -> None:
    """It waits, and nobody else would say so."""
    assert "3 attempts failed, next at 12:01" in place("pending")
