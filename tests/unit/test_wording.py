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


def test_a_reason_without_ascii_stands_in_the_subject_and_not_in_its_second_attempt() -> None:
    """The decision stands in both; the text says the reason in full."""
    found = mail(Walk().check(failed(0, 0, "错误：连接数过多")).events[0])
    assert found.subject == "[FAILED] orders-db (udts-ixdp441): Act now: 错误：连接数过多"
    assert found.ascii_subject == "[FAILED] orders-db (udts-ixdp441): Act now: Failed"
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
    assert "Then start the task again." in failure.body
    assert "Still migrating? Start it." in stop.body
    assert "Start again by" not in failure.body + stop.body
