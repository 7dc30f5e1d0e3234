"""What every store promises, and what the real one leaves in the table."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.conftest import RETENTION, Table
from tests.walk import NOON, ORDERS, Walk, X, failed
from udts_monitor import item
from udts_monitor.assessment import Assessment, assess
from udts_monitor.errors import StoreError
from udts_monitor.event import Event
from udts_monitor.notification import Notification, Topic, notifications
from udts_monitor.observation import NoAnswer, Observation, Position, Progress
from udts_monitor.outage import TOLD_AGAIN_AFTER, Outage, group
from udts_monitor.outbox import Claim
from udts_monitor.policy import Policy
from udts_monitor.ports import Heartbeat, Storage
from udts_monitor.silence import Silence
from udts_monitor.state import Incident, TaskState, Unanswered
from udts_monitor.store import Store
from udts_monitor.tasks import TaskRef
from udts_monitor.wording import Display

CLAIM = Claim(owner="run-1", until=NOON + timedelta(minutes=1))
LATER = Claim(owner="run-2", until=NOON + timedelta(minutes=3))
REFUSED = NoAnswer(cause="RetCode 294", reason="address refused", configuration=True)


def messages(assessment: Assessment) -> tuple[Notification, ...]:
    """The notifications of a change, for both topics."""
    return rendered(*assessment.events)


def rendered(*events: Event) -> tuple[Notification, ...]:
    """Events rendered for both topics."""
    return notifications(events, [Topic.ALERTS, Topic.EVENTS], Display(zone=ZoneInfo("UTC")))


def fail(store: Storage, walk: Walk | None = None) -> Assessment:
    """Save a first failure."""
    assessment = (walk or Walk()).check(failed(0, 3, "boom"))
    assert store.save(assessment, messages(assessment), CLAIM)
    return assessment


def outage(store: Storage) -> tuple[Outage, Event, bool]:
    """Open an outage for a refused address."""
    alone = assess(TaskState.unseen(NOON), ORDERS, REFUSED, Policy(), NOON)
    ((begun, event),) = group([(alone, REFUSED)], {}, (), NOON).told
    return begun, event, store.open_outage(begun, event, rendered(event), CLAIM)


def test_a_saved_state_is_loaded_as_it_was(store: Storage) -> None:
    """Nothing is lost or changed on the way through the table."""
    walk = Walk()
    progress = Progress(total_rows=10**12, moved_rows=0, percent=33.3, mongo_delay_seconds=1.5)
    position = Position(binlog_name="mysql-bin.000006", binlog_pos=154)
    seen = Observation(status="Frobnicating", progress=progress, position=position, retries_used=1)
    answers: list[str | Observation | NoAnswer] = [seen, "Failed", "Starting", X]
    for answer in answers:
        assessment = walk.check(answer)
        assert store.save(assessment, messages(assessment), CLAIM)
    assert store.load_states() == {ORDERS.key: walk.state}


def test_an_empty_store_is_a_first_run(store: Storage) -> None:
    """No states, no outbox, no outages: and no error."""
    assert store.load_states() == {}
    assert store.outbox().pending == ()
    assert store.save_heartbeat({"checked": 0}) == Heartbeat()


def test_a_new_task_is_saved_once(store: Storage) -> None:
    """Two runs see a task for the first time: one of them saves it."""
    assessment = Walk().check("Failed")
    assert store.save(assessment, messages(assessment), CLAIM)
    assert not store.save(assessment, messages(assessment), LATER)
    assert len(store.outbox().pending) == 2


def test_a_stale_change_saves_nothing_at_all(store: Storage) -> None:
    """The version is the lock: no state, no history, no notification of the slower run."""
    walk = Walk()
    first = walk.check("Syncing")
    store.save(first, (), CLAIM)
    faster = assess(first.after, ORDERS, Observation(status="Synced"), Policy(), walk.now)
    slower = assess(first.after, ORDERS, Observation(status="Failed"), Policy(), walk.now)
    assert store.save(faster, messages(faster), CLAIM)
    assert not store.save(slower, messages(slower), LATER)
    assert store.load_states()[ORDERS.key].status == "Synced"
    assert store.outbox().pending == ()


def test_of_many_runs_at_once_one_wins(concurrent_store: Storage) -> None:
    """Eight runs save the same change at the same moment."""
    assessment = Walk().check("Failed")
    together = threading.Barrier(8)

    def save(number: int) -> bool:
        together.wait()
        claim = Claim(owner=f"run-{number}", until=CLAIM.until)
        return concurrent_store.save(assessment, messages(assessment), claim)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(save, range(8))) == 1
    assert len(concurrent_store.outbox().pending) == 2


def test_a_notification_is_born_claimed(store: Storage) -> None:
    """The run that wrote it publishes it without asking; nobody else may before its lease is over."""
    fail(store)
    for pending in store.outbox().pending:
        assert pending.held_by(CLAIM)
        assert not store.claim(pending, LATER, NOON + timedelta(seconds=59))
        assert store.claim(pending, LATER, NOON + timedelta(seconds=60))
        assert not store.claim(pending, CLAIM, NOON + timedelta(seconds=61))
    assert all(pending.held_by(LATER) for pending in store.outbox().pending)


def test_the_outbox_is_read_in_the_order_of_telling(store: Storage) -> None:
    """Oldest first; events of one change in their own order."""
    walk = Walk()
    answers: list[str | NoAnswer] = ["Syncing", X, X, X, "Failed", "Starting", "Done"]
    for answer in answers:
        assessment = walk.check(answer)
        store.save(assessment, messages(assessment), CLAIM)
    told = [pending.notification for pending in store.outbox().pending]
    alerts = [str(found.kind) for found in told if found.topic is Topic.ALERTS]
    assert alerts == ["unreachable", "reachable", "failed", "finished"]


def test_a_notification_comes_back_as_it_was_written(store: Storage) -> None:
    """What is published is what was rendered when the event happened."""
    assessment = fail(store)
    assert [pending.notification for pending in store.outbox().pending] == list(messages(assessment))


def test_published_is_off_the_outbox_and_stays_off(store: Storage) -> None:
    """Marking twice is as good as once: the second mark comes from a run that repeated the message."""
    fail(store)
    first, second = store.outbox().pending
    store.mark_published([first], NOON)
    store.mark_published([first], NOON)
    assert [pending.sk for pending in store.outbox().pending] == [second.sk]
    assert not store.claim(first, LATER, NOON + timedelta(hours=1))


def test_a_claim_whose_answer_was_lost_is_made_again(store: Storage) -> None:
    """The SDK sends it twice, and the run that has the lease must not be told that another one has."""
    fail(store)
    pending = store.outbox().pending[0]
    now = CLAIM.until
    assert store.claim(pending, LATER, now)
    assert store.claim(pending, LATER, now)
    assert not store.claim(pending, replace(LATER, owner="run-3"), now)


def test_a_failed_attempt_is_counted_and_waits(store: Storage) -> None:
    """Also the run that failed may not try again before it is due."""
    fail(store)
    pending = store.outbox().pending[0]
    store.mark_failed(pending, "SNS is down", NOON + timedelta(minutes=5), permanent=False)
    (again,) = [found for found in store.outbox().pending if found.sk == pending.sk]
    assert (again.attempts, again.permanent, again.held_by(CLAIM)) == (1, False, False)
    assert not again.free(NOON + timedelta(minutes=4))
    assert not store.claim(again, CLAIM, NOON + timedelta(minutes=4))
    assert store.claim(again, LATER, NOON + timedelta(minutes=5))


def test_a_failure_to_publish_what_is_gone_brings_nothing_back(store: Storage) -> None:
    """Another run published it meanwhile."""
    fail(store)
    pending = store.outbox().pending[0]
    store.mark_published([pending], NOON)
    store.mark_failed(pending, "SNS is down", NOON, permanent=False)
    assert len(store.outbox().pending) == 1


def test_an_outage_is_opened_once_and_closed_once(store: Storage) -> None:
    """Whoever comes second is told so and writes no notification."""
    begun, event, opened = outage(store)
    assert opened
    assert not outage(store)[2]
    assert store.save_heartbeat({"checked": 1}).outages == (begun,)
    assert store.close_outage(begun, event, (), CLAIM)
    assert not store.close_outage(begun, event, (), CLAIM)
    assert store.save_heartbeat({"checked": 1}).outages == ()
    assert len(store.outbox().pending) == 2


def test_an_outage_is_told_again_when_it_is_old(store: Storage) -> None:
    """Whoever joins it later is news, once an hour; it stays the same outage, with one end."""
    begun, event, _ = outage(store)
    told_at, later = begun.since, begun
    for again in range(2):
        later = replace(begun, told_again_at=told_at + TOLD_AGAIN_AFTER)
        assert not store.open_outage(later, event, (), CLAIM), again
        told_at += TOLD_AGAIN_AFTER + timedelta(microseconds=1)
        later = replace(begun, told_again_at=told_at)
        assert store.open_outage(later, event, (), CLAIM), again
        assert not store.open_outage(later, event, (), CLAIM), again
        assert store.load_outages() == (later,)
    other = replace(later, id="-/monitor/other", told_again_at=told_at + timedelta(days=1))
    assert not store.open_outage(other, event, (), CLAIM)
    assert store.close_outage(later, event, (), CLAIM)
    assert store.load_outages() == ()


def test_a_later_outage_of_the_same_cause_is_not_closed_by_a_slow_run(store: Storage) -> None:
    """The condition is the outage, not its cause."""
    begun, event, _ = outage(store)
    store.close_outage(begun, event, (), CLAIM)
    outage(store)
    assert not store.close_outage(replace(begun, id="-/monitor/older"), event, (), CLAIM)


def test_the_heartbeat_keeps_open_outages(store: Storage) -> None:
    """Two runs that overlap may overwrite each other's summary, never an outage."""
    begun, _, _ = outage(store)
    store.save_heartbeat({"checked": 1})
    assert store.save_heartbeat({"checked": 2}).outages == (begun,)


def test_where_a_run_left_off_is_remembered_until_the_state_changes(store: Storage) -> None:
    """The mark changes no version: it may not make a change of the same moment lose."""
    walk = Walk()
    store.save(walk.check("Syncing"), (), CLAIM)
    store.mark_left_off(ORDERS.key, NOON)
    assert store.load_states()[ORDERS.key].left_off_at == NOON
    assert store.save(walk.check("Synced"), (), CLAIM)


def test_a_task_without_a_state_gets_none_from_a_mark(store: Storage) -> None:
    """A mark is not a state."""
    store.mark_left_off("-/udts-unseen", NOON)
    assert store.load_states() == {}


# What the table holds


def test_the_keys_are_the_documented_ones(table: Table) -> None:
    """Users and programs read the table by these keys."""
    store = Store(table.client, table.name, RETENTION)
    fail(store)
    outage(store)
    store.save_heartbeat({"checked": 1})
    assert [found["sk"]["S"] for found in table.items("STATE")] == ["org-hiny12/udts-ixdp441"]
    assert [found["sk"]["S"] for found in table.items("TASK#org-hiny12/udts-ixdp441")] == [
        "2026-11-23T12:00:00.000000Z#transition",
        "2026-11-23T12:00:00.000001Z#event",
    ]
    assert [found["sk"]["S"] for found in table.items("OUTBOX")][2:] == [
        "2026-11-23T12:00:00.000001Z#org-hiny12/udts-ixdp441/v1/failed#alerts",
        "2026-11-23T12:00:00.000001Z#org-hiny12/udts-ixdp441/v1/failed#events",
    ]
    assert [found["sk"]["S"] for found in table.items("MONITOR")] == [
        "2026-11-23T12:00:00.000000Z#event",
        "RUN",
    ]


def test_history_expires_and_nothing_else_does(table: Table) -> None:
    """States, outbox and heartbeat stay for ever."""
    store = Store(table.client, table.name, RETENTION)
    fail(store)
    store.save_heartbeat({"checked": 1})
    ninety_days_on = str(int((NOON + RETENTION).timestamp()))
    for found in table.items("TASK#org-hiny12/udts-ixdp441"):
        assert found["expires_at"] == {"N": ninety_days_on}
    for pk in ("STATE", "OUTBOX", "MONITOR"):
        assert all("expires_at" not in found for found in table.items(pk))


def test_publishing_leaves_its_mark_in_the_history(table: Table) -> None:
    """The question "Why was nothing sent?" has an answer, topic by topic."""
    store = Store(table.client, table.name, RETENTION)
    fail(store)
    for pending in store.outbox().pending:
        store.mark_published([pending], NOON)
    event = table.items("TASK#org-hiny12/udts-ixdp441")[1]
    assert event["published_at"]["M"] == {
        "alerts": {"S": "2026-11-23T12:00:00.000000Z"},
        "events": {"S": "2026-11-23T12:00:00.000000Z"},
    }


def test_a_notification_outlives_its_history(table: Table) -> None:
    """Marking works also when the event has expired from the history, and brings nothing back into it."""
    store = Store(table.client, table.name, RETENTION)
    fail(store)
    event = table.items("TASK#org-hiny12/udts-ixdp441")[1]
    table.client.delete_item(TableName=table.name, Key={"pk": event["pk"], "sk": event["sk"]})
    for pending in store.outbox().pending:
        store.mark_published([pending], NOON)
    assert store.outbox().pending == ()
    assert len(table.items("TASK#org-hiny12/udts-ixdp441")) == 1


def test_every_item_says_its_schema(table: Table) -> None:
    """A later version knows what it reads."""
    store = Store(table.client, table.name, RETENTION)
    walk = Walk()
    fail(store, walk)
    walk.now += timedelta(hours=1)
    sampled = walk.check(replace(failed(0, 3, "boom"), progress=Progress(percent=5)))
    assert sampled.sample
    assert store.save(sampled, (), CLAIM)
    outage(store)
    store.save_silence(silence())
    store.save_heartbeat({"checked": 1})
    items = {pk: table.items(pk) for pk in ("STATE", "TASK#org-hiny12/udts-ixdp441", "OUTBOX", "MONITOR")}
    # A state; a transition, an event, a sample; twice two notifications, a silence; an event, RUN.
    assert [len(found) for found in items.values()] == [1, 3, 5, 2]
    for found in (entry for of_one in items.values() for entry in of_one):
        assert found.get("schema") == {"N": "1"}, found["sk"]


def test_a_missing_table_is_a_store_error() -> None:
    """The run fails and says what it could not do."""
    import boto3  # noqa: PLC0415 - only this test talks to moto by itself
    from moto import mock_aws  # noqa: PLC0415

    with mock_aws():
        client = boto3.client(
            "dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        store = Store(client, "no-such-table", RETENTION)
        with pytest.raises(StoreError, match="read the STATE partition"):
            store.load_states()
        with pytest.raises(StoreError, match="write the heartbeat"):
            store.save_heartbeat({"checked": 1})


TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given above
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
NUMBERS = (
    st.none() | st.integers(0, 10**20) | st.floats(1e-9, 1e6).filter(lambda number: not number.is_integer())
)
STATES = st.builds(
    TaskState,
    version=st.integers(1, 10**9),
    status=TEXTS,
    previous_status=TEXTS,
    since=TIMES,
    seen_at=TIMES,
    failed_message=TEXTS,
    progress=st.none() | st.builds(Progress, percent=NUMBERS, moved_rows=NUMBERS, total_rows=st.just(1)),
    position=st.none() | st.builds(Position, binlog_name=TEXTS, binlog_pos=st.just(4)),
    retries_used=st.none() | st.integers(0, 5),
    sampled_at=st.none() | TIMES,
    incident=st.none() | st.builds(Incident, id=TEXTS.filter(bool), since=TIMES, status=TEXTS.filter(bool)),
    stopped_told=st.booleans(),
    unknown_told=st.lists(TEXTS.filter(bool), max_size=3).map(tuple),
    unanswered=st.none()
    | st.builds(
        Unanswered,
        since=TIMES,
        checks=st.integers(0, 9),
        cause=TEXTS.filter(bool),
        told_alone=st.booleans(),
        told_with=st.lists(TEXTS.filter(bool), max_size=3).map(tuple),
    ),
    left_off_at=st.none() | TIMES,
)


@given(STATES)
def test_every_state_survives_being_an_item(state: TaskState) -> None:
    """Whatever a state holds comes back equal from its item."""
    from udts_monitor.store import _unwired, _wire  # noqa: PLC0415 - the wire format is the subject

    assert item.state_from(_unwired(_wire(item.state_item(TaskRef(task_id="udts-1"), state)))) == state


def silence(scope: str = "all", minutes: int = 5) -> Silence:
    """A silence somebody asked for at noon."""
    return Silence(scope=scope, since=NOON, until=NOON + timedelta(minutes=minutes), by="ada", why="move")


def test_a_silence_comes_with_the_outbox_and_is_no_notification(store: Storage) -> None:
    """One Query brings both."""
    fail(store)
    store.save_silence(silence())
    store.save_silence(silence("org-hiny12"))
    found = store.outbox()
    assert set(found.silences) == {silence(), silence("org-hiny12")}
    assert len(found.pending) == 2


def test_there_is_one_silence_a_scope(store: Storage) -> None:
    """Asking again changes its end."""
    store.save_silence(silence())
    store.save_silence(silence(minutes=50))
    assert store.outbox().silences == (silence(minutes=50),)


def test_a_silence_that_was_extended_is_not_ended_by_a_run_that_did_not_know(store: Storage) -> None:
    """The condition is its end."""
    store.save_silence(silence(minutes=50))
    store.end_silence(silence())
    assert store.outbox().silences == (silence(minutes=50),)
    store.end_silence(silence(minutes=50))
    store.end_silence(silence(minutes=50))
    assert store.outbox().silences == ()


def test_withheld_is_off_the_outbox(store: Storage) -> None:
    """And never comes back."""
    fail(store)
    store.withhold(store.outbox().pending, NOON)
    assert store.outbox().pending == ()


def test_withholding_leaves_its_mark_in_the_history(table: Table) -> None:
    """Why was nothing sent? Because somebody asked for silence."""
    store = Store(table.client, table.name, RETENTION)
    fail(store)
    store.withhold(store.outbox().pending[:1], NOON)
    event = table.items("TASK#org-hiny12/udts-ixdp441")[1]
    assert event["withheld_at"]["M"] == {"alerts": {"S": "2026-11-23T12:00:00.000000Z"}}
    assert event["published_at"]["M"] == {}


def test_a_hundred_and_twenty_notifications_are_marked_together(store: Storage) -> None:
    """More than a transaction takes: a storm is marked in a few of them."""
    for number in range(60):
        walk = Walk(task=TaskRef(task_id=f"udts-{number}"))
        fail(store, walk)
    assert len(store.outbox().pending) == 120
    store.mark_published(store.outbox().pending, NOON)
    assert store.outbox().pending == ()


def test_the_members_of_a_digest_know_it(store: Storage) -> None:
    """More than a transaction takes; the others know of none, and one that is gone makes it fail."""
    for number in range(60):
        fail(store, Walk(task=TaskRef(task_id=f"udts-{number}")))
    members = store.outbox().pending[:110]
    assert store.bind(members, "-/monitor/digest/abc")
    assert [found.digest_id for found in store.outbox().pending] == ["-/monitor/digest/abc"] * 110 + [""] * 10
    store.mark_published(members[:1], NOON)
    assert not store.bind(members[:5], "-/monitor/digest/def")
    assert {found.digest_id for found in store.outbox().pending} == {"-/monitor/digest/abc", ""}


@pytest.mark.parametrize("name", ["since", "incident", "progress", "position", "journey", "unanswered"])
@pytest.mark.parametrize("value", ["soon", "2026-11-23T12:00:00"])
def test_a_state_that_cannot_be_read_leaves_the_others_readable(table: Table, name: str, value: str) -> None:
    """Whoever changed the item by hand."""
    store = Store(table.client, table.name, RETENTION)
    fail(store)
    fail(store, Walk(task=TaskRef(task_id="udts-1")))
    table.client.update_item(
        TableName=table.name,
        Key={"pk": {"S": "STATE"}, "sk": {"S": "-/udts-1"}},
        UpdateExpression="SET #name = :value",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":value": {"S": value}},
    )
    assert list(store.load_states()) == ["org-hiny12/udts-ixdp441"]


def test_an_item_of_the_outbox_that_cannot_be_read_is_named_and_hides_no_other(table: Table) -> None:
    """Of a version with more topics than this one, or changed by hand."""
    store = Store(table.client, table.name, RETENTION)
    fail(store)
    store.save_silence(silence())
    for sk in ("2020#udts-1/v1/failed#pager", "SILENCE#org-1"):
        entry = {"pk": {"S": "OUTBOX"}, "sk": {"S": sk}, "topic": {"S": "pager"}}
        table.client.put_item(TableName=table.name, Item=entry)
    found = store.outbox()
    assert len(found.pending) == 2
    assert found.silences == (silence(),)
    assert sorted(found.unreadable) == ["2020#udts-1/v1/failed#pager", "SILENCE#org-1"]
    assert all("KeyError" in problem for problem in found.unreadable.values())


def test_a_time_without_a_zone_is_named_and_hides_no_other(table: Table) -> None:
    """What a person writes who wants an item to be tried again: it could be compared with no other time."""
    store = Store(table.client, table.name, RETENTION)
    fail(store)
    store.save_silence(silence())
    first, _, quiet = [found["sk"]["S"] for found in table.items("OUTBOX")]
    for sk, name in ((first, "lease_until"), (quiet, "until")):
        table.client.update_item(
            TableName=table.name,
            Key={"pk": {"S": "OUTBOX"}, "sk": {"S": sk}},
            UpdateExpression="SET #name = :time",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":time": {"S": "2026-11-23T00:00:00"}},
        )
    found = store.outbox()
    assert (len(found.pending), found.silences) == (1, ())
    assert found.unreadable == dict.fromkeys((first, quiet), "ValueError: 2026-11-23T00:00:00 has no zone")


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("attempts", {"S": "x"}),
        ("attributes", {"S": "oops"}),
        ("kind", {"L": []}),
        ("task_key", {"M": {}}),
        ("body", {"N": "1"}),
    ],
)
def test_damage_of_any_attribute_hides_no_other_item(table: Table, name: str, damage: Any) -> None:  # noqa: ANN401
    """Otherwise it would raise where it is used, in every run, before anything is published."""
    store = Store(table.client, table.name, RETENTION)
    fail(store)
    sk = table.items("OUTBOX")[0]["sk"]["S"]
    table.client.update_item(
        TableName=table.name,
        Key={"pk": {"S": "OUTBOX"}, "sk": {"S": sk}},
        UpdateExpression="SET #name = :damage",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":damage": damage},
    )
    found = store.outbox()
    assert (len(found.pending), list(found.unreadable)) == (1, [sk])


@pytest.mark.parametrize(
    ("damage", "opens"),
    [
        ({"S": "soon"}, True),
        ({"M": {}}, True),
        ({"M": {"since": {"S": "2026-11-23T00:00:00"}}}, False),  # until somebody has looked
    ],
)
def test_an_outage_that_cannot_be_read_is_named_and_hides_no_other(
    table: Table,
    damage: Any,  # noqa: ANN401 - an attribute's value
    opens: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Changed by hand, with all that hangs on it."""
    store = Store(table.client, table.name, RETENTION)
    begun, event, _ = outage(store)
    other = replace(begun, cause="timeout", id="-/monitor/timeout")
    later = replace(event, id=other.id, time=NOON + timedelta(seconds=1))
    assert store.open_outage(other, later, (), CLAIM)
    table.client.update_item(
        TableName=table.name,
        Key={"pk": {"S": "MONITOR"}, "sk": {"S": "RUN"}},
        UpdateExpression="SET #outage = :damage, listeners_at = :soon",
        ExpressionAttributeNames={"#outage": f"outage {begun.cause}"},
        ExpressionAttributeValues={":damage": damage, ":soon": {"S": "soon"}},
    )
    found = store.save_heartbeat({"checked": 1})
    assert (found.outages, list(found.unreadable)) == ((other,), [f"outage {begun.cause}"])
    assert found.listeners_at is None
    assert outage(store)[2] is opens


def test_the_count_of_listeners_stays_until_it_is_counted_again(store: Storage) -> None:
    """A heartbeat without a count changes none."""
    counted = {"listeners": {"alerts": 1}, "listeners_at": "2026-11-23T12:00:00.000000Z"}
    store.save_heartbeat({"checked": 1} | counted)
    assert store.save_heartbeat({"checked": 2}) == Heartbeat(listeners={"alerts": 1}, listeners_at=NOON)
