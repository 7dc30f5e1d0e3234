"""Stories: what UCloud says step by step, what has to be told of it, and whether it was."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from local.inbox import Message
from tests.proof.proxy import Call
from tests.proof.stage import Stage
from udts_monitor.notification import Topic

# No answer: a fault that costs one call and is no configuration error; and one that is.
UNSEEN: Mapping[str, object] = {"fault": {"ret_code": 230}}
REFUSED: Mapping[str, object] = {"fault": {"ret_code": 292}}

type Step = Mapping[str, str | Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What happens and what is told.

    Attributes:
        steps: what changes at UCloud, by task; two runs see each step.
        told: every event by kind and task; the monitor is a task of its own.
        transitions: the status words of each task, in order.
        variables: of the environment.
    """

    steps: Sequence[Step]
    told: Sequence[tuple[str, str]]
    transitions: Mapping[str, Sequence[str]]
    variables: Mapping[str, object]

    @property
    def tasks(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(self.transitions)


def set_step(stage: Stage, step: Step) -> None:
    """What UCloud says from now on."""
    for task, state in step.items():
        stage.ucloud.set_step(task, {"status": state} if isinstance(state, str) else state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of a story.

    Attributes:
        lost: what was not told to a topic.
        repeated: what was told more than once to a topic, a word for each time too many.
        wrong: what the table holds that it should not, or should and does not.
    """

    lost: list[str]
    repeated: list[str]
    wrong: list[str]


def judge(stage: Stage, story: Story) -> Verdict:
    """Compare what subscribers got and what the table holds with what the story says."""
    events = _events(stage, story)
    lost, repeated = [], []
    for topic in stage.topics:
        told = Counter(_identity(message, events, topic) for message in stage.messages(topic))
        lost += [f"{identity} on {topic}" for identity in events if not told[identity]]
        repeated += [f"{identity} on {topic}" for identity, times in told.items() for _ in range(times - 1)]
        lost += [f"{identity} on {topic} is unknown" for identity in told if identity not in events]
    return Verdict(lost=lost, repeated=repeated, wrong=_wrong(stage, story, events))


def judge_storm(stage: Stage, story: Story) -> Verdict:
    """The same where people may get a digest instead: it tells of every task it names."""
    verdict = judge(stage, story)
    lost = [found for found in verdict.lost if found.endswith(f" on {Topic.EVENTS}")]
    repeated = [found for found in verdict.repeated if found.endswith(f" on {Topic.EVENTS}")]
    events = _events(stage, story)
    for topic in set(stage.topics) - {Topic.EVENTS}:
        messages = stage.messages(topic)
        told = Counter(_digest_in(message) or _identity(message, events, topic) for message in messages)
        repeated += [f"{identity} on {topic}" for identity, times in told.items() for _ in range(times - 1)]
        named = " ".join(message.text for message in messages)
        lost += [f"{task} on {topic}" for _, task in story.told if task not in named]
    return Verdict(lost=lost, repeated=repeated, wrong=verdict.wrong)


def _digest_in(message: Message) -> str:
    found = re.search(r"-/monitor/digest/[0-9a-f]+", message.text)
    return found[0] if found and message.attributes["event"] == "digest" else ""


def _events(stage: Stage, story: Story) -> dict[str, tuple[str, str]]:
    """The events in the history: kind and task by id."""
    return {
        found["event_id"]: (found["kind"], task or "monitor")
        for task in ("", *story.tasks)
        for found in stage.history(task, "event")
    }


def _wrong(stage: Stage, story: Story, events: Mapping[str, tuple[str, str]]) -> list[str]:
    wrong = []
    if Counter(events.values()) != Counter(story.told):
        wrong.append(f"events {sorted(events.values())}")
    in_history = sum(len(stage.history(task, "event")) for task in ("", *story.tasks))
    if in_history != len(events):
        wrong.append("an event stands twice in the history")
    versions = saved_versions(stage)
    states = {found["sk"].removeprefix("-/"): found for found in stage.items("STATE")}
    for task, words in story.transitions.items():
        found = [transition["status"] for transition in stage.history(task, "transition")]
        if found != list(words):
            wrong.append(f"transitions of {task}: {found}")
        if versions[task] != list(range(1, int(states[task]["version"]) + 1)):
            wrong.append(f"versions of {task}: {versions[task]}")
    if stage.outbox():
        wrong.append("the outbox is not empty")
    wrong += [
        f"{event['event_id']} is marked for {sorted(event['published_at'])} only"
        for task in ("", *story.tasks)
        for event in stage.history(task, "event")
        if set(event["published_at"]) != set(stage.topics)
    ]
    return wrong


def saved_versions(stage: Stage) -> dict[str, list[int]]:
    """The versions of each task whose saving DynamoDB carried out, in order."""
    versions: dict[str, list[int]] = {task: [] for task in stage.tasks}
    done: set[str] = set()
    for record in stage.proxy.records:
        request = record.call.request
        # The same token is the same transaction: DynamoDB answers a second time and writes nothing.
        if record.status == 200 and request.get("ClientRequestToken", "") not in {"", *done}:
            done.add(request["ClientRequestToken"])
            for task, version in _states_in(record.call):
                versions[task].append(version)
    return versions


def _states_in(call: Call) -> list[tuple[str, int]]:
    puts = [write["Put"]["Item"] for write in call.request["TransactItems"] if "Put" in write]
    return [
        (item["sk"]["S"].removeprefix("-/"), int(item["version"]["N"]))
        for item in puts
        if item["pk"]["S"] == "STATE"
    ]


def _identity(message: Message, events: Mapping[str, tuple[str, str]], topic: Topic) -> str:
    """The id of the event a message tells: said in JSON to programs, in words to people.

    A text may name the incident too, which has the id of its first event: so the kind has to fit, and of
    several ids the latest counts.
    """
    if topic is Topic.EVENTS:
        return str(json.loads(message.text)["id"])
    about = message.attributes["event"], message.attributes["task_id"]
    fitting = [identity for identity, found in events.items() if found == about and identity in message.text]
    return max(fitting, key=lambda identity: (len(identity), identity), default=f"{about}")
