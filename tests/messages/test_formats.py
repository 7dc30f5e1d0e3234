"""What each format promises beside its golden files: colours and threads, pages, late messages, digests."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.messages.scene import HOUR, ORDERS, SETTINGS, TOO_MANY, in_sync, refused, syncing
from tests.walk import NOON, Walk
from udts_monitor.decision import outage
from udts_monitor.decision.event import Event, Kind, Severity
from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.decision.policy import Policy
from udts_monitor.messages import pager
from udts_monitor.messages.display import Display, Origin
from udts_monitor.messages.figures import amount, short_time
from udts_monitor.messages.phrases import Language
from udts_monitor.messages.sms import fits_one_part
from udts_monitor.outbox.notification import Notification, Topic
from udts_monitor.run.render import digest, notifications, on_time, silence_end
from udts_monitor.task import MONITOR, TaskRef

FAILED = Observation(status="Failed", failed_message=TOO_MANY)
MINUTE = timedelta(minutes=1)
ENGLISH = SETTINGS[Language.EN]


def told(events: Sequence[Event], topic: Topic) -> list[Notification]:
    """What a topic gets of these events."""
    return list(notifications(events, [topic], ENGLISH))


def cards(walk: Walk) -> list[tuple[str, str]]:
    """Colour and thread of each card."""
    found = [json.loads(card.body) for card in told(walk.events, Topic.CHAT)]
    return [(card["content"]["title"][0], card["metadata"]["threadId"]) for card in found]


def test_a_thread_is_an_incident_red_while_it_is_open_and_green_at_its_end() -> None:
    """Its warnings too are red once it was critical; the next incident begins a thread of its own."""
    walk = in_sync()
    walk.check(FAILED)
    walk.check("Stopped", after=20 * MINUTE)
    walk.checks(["Stopped", "Starting", syncing(1), syncing(2), syncing(3)])
    first = walk.events[0].id
    assert [event.kind for event in walk.events] == ["failed", "stopped", "recovered"]
    assert walk.events[1].severity is Severity.WARNING
    assert cards(walk) == [("🔴", first), ("🔴", first), ("🟢", first)]
    walk.check(FAILED)
    assert cards(walk)[-1] == ("🔴", walk.events[-1].id)
    assert walk.events[-1].id != first


def test_what_belongs_to_no_incident_shares_the_thread_of_its_task() -> None:
    """A finish, a word that is not known."""
    walk = in_sync().checks(["Rebalancing", "Done"])
    assert cards(walk) == [("🟡", ORDERS.key), ("🟢", ORDERS.key)]


def paged(walk: Walk) -> list[str]:
    """The kinds that go to the pager."""
    return [str(event.kind) for event in walk.events if pager.wants(event)]


def test_the_pager_gets_what_is_critical_and_its_end() -> None:
    """A warning never, nor the end of one."""
    walk = in_sync()
    walk.checks([FAILED, "Starting", syncing(1), syncing(2), syncing(3)])
    assert paged(walk) == ["failed", "recovered"]
    quiet = in_sync()
    quiet.check("RetryPending")
    quiet.checks([syncing(1), syncing(2), syncing(3), "Done"])
    assert quiet.told == ["retrying", "recovered", "finished"]
    assert paged(quiet) == []


def test_the_pager_gets_a_finish_only_where_it_ends_something_critical() -> None:
    """Good news can wait until morning."""
    assert paged(in_sync().checks([FAILED, "Starting", "Done"])) == ["failed", "finished"]
    assert paged(in_sync().checks(["Done"])) == []


def test_the_pager_gets_one_task_out_of_reach_when_it_is_for_an_hour_and_its_end_then() -> None:
    """Until then it is a warning."""
    timeout = NoAnswer(cause="timeout", reason="UCloud did not answer in time")
    short = in_sync().checks([timeout] * 5)
    short.check(syncing(91_790_000))
    assert paged(short) == []
    long = in_sync().checks([timeout] * 62)
    long.check(syncing(91_790_000))
    assert paged(long) == ["reminder", "reachable"]


def test_the_pager_gets_a_blind_monitor_at_once_and_its_end() -> None:
    """Nobody else would tell; but not figures that are read beside the checks."""
    blind = in_sync()
    blind.check(refused(171, "Signature VerifyAC Error"))
    blind.check(syncing(91_790_000))
    assert [event.task is MONITOR for event in blind.events] == [True, True]
    assert paged(blind) == ["unreachable", "reachable"]
    beside = outage.degraded("metrics", refused(299, "no"), Policy(), NOON)
    assert beside.event
    assert not pager.wants(beside.event)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", ["x" * 128, "任务" * 64, "\N{PILE OF POO}" * 100, "a€[]{}~^|" * 20])
def test_a_page_is_one_part_whatever_it_is_about(name: str, language: Language) -> None:
    """In GSM's alphabet in English, in seventy characters in Chinese."""
    walk = in_sync(TaskRef(task_id="udts-1", name=name))
    walk.check(Observation(status="Failed", failed_message="漢 error 1040 " * 500))
    (page,) = notifications(walk.events, [Topic.PAGER], SETTINGS[language])
    assert fits_one_part(page.body)
    assert "1040" in page.body or "error" in page.body or language is Language.ZH
    assert ("Act now" if language is Language.EN else "立即处理") in page.body


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("x" * 160, True),
        ("x" * 161, False),
        ("€" * 80, True),
        ("€" * 81, False),
        ("字" * 70, True),
        ("字" * 71, False),
        ("\N{PILE OF POO}" * 35, True),
        ("\N{PILE OF POO}" * 36, False),
        ("x" * 70 + "字", False),
    ],
)
def test_the_length_of_an_sms_is_counted_as_it_is_billed(text: str, *, fits: bool) -> None:
    """GSM 03.38 with its extension table, else UCS-2."""
    assert fits_one_part(text) is fits


def test_what_is_published_minutes_late_says_so_with_both_moments() -> None:
    """Below the decision of a text and of a card; pages and events have their moment anyway."""
    walk = in_sync()
    walk.check(FAILED)
    for found in notifications(walk.events, Topic, ENGLISH):
        soon = on_time(found, found.time + 4 * MINUTE, ENGLISH.display)
        late = on_time(found, found.time + HOUR, ENGLISH.display)
        assert soon == found
        if found.topic is Topic.ALERTS:
            assert late.body.splitlines()[2].startswith("Sent late, on 2026-11-23 16:01 UTC: ")
            assert "2026-11-23 15:01 UTC" in late.body.splitlines()[2]
            assert late.body.splitlines()[:2] == found.body.splitlines()[:2]
        elif found.topic is Topic.CHAT:
            lines = json.loads(late.body)["content"]["description"].splitlines()
            assert lines[1].startswith("Sent late, on 2026-11-23 16:01 UTC")
        else:
            assert late == found


def storm(number: int, answer: Observation = FAILED) -> list[Event]:
    """So many tasks fail alike."""
    events: list[Event] = []
    for place in range(number):
        name = f"shop-{place:03}"
        walk = in_sync(replace(ORDERS, task_id=f"udts-{place:03}", name=name))
        walk.check(answer)
        events += walk.events
    return events


def test_a_digest_names_all_tasks_in_one_line_as_far_as_its_format_goes() -> None:
    """A hundred names in a mail; in a card as many as it holds, and how many more there are."""
    for number in (9, 100):
        events = storm(number)
        mail = digest("d", told(events, Topic.ALERTS), Topic.ALERTS, events[-1].time, ENGLISH.display)
        (line,) = [line for line in mail.body.splitlines() if line.startswith("Act now")]
        assert line.startswith(f"Act now: {number} failed, Error 1040, too many connections: shop-000, ")
        assert all(f"shop-{place:03}" in line for place in range(number))
    events = storm(400)
    card = digest("d", told(events, Topic.CHAT), Topic.CHAT, events[-1].time, ENGLISH.display)
    description = json.loads(card.body)["content"]["description"]
    assert len(description) <= 2_000
    assert " and " in description
    assert " more" in description
    page = digest("d", told(events, Topic.PAGER), Topic.PAGER, events[-1].time, ENGLISH.display)
    assert fits_one_part(page.body)
    assert "400 failed" in page.body


def test_at_the_end_of_a_silence_a_moment_that_has_passed_is_not_told_as_coming() -> None:
    """Three days after the end of its time nobody is asked to start a task by then."""
    walk = in_sync()
    walk.check("Stopped", after=20 * MINUTE)
    walk.check("Stopped")
    (event,) = walk.events
    assert event.resume_until
    members = told([event], Topic.ALERTS)
    before, after = (
        silence_end("d", members, {event.incident_id}, Topic.ALERTS, now, ENGLISH.display).body
        for now in (event.time + HOUR, event.resume_until + HOUR)
    )
    assert "Act by 30 Nov 15:01 UTC" in before
    assert "Act by" not in after
    assert "Act now" in after
    over = silence_end("d", members, set(), Topic.ALERTS, event.time + HOUR, ENGLISH.display).body
    assert "Nothing of it is open now." in over
    assert "Act" not in over


def test_the_origin_names_the_deployment_for_people_and_for_programs() -> None:
    """Outside AWS no account is made up."""
    origin = Origin(stack="udts", account="123456789012", region="ap-east-1", table="t")
    assert origin.line(Language.EN) == "From udts in 123456789012, ap-east-1"
    assert origin.urn == "urn:udts-monitor:123456789012:ap-east-1:t"
    assert Origin(stack="udts").line(Language.ZH) == "来自 udts"
    assert Origin().urn == "urn:udts-monitor:-:-:-"


def test_links_lead_to_the_console_of_the_brand() -> None:
    """UCloud's technology runs under other brands."""
    display = Display(zone=ZoneInfo("UTC"), console="https://console.example.com/")
    walk = in_sync()
    walk.check(FAILED)
    for found in notifications(walk.events, Topic, replace(ENGLISH, display=display)):
        assert found.topic is Topic.PAGER or "https://console.example.com/" in found.body
        assert "console.ucloud.cn" not in found.body


def test_owner_and_runbook_stand_in_every_message_of_their_task() -> None:
    """Whoever gets it knows whose it is and where it is written what to do."""
    walk = in_sync()
    walk.check(FAILED)
    mail, card, event = (told(walk.events, topic)[0] for topic in (Topic.ALERTS, Topic.CHAT, Topic.EVENTS))
    for body in (mail.body, card.body, event.body):
        assert "dba-east" in body
        assert "https://wiki.example.com/orders-db" in body
    assert mail.attributes["owner"] == "dba-east"


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("UTC", "23 Nov 12:00 UTC"),
        ("Asia/Shanghai", "23 Nov 20:00 UTC+8"),
        ("Asia/Kolkata", "23 Nov 17:30 UTC+5:30"),
        ("America/St_Johns", "23 Nov 08:30 UTC-3:30"),
    ],
)
def test_a_short_time_says_its_distance_from_utc(zone: str, shown: str) -> None:
    """CST is China's and Chicago's."""
    assert short_time(NOON, ZoneInfo(zone), Language.EN) == shown


def test_amounts_are_read_at_a_glance() -> None:
    """Decimal, as disks and UCloud's five megabytes are."""
    assert [amount(number) for number in (0, 999, 1_000, 4_200_000, 7.3e12, -1)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "4.2 MB",
        "7.3 TB",
        "0 B",
    ]


def test_a_failure_says_when_it_was_last_seen_well() -> None:
    """It may have failed any time in between."""
    walk = in_sync()
    walk.check(FAILED)
    (mail,) = told(walk.events, Topic.ALERTS)
    assert "Noticed:  2026-11-23 15:01 UTC, last seen well 23 Nov 15:00 UTC" in mail.body


def test_figures_carried_over_say_when_they_were_seen() -> None:
    """A finished or failed task shows no old rows as new ones."""
    walk = in_sync()
    walk.now += HOUR
    walk.check(FAILED)
    (event,) = told(walk.events, Topic.EVENTS)
    data = json.loads(event.body)["data"]
    assert data["figures_at"] == "2026-11-23T15:00:00.000000Z"
    assert data["position"]["binlog_name"] == "mysql-bin.000412"
    assert walk.events[-1].kind == Kind.FAILED
