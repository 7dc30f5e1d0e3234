"""Corners of the wording that the golden files do not reach."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from tests.walk import Walk, failed
from udts_monitor.event import Event
from udts_monitor.notification import Notification, Topic, notifications
from udts_monitor.policy import Policy
from udts_monitor.wording import Display


def mail(event: Event) -> Notification:
    """The alert of an event."""
    (rendered,) = notifications([event], [Topic.ALERTS], Display(zone=ZoneInfo("UTC")))
    return rendered


def test_a_reason_without_ascii_leaves_a_subject_with_the_status() -> None:
    """The grammar of a subject has a reason in any case; the text says it in full."""
    found = mail(Walk().check(failed(0, 0, "错误：连接数过多")).events[0])
    assert found.subject == "[FAILED] orders-db (udts-ixdp441): Failed"
    assert "错误：连接数过多" in found.body


def test_a_stop_told_at_once_speaks_of_no_time() -> None:
    """A grace of 0 tells at the first check that sees the stop."""
    walk = Walk(policy=Policy(stopped_grace=timedelta(0)))
    found = mail(walk.check("Stopped").events[0])
    assert "0 s" not in found.subject + found.body


def test_without_a_limit_nobody_is_told_to_hurry() -> None:
    """RESUME_WITHIN_DAYS 0: no date, and resuming is still what helps."""
    walk = Walk(policy=Policy(stopped_grace=timedelta(0), resume_within=timedelta(0)))
    failure, stop = mail(walk.check("Failed").events[0]), mail(walk.check("Stopped").events[0])
    assert "it resumes where it stopped" in failure.body
    assert "Start the task in the console, or delete it." in stop.body
    assert "Resume until" not in failure.body + stop.body
