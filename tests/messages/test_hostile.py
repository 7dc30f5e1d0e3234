"""Names and reasons that mean harm, through the whole path: answer, assessment, notifications, items."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.messages.limits import item_problems, live_markup, problems
from tests.messages.scene import SETTINGS, Scene
from tests.messages.scenes import SCENES
from tests.proof.figures import note
from tests.table import stored
from tests.walk import NOON, ORDERS, Walk
from udts_monitor.adapters import items
from udts_monitor.adapters.answer import CONFIGURATION, FailedCall, read_answer
from udts_monitor.adapters.task_list import parse_tasks
from udts_monitor.adapters.task_status import REASON_LIMIT, read_observation
from udts_monitor.adapters.wire import Item
from udts_monitor.decision.assess import Assessment
from udts_monitor.decision.event import Event
from udts_monitor.decision.observation import NoAnswer, Observation
from udts_monitor.decision.outage import Outage
from udts_monitor.decision.status import OUTCOMES
from udts_monitor.errors import CommandError
from udts_monitor.messages.phrases import Language
from udts_monitor.outbox.notification import PEOPLE, Notification, Topic
from udts_monitor.outbox.pending import Claim
from udts_monitor.outbox.silence import parse_silence
from udts_monitor.run.render import digest, digest_id, notifications
from udts_monitor.task import TaskRef
from udts_monitor.text import one_line

type Steps = list[tuple[dict[str, Any], int]]

RETENTION = timedelta(days=90)
NASTY = (
    "\x00\x07\x1b[31m",
    "\r\nSubject: You won\r\n\r\n",
    "\u2028\u2029\x85\v\f",
    "\u202eeliaf\u202c",
    "\u200b\u2066\ufeff",
    "\ud83d",
    "\N{PILE OF POO}\N{ZERO WIDTH JOINER}\N{WOMAN}",
    "任务失败：数据库连接数已满。",
    "<!channel> <@U012AB3CD> <https://evil.example|click>",
    "@here @channel @everyone",
    "<at>everyone</at>",
    "[click](https://evil.example) ![x](http://evil.example/x.png)",
    "https://evil.example/?a=1&b=2 www.evil.example HTTP://EVIL",
    "*bold* _italic_ __init__ ~struck~ `code` ```block``` |table| > quote",
    "# heading\n- list\n1. list\n+ list",
    ":fire: :+1: a:b:c",
    "&lt;!here&gt; &amp;",
    "\\*not bold\\* \\`",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    '{"version":"1.0","source":"custom"}',
    '"}],"x":{"y":"',
    "%s %d %(name)s %n",
    "{task} {0} {said!r} {} {{}}",
    "${jndi:ldap://evil} $(id) `id` ; rm -rf /",
    "'; DROP TABLE tasks; --",
    "Access denied for user 'udts'@'10.9.3.17' (using password: YES)",
    "Error 1236: purged binary logs",
    "=cmd|' /C calc'!A0",
)
WORDS = st.sampled_from(NASTY) | st.text(alphabet=st.characters(), max_size=30)
TEXTS = st.lists(WORDS, max_size=6).map(" ".join) | st.lists(WORDS, max_size=6).map("".join)
# Now and then more than anything holds, of letters, of Chinese, of what JSON makes twelve bytes of.
ENDLESS = st.builds(
    lambda piece, shift: "x" * shift + piece * (300_000 // len(piece)),
    st.sampled_from(["a", "漢", "\N{PILE OF POO}", "字 ", "a\n", *NASTY]),
    st.integers(0, 3),
)
HOSTILE = st.one_of(TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, ENDLESS)
NUMBERS = (
    st.integers() | st.floats() | st.sampled_from([0, -1, 10**29, 1e-29, 2**63, "1e999", "12", None, True])
)
DATA = st.fixed_dictionaries(
    {"Status": st.sampled_from([*OUTCOMES, "Failed", "Failed", "Stopped", "Done"]) | HOSTILE},
    optional={
        "FailedMessage": HOSTILE,
        "MaxRetryCount": st.integers(0, 5) | NUMBERS,
        "CurRetryCount": st.integers(0, 5) | NUMBERS,
        "Progress": st.dictionaries(
            st.sampled_from(
                [
                    "TotalCount",
                    "CurCount",
                    "TotalDuration",
                    "CurDuration",
                    "Percentage",
                    "RedisDelayTime",
                    "MongoDelayTime",
                    "RedisOffsetSize",
                ]
            ),
            NUMBERS,
        ),
        "Sync": st.fixed_dictionaries(
            {}, optional={"BinlogName": HOSTILE, "BinlogPos": NUMBERS, "BinlogGTID": HOSTILE}
        ),
    },
)
ANSWERS = st.fixed_dictionaries({"RetCode": st.just(0), "Data": DATA}) | st.fixed_dictionaries(
    {"RetCode": st.sampled_from([171, 292, 7001, 150]), "Message": HOSTILE}
)
STEPS = st.tuples(ANSWERS, st.sampled_from([1, 1, 1, 20, 240, 1440, 5000, 9600]))
IDS = st.sampled_from(["udts-ixdp441", "x", "a" * 128])
TASKS = st.fixed_dictionaries(
    {"id": IDS, "name": HOSTILE},
    optional={"project": IDS, "type": st.sampled_from(["transfer", "integration"])},
)


def checked(answer: dict[str, Any]) -> Observation | NoAnswer:
    """What a check yields when UCloud answers this."""
    called = read_answer(http_status=200, body=json.dumps(answer).encode())
    read = called if isinstance(called, FailedCall) else read_observation(called)
    return read.as_no_answer() if isinstance(read, FailedCall) else read


def walked(task: TaskRef, steps: Iterable[tuple[dict[str, Any], int]]) -> tuple[list[Event], list[Item]]:
    """All events and all items that a task's answers lead to, read and decided by the real code."""
    walk = Walk(task=task)
    made: list[Item] = []
    for answer, minutes in steps:
        told = len(walk.events)
        made += _items(walk.check(checked(answer), after=timedelta(minutes=minutes)))
        pk = items.history_pk(task.key)
        made += [items.event_item(event, pk, RETENTION) for event in walk.events[told:]]
        made.append(_run_item(walk.outages.values()))
    return walk.events, made


def _items(found: Assessment) -> list[Item]:
    return [
        items.state_item(found.task, found.after),
        items.transition_item(found, RETENTION),
        items.sample_item(found, RETENTION),
    ]


def _run_item(outages: Iterable[Outage]) -> Item:
    """The heartbeat's item with all of the outages open at once."""
    held = {items.outage_attribute(found.cause): asdict(found) for found in outages}
    return {"pk": items.MONITOR, "sk": items.RUN, **held}


def _assert_safe(raw_task: dict[str, str], steps: Steps) -> None:
    (task,) = parse_tasks(json.dumps([raw_task])).tasks
    events, made = walked(task, steps)
    for display in SETTINGS.values():
        told = list(notifications(events, Topic, display))
        for topic in PEOPLE:
            members = [found for found in told if found.topic is topic]
            if members:
                told.append(digest(digest_id(members), members, topic, NOON, display.display))
        for notification in told:
            assert not problems(notification), notification
            made.append(_outbox_item(notification))
    for item in made:
        assert not item_problems(item)


def _outbox_item(notification: Notification) -> Item:
    made = items.outbox_item(notification, {"pk": "TASK#x", "sk": "y"}, Claim(owner="run", until=NOON))
    assert items.pending_from(stored(made)).notification == notification
    return made


@settings(max_examples=120, suppress_health_check=list(HealthCheck))
@given(task=TASKS, steps=st.lists(STEPS, min_size=1, max_size=4))
@example(
    task={"id": "x", "name": "# heading"},
    steps=[({"RetCode": 0, "Data": {"Status": "Failed", "FailedMessage": " ".join(NASTY)}}, 9600)] * 2,
)
@example(
    task={"id": "a" * 128, "project": "a" * 128, "name": "漢" * 128},
    steps=[({"RetCode": 0, "Data": {"Status": "Failed", "FailedMessage": "\N{PILE OF POO}" * 300_000}}, 9600)]
    * 2,
)
@example(
    task={"id": "x", "name": "orders"},
    steps=[({"RetCode": code, "Message": "💩" * 300_000}, 1) for code in CONFIGURATION],
)
def test_no_text_from_outside_does_harm(
    task: dict[str, str], steps: list[tuple[dict[str, Any], int]]
) -> None:
    """No exception, nothing SNS, SQS or DynamoDB refuse, no live markup, no line that was not ours."""
    _assert_safe(task, steps)


def _another_round(cases: int, seen: set[int]) -> int:
    """So many new cases, also where CI would repeat the same ones; what they are is added to those seen."""
    done = 0

    @settings(max_examples=cases, derandomize=False, database=None, suppress_health_check=list(HealthCheck))
    @given(task=TASKS, steps=st.lists(STEPS, min_size=1, max_size=4))
    def another_case(task: dict[str, str], steps: Steps) -> None:
        nonlocal done
        done += 1
        seen.add(hash(repr((task, steps))))
        _assert_safe(task, steps)

    another_case()
    return done


# In rounds, because hypothesis remembers every choice of a round: all at once are gigabytes.
@pytest.mark.soak
@pytest.mark.parametrize("round_number", range(20))
def test_no_text_from_outside_does_harm_in_ten_thousand_cases(round_number: int) -> None:
    """The same, for long: each round with other cases."""
    different: set[int] = set()
    done = _another_round(500, different)
    assert done >= 500
    note(f"hostile-round-{round_number}", {"cases": done, "different": len(different)})


@pytest.mark.usefixtures("as_in_ci")
def test_each_round_has_cases_of_its_own() -> None:
    """What one round saw is, but for the simplest, not what another sees; in CI too."""
    first, second = set[int](), set[int]()
    assert min(_another_round(20, first), _another_round(20, second)) >= 20
    assert len(first & second) < 10


@settings(max_examples=50, suppress_health_check=list(HealthCheck))
@given(scope=HOSTILE, by=HOSTILE, why=HOSTILE)
@example(scope="all", by="💩" * 300_000, why="a" * 300_000)
@example(scope="漢" * 300_000, by="💩" * 300_000, why="a" * 300_000)
def test_no_words_of_whoever_asks_for_silence_do_harm(scope: str, by: str, why: str) -> None:
    """They are an item DynamoDB takes, or the command is refused; the item says what was asked for."""
    command = {"scope": scope, "by": by, "why": why, "until": "2026-11-23T13:00:00Z"}
    try:
        silence = parse_silence(command, [ORDERS], (), NOON)
    except CommandError:
        assert not one_line(by) or one_line(scope) != "all"
        return
    made = items.silence_item(silence)
    assert not item_problems(made)
    assert items.silence_from(stored(made)) == silence


@settings(max_examples=100)
@given(reason=st.lists(st.sampled_from(NASTY), min_size=1, max_size=2).map(" ".join), name=TEXTS)
@example(reason="{task} {0} {said!r} {} {{}}", name="{status}")
@example(reason="%s %d %(name)s %n", name="%s")
def test_a_reason_is_told_as_it_is(reason: str, name: str) -> None:
    """Nothing in it is taken for a place to put a value in; what prints is told letter by letter."""
    assume(one_line(reason))
    walk = Walk(task=TaskRef(task_id="udts-1", name=one_line(name)[:128]))
    seen = checked({"Data": {"Status": "Failed", "FailedMessage": reason}})
    assert isinstance(seen, Observation)
    walk.check(seen)
    mail, event = notifications(walk.events, [Topic.ALERTS, Topic.EVENTS], SETTINGS[Language.EN])
    assert " ".join(one_line(mail.body).split()).find(one_line(reason)[:30].strip()) >= 0
    assert json.loads(event.body)["data"]["reason"] == seen.failed_message


@pytest.mark.parametrize("letter", ["a", "漢", "\N{PILE OF POO}"])
def test_a_program_gets_all_of_a_reason_that_was_kept(letter: str) -> None:
    """What the monitor itself remembers of an endless reason, whole, and within what SNS takes."""
    seen = checked({"Data": {"Status": "Failed", "FailedMessage": letter * 300_000}})
    assert isinstance(seen, Observation)
    walk = Walk().checks([seen])
    (event,) = notifications(walk.events, [Topic.EVENTS], SETTINGS[Language.EN])
    assert json.loads(event.body)["data"]["reason"] == seen.failed_message
    assert len(seen.failed_message) == REASON_LIMIT
    assert not problems(event)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
@pytest.mark.parametrize("language", list(Language))
def test_what_is_told_every_day_is_within_all_limits(scene: Scene, language: Language) -> None:
    """The rules that hold against harm hold for every golden message."""
    for notification in scene.told(language).values():
        assert not problems(notification)


@pytest.mark.parametrize("length", range(60, 260, 7))
@pytest.mark.parametrize("letter", ["漢", "a", "字 ", "\N{PILE OF POO}"])
def test_texts_may_be_cut_anywhere(length: int, letter: str) -> None:
    """Between any two letters of any alphabet, and the message stays one."""
    answer = {"RetCode": 0, "Data": {"Status": "Failed", "FailedMessage": (letter * 300)[:length]}}
    _assert_safe({"id": "udts-1", "name": (letter * 300)[:length]}, [(answer, 1)])


@pytest.mark.parametrize("text", [text for text in NASTY if live_markup(text)])
def test_the_check_for_markup_sees_markup(text: str) -> None:
    """A check that cannot fail is a defect: unescaped, each of these would be live."""
    assert live_markup(f"orders {text}")


def test_most_of_what_is_nasty_is_markup() -> None:
    """The test above is about something."""
    assert len([text for text in NASTY if live_markup(text)]) >= 13
