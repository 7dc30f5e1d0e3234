"""Corners of the wording that the golden files do not reach."""

from tests.walk import Walk, failed
from tests.world import World
from udts_monitor.decision.event import Event
from udts_monitor.decision.policy import Policy
from udts_monitor.outbox.notification import Notification, Topic
from udts_monitor.run.render import notifications


def mail(event: Event) -> Notification:
    """The alert of an event."""
    _, settings, _ = World().parts()
    (rendered,) = notifications([event], [Topic.ALERTS], settings)
    return rendered


def test_a_reason_without_ascii_leaves_a_subject_with_the_status() -> None:
    """The grammar of a subject has a reason in any case; the text says it in full."""
    found = mail(Walk().check(failed(0, 0, "错误：连接数过多")).events[0])
    assert found.subject == "[FAILED] orders-db (udts-ixdp441): Failed"
    assert "错误：连接数过多" in found.body


def test_a_stop_told_at_once_speaks_of_no_time() -> None:
    """A grace of 0 tells at the first check that sees the stop."""
    walk = Walk(policy=Policy(stopped_grace_minutes=0))
    found = mail(walk.check("Stopped").events[0])
    assert "0 s" not in found.subject + found.body


def test_without_a_limit_nobody_is_told_to_hurry() -> None:
    """RESUME_WITHIN_DAYS 0: no date, and resuming is still what helps."""
    walk = Walk(policy=Policy(stopped_grace_minutes=0, resume_within_days=0))
    failure, stop = mail(walk.check("Failed").events[0]), mail(walk.check("Stopped").events[0])
    assert "it resumes where it stopped" in failure.body
    assert "Start the task in the console, or delete it." in stop.body
    assert "Resume until" not in failure.body + stop.body
