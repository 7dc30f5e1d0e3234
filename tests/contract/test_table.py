"""What the real store leaves in the table, and what it makes of an item that somebody damaged."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from moto import mock_aws

from tests.contract.conftest import RETENTION, Table
from tests.contract.writes import CLAIM, event_of, fail, open_outage, opened, rendered, save_silence, silence
from tests.table import aws_client
from tests.walk import NOON, ORDERS, Walk, failed
from udts_monitor.adapters.store import Store
from udts_monitor.decision.event import Kind
from udts_monitor.decision.observation import Progress
from udts_monitor.errors import StoreError
from udts_monitor.task import TaskRef

HISTORY = f"TASK#{ORDERS.key}"
OTHER = TaskRef(task_id="udts-1")


def test_the_keys_are_the_documented_ones(table: Table) -> None:
    """Users and programs read the table by these keys."""
    store = table.store()
    fail(store)
    open_outage(store)
    save_silence(store, silence())
    store.save_monitor({"checked": 1})
    assert [found["sk"]["S"] for found in table.items("STATE")] == ["org-hiny12/udts-ixdp441"]
    assert [found["sk"]["S"] for found in table.items(HISTORY)] == [
        "2026-11-23T12:00:00.000000Z#transition",
        "2026-11-23T12:00:00.000001Z#event",
    ]
    assert [found["sk"]["S"] for found in table.items("OUTBOX")][4:] == [
        "2026-11-23T12:00:00.000001Z#org-hiny12/udts-ixdp441/v1/failed#alerts",
        "2026-11-23T12:00:00.000001Z#org-hiny12/udts-ixdp441/v1/failed#events",
        "SILENCE#all",
    ]
    assert [found["sk"]["S"] for found in table.items("MONITOR")] == [
        "2026-11-23T12:00:00.000000Z#event",
        "RUN",
    ]


def test_history_expires_and_nothing_else_does(table: Table) -> None:
    """States, outbox and the monitor's item stay for ever; its events are history too."""
    store = table.store()
    fail(store)
    open_outage(store)
    store.save_monitor({"checked": 1})
    ninety_days_on = str(int((NOON + RETENTION).timestamp()))
    event, run = table.items("MONITOR")
    for found in [*table.items(HISTORY), event]:
        assert found["expires_at"] == {"N": ninety_days_on}
    for found in [*table.items("STATE"), *table.items("OUTBOX"), run]:
        assert "expires_at" not in found


def test_an_event_is_kept_with_its_incident_and_who_is_concerned(table: Table) -> None:
    """Whoever reads the history finds all that belongs to one trouble."""
    store = table.store()
    fail(store)
    outage = open_outage(store)
    told = table.items(HISTORY)[1]
    assert (told["kind"], told["aspect"], told["incident_action"]) == (
        {"S": "failed"},
        {"S": "health"},
        {"S": "open"},
    )
    assert told["incident_id"] == told["event_id"]
    begun = table.items("MONITOR")[0]
    assert begun["incident_id"] == {"S": outage.id}
    assert begun["tasks"] == {"L": [{"S": ORDERS.key}]}


def test_publishing_leaves_its_mark_in_the_history(table: Table) -> None:
    """The question "Why was nothing sent?" has an answer, topic by topic."""
    store = table.store()
    fail(store)
    for pending in store.outbox().pending:
        store.mark_published([pending], NOON)
    event = table.items(HISTORY)[1]
    assert event["published_at"]["M"] == {
        "alerts": {"S": "2026-11-23T12:00:00.000000Z"},
        "events": {"S": "2026-11-23T12:00:00.000000Z"},
    }


def test_withholding_leaves_its_mark_in_the_history(table: Table) -> None:
    """Why was nothing sent? Because somebody asked for silence."""
    store = table.store()
    fail(store)
    store.withhold(store.outbox().pending[:1], NOON)
    event = table.items(HISTORY)[1]
    assert event["withheld_at"]["M"] == {"alerts": {"S": "2026-11-23T12:00:00.000000Z"}}
    assert event["published_at"]["M"] == {}


def test_a_notification_outlives_its_history_and_costs_no_other_its_mark(table: Table) -> None:
    """One event has expired meanwhile: it is brought back by nothing, and only it has no mark."""
    store = table.store()
    tasks = [TaskRef(task_id=f"udts-{number}") for number in range(3)]
    for task in tasks:
        fail(store, Walk(task=task))
    gone = table.items("TASK#-/udts-1")[1]
    table.client.delete_item(TableName=table.name, Key={"pk": gone["pk"], "sk": gone["sk"]})
    store.mark_published(store.outbox().pending, NOON)
    assert store.outbox().pending == ()
    assert len(table.items("TASK#-/udts-1")) == 1
    for task in (tasks[0], tasks[2]):
        assert set(table.items(f"TASK#{task.key}")[1]["published_at"]["M"]) == {"alerts", "events"}


def test_a_silence_and_its_event_are_written_together(table: Table) -> None:
    """One transaction at its beginning, one at its end: who is held back is always on record."""
    calls: list[str] = []
    events = table.client.meta.events
    events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
    store = table.store()
    save_silence(store, silence())
    ended = event_of(Kind.SILENCE_ENDED, seconds=1)
    store.end_silence(silence(), ended, rendered(ended), CLAIM)
    assert calls == ["TransactWriteItems"] * 2
    kinds = [found["kind"]["S"] for found in table.items("MONITOR")]
    assert kinds == ["silenced", "silence_ended"]


def test_every_item_says_its_schema(table: Table) -> None:
    """A later version knows what it reads."""
    store = table.store()
    walk = Walk()
    fail(store, walk)
    walk.now += timedelta(hours=1)
    sampled = walk.check(replace(failed(0, 3, "boom"), progress=Progress(percent=5)))
    assert sampled.sample
    assert store.save(sampled, (), CLAIM)
    open_outage(store)
    save_silence(store, silence())
    store.save_monitor({"checked": 1})
    items = {pk: table.items(pk) for pk in ("STATE", HISTORY, "OUTBOX", "MONITOR")}
    # A state; a transition, an event, a sample; three times two notifications, a silence; an event, RUN.
    assert [len(found) for found in items.values()] == [1, 3, 7, 2]
    for found in (entry for of_one in items.values() for entry in of_one):
        assert found.get("schema") == {"N": "1"}, found["sk"]


def test_a_missing_table_is_a_store_error() -> None:
    """The run fails and says what it could not do; trying again a second later helps nobody."""
    with mock_aws():
        store = Store(aws_client("dynamodb"), "no-such-table", RETENTION)
        with pytest.raises(StoreError, match="read the STATE partition") as caught:
            store.load_states()
        assert not caught.value.transient
        with pytest.raises(StoreError, match="read the item MONITOR RUN"):
            store.load_monitor()
        with pytest.raises(StoreError, match="write MONITOR RUN"):
            store.save_monitor({"checked": 1})


# What somebody damaged is named, and hides nothing else

DAMAGED_STATES: dict[str, tuple[dict[str, Any], str]] = {
    "a word for a time": ({"since": {"S": "soon"}}, "since: Input should be a time with a zone"),
    "a time without a zone": ({"since": {"S": "2026-11-23T12:00:00"}}, "Input should be a time with a zone"),
    "a time without a zone inside": (
        {"lifecycle": {"M": {"started_at": {"S": "2026-11-23T12:00:00"}}}},
        "Input should be a time with a zone",
    ),
    "a word for incidents": ({"incidents": {"S": "none"}}, "incidents: Input should be a valid dictionary"),
    "an incident without its beginning": (
        {"incidents": {"M": {"health": {"M": {"id": {"S": "x"}}}}}},
        "incidents.health.since: Field required",
    ),
    "a word for what the aspects remember": (
        {"memory": {"S": "nothing"}},
        "memory: Input should be a valid dictionary",
    ),
    "a wrong memory of an aspect": (
        {"memory": {"M": {"health": {"M": {"running_checks": {"S": "many"}}}}}},
        "running_checks: Input should be a valid integer",
    ),
    "a word for progress": ({"progress": {"S": "half"}}, "progress: Input should be"),
    "a word for the time without an answer": ({"unanswered": {"S": "long"}}, "unanswered: Input should be"),
    "a word for the version": ({"version": {"S": "latest"}}, "version: Input should be a valid integer"),
}


@pytest.mark.parametrize(("damage", "named"), DAMAGED_STATES.values(), ids=DAMAGED_STATES)
def test_a_state_that_cannot_be_read_is_named_and_hides_no_other(
    table: Table, damage: dict[str, Any], named: str
) -> None:
    """It is never taken for a task that was never seen: its next save is refused, and says why."""
    store = table.store()
    fail(store)
    fail(store, Walk(task=OTHER))
    table.damage("STATE", OTHER.key, **damage)
    assert list(store.load_states()) == [ORDERS.key]
    with pytest.raises(
        StoreError, match="State item STATE/-/udts-1 cannot be read: repair or delete it"
    ) as caught:
        store.load_state(OTHER.key)
    assert not caught.value.transient
    assert named in str(caught.value)
    assert not store.save(Walk(task=OTHER).check("Syncing"), (), CLAIM)


def test_the_memory_of_an_aspect_that_is_gone_is_left_out(table: Table) -> None:
    """The version before had one more, or the version after will."""
    store = table.store()
    assessment = fail(store)
    kept = table.items("STATE")[0]["memory"]["M"]
    table.damage("STATE", ORDERS.key, memory={"M": {**kept, "humidity": {"M": {"percent": {"N": "80"}}}}})
    assert store.load_state(ORDERS.key) == assessment.after


def test_only_a_page_of_states_that_changed_is_read_again(table: Table) -> None:
    """Whoever changed it: a state that is removed by hand is gone in the next run."""
    store = table.store()
    tasks = [TaskRef(task_id=f"udts-{number}") for number in range(6)]
    walks = [Walk(task=task) for task in tasks]
    for walk in walks:
        assert store.save(walk.check("Syncing"), (), CLAIM)
        # Two of them fill a page.
        table.damage("STATE", walk.task.key, padding={"S": "x" * 390_000})
    first, again = store.load_states(), store.load_states()
    assert list(first) == [task.key for task in tasks]
    assert all(again[key] is first[key] for key in first)
    again.clear()
    assert store.save(walks[-1].check("Synced"), (), CLAIM)
    later = store.load_states()
    assert later == first | {tasks[-1].key: walks[-1].state}
    kept = [key for key in first if later[key] is first[key]]
    assert kept[:2] == [task.key for task in tasks[:2]]
    assert tasks[-1].key not in kept
    table.others.delete_item(TableName=table.name, Key={"pk": {"S": "STATE"}, "sk": {"S": tasks[0].key}})
    assert list(store.load_states()) == [task.key for task in tasks[1:]]


DAMAGED_NOTIFICATIONS: dict[str, dict[str, Any]] = {
    "a word for a number": {"attempts": {"S": "x"}},
    "a word for the attributes": {"attributes": {"S": "oops"}},
    "a list for the kind": {"kind": {"L": []}},
    "a map for the task": {"task_key": {"M": {}}},
    "a number for the body": {"body": {"N": "1"}},
    "a topic of a later version": {"topic": {"S": "fax"}},
    "an action nobody knows": {"action": {"S": "reopen"}},
    "a history without its sort key": {"history": {"L": [{"S": HISTORY}]}},
    "a lease without a zone": {"lease_until": {"S": "2026-11-23T00:00:00"}},
}


@pytest.mark.parametrize("damage", DAMAGED_NOTIFICATIONS.values(), ids=DAMAGED_NOTIFICATIONS)
def test_a_notification_that_cannot_be_read_is_named_and_hides_no_other(
    table: Table, damage: dict[str, Any]
) -> None:
    """Otherwise it would raise where it is used, in every run, before anything is published."""
    store = table.store()
    fail(store)
    sk = table.items("OUTBOX")[0]["sk"]["S"]
    table.damage("OUTBOX", sk, **damage)
    found = store.outbox()
    assert (len(found.pending), list(found.unreadable)) == (1, [sk])
    (attribute,) = damage
    assert attribute in found.unreadable[sk] or "zone" in found.unreadable[sk]


def test_an_item_by_hand_is_named_and_hides_no_other(table: Table) -> None:
    """Neither a notification nor a silence, though one has the key of a silence."""
    store = table.store()
    fail(store)
    save_silence(store, silence())
    for sk in ("by hand", "SILENCE#org-1"):
        entry = {"pk": {"S": "OUTBOX"}, "sk": {"S": sk}, "note": {"S": "call Ada"}}
        table.client.put_item(TableName=table.name, Item=entry)
    found = store.outbox()
    assert (len(found.pending), found.silences) == (4, (silence(),))
    assert sorted(found.unreadable) == ["SILENCE#org-1", "by hand"]
    assert "until: Field required" in found.unreadable["SILENCE#org-1"]
    assert "Ada" not in str(found.unreadable)


def test_a_silence_whose_end_has_no_zone_is_named(table: Table) -> None:
    """It could be compared with no other time."""
    store = table.store()
    save_silence(store, silence())
    table.damage("OUTBOX", "SILENCE#all", until={"S": "2026-11-23T00:00:00"})
    found = store.outbox()
    assert (found.silences, found.unreadable) == (
        (),
        {"SILENCE#all": "until: Input should be a time with a zone"},
    )


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param({"S": "soon"}, id="a word"),
        pytest.param({"M": {}}, id="an empty map"),
        pytest.param({"M": {"since": {"S": "2026-11-23T00:00:00"}}}, id="a time without a zone"),
    ],
)
def test_an_outage_that_cannot_be_read_is_named_and_hides_no_other(
    table: Table, damage: dict[str, Any]
) -> None:
    """Nothing is opened over it until somebody has looked; the others go on."""
    store = table.store()
    broken, other = open_outage(store), open_outage(store, cause="RetCode 299")
    table.damage("MONITOR", "RUN", **{f"outage {broken.cause}": damage})
    found = store.load_monitor()
    assert (found.outages, list(found.unreadable)) == ((other,), [f"outage {broken.cause}"])
    again = opened(now=NOON + timedelta(seconds=1))
    assert not store.save_outage(again, (), CLAIM)


def test_what_else_the_monitor_remembers_counts_as_unknown_when_it_cannot_be_read(table: Table) -> None:
    """It begins with the first task, counts subscribers again, and keeps its outages."""
    store = table.store()
    outage = open_outage(store)
    word = {"S": "soon"}
    table.damage("MONITOR", "RUN", ran_at=word, cursor={"N": "5"}, subscribers=word, subscribers_at=word)
    found = store.load_monitor()
    assert (found.ran_at, found.cursor, dict(found.subscribers), found.subscribers_at) == (None, "", {}, None)
    assert (found.outages, dict(found.unreadable)) == ((outage,), {})


def test_of_a_long_outbox_the_oldest_that_nobody_holds_are_read(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a run would use up its time with reading; what a silence holds stands in nobody's way."""
    monkeypatch.setattr("udts_monitor.adapters.store._READ_AT_MOST", 3)
    store = table.store()
    tasks = [TaskRef(task_id=f"udts-{number}") for number in range(4)]
    for number, task in enumerate(tasks):
        fail(store, Walk(task=task, now=NOON + timedelta(seconds=number)))
    assert _waiting(store) == ["udts-0 alerts", "udts-0 events", "udts-1 alerts"]
    assert store.outbox().unread == 5
    save_silence(store, silence(tasks[0].key))
    assert _waiting(store) == ["monitor alerts", "monitor events", "udts-0 events"]
    assert [found.scope for found in store.outbox().silences] == [tasks[0].key]
    # With the two of the silence itself, and what it holds.
    assert store.outbox().unread == 7


def _waiting(store: Store) -> list[str]:
    told = [found.notification for found in store.outbox().pending]
    return [f"{found.task_key.rpartition('/')[2]} {found.topic}" for found in told]
