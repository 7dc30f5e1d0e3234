"""Stories: what UCloud says step by step, what has to be told of it, and whether it was."""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from local.inbox import Message
from tests.proof.environment import USUAL_SECONDS, Environment
from tests.proof.proxy import Call
from udts_monitor.outbox.notification import Topic

# No answer: a fault that costs one call and is no configuration error; and one that is.
UNSEEN: Mapping[str, object] = {"fault": {"ret_code": 230}}
REFUSED: Mapping[str, object] = {"fault": {"ret_code": 292}}

type Step = Mapping[str, str | Mapping[str, object]] | Callable[[Environment], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What happens and what is told.

    Attributes:
        steps: what changes at UCloud, by task, or what else happens; two runs see each step, each with its
            shards. What befalls calls because of it befalls those of the first run only.
        told: every event by kind and task; the monitor is a task of its own.
        transitions: the status words of each task, in order.
        variables: of the environment.
        withheld: those of the events that programs alone are told of: they came up in a silence, and what
            came after them in it is what people were told at its end.
        red: the steps whose first run ends in an error.
        together: the step that takes all tasks out of reach at once.
        digests: people may get a digest instead.
        slow: the tasks whose check takes longer than a run has.
        seconds: what a run gets that nobody kills.
    """

    steps: Sequence[Step]
    told: Sequence[tuple[str, str]]
    transitions: Mapping[str, Sequence[str]]
    variables: Mapping[str, object]
    withheld: Collection[tuple[str, str]] = ()
    red: Collection[int] = ()
    together: int | None = None
    digests: bool = False
    slow: Collection[str] = ()
    seconds: float = USUAL_SECONDS

    @property
    def tasks(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(self.transitions)

    @property
    def runs_a_step(self) -> int:
        """Two, and their shards."""
        most = int(str(self.variables.get("shard_tasks", 0)))
        return 2 * (1 + (-(-len(self.tasks) // most) if most else 0))

    def tellings(self, killed_in: int | None) -> list[Counter[tuple[str, str]]]:
        """The events that are right for a world in which a run of this step was killed, None for no run."""
        exactly = Counter(self.told)
        if killed_in is None or killed_in != self.together:
            return [exactly]
        # The killed run may have counted the missing answer of one task and not of the others. That task
        # reaches its threshold a run before them and, being the only one then, is told alone.
        return [exactly] + [
            exactly + Counter([("unreachable", task), ("reachable", task)]) for task in self.tasks
        ]

    def told_on(self, topic: Topic, event: tuple[str, str]) -> bool:
        """Whether the subscribers of the topic are to hear of this event."""
        return topic is Topic.EVENTS or event not in {*self.withheld, *self.for_programs}

    @property
    def for_programs(self) -> set[tuple[str, str]]:
        """Of silences only programs are told: people asked for them."""
        return {event for event in self.told if event[0] in {"silenced", "silence_ended"}}


def set_step(environment: Environment, step: Step) -> None:
    """What UCloud says from now on, or what else happens now."""
    if callable(step):
        step(environment)
        return
    for task, state in step.items():
        environment.ucloud.set_step(task, {"status": state} if isinstance(state, str) else state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of a scenario.

    Attributes:
        lost: what was not told to a topic.
        repeated: what was told more than once to a topic, a word for each time too many.
        wrong: what the table holds that it should not, or should and does not.
    """

    lost: list[str]
    repeated: list[str]
    wrong: list[str]


def judge(environment: Environment, scenario: Scenario, killed_in: int | None = None) -> Verdict:
    """Compare what subscribers got and what the table holds with what the scenario says.

    Args:
        environment: the world, when all is quiet.
        scenario: what was played in it.
        killed_in: the step one of whose runs was killed.
    """
    events = _events(environment, scenario)
    lost, repeated = [], []
    for topic in environment.topics:
        told = Counter(_identity(message, events, topic) for message in environment.messages(topic))
        expected = [identity for identity, event in events.items() if scenario.told_on(topic, event)]
        lost += [f"{identity} on {topic}" for identity in expected if not told[identity]]
        repeated += [f"{identity} on {topic}" for identity, times in told.items() for _ in range(times - 1)]
        lost += [f"{identity} on {topic} was not to be told" for identity in told if identity not in expected]
    verdict = Verdict(lost=lost, repeated=repeated, wrong=_wrong(environment, scenario, events, killed_in))
    return _with_digests(environment, scenario, verdict) if scenario.digests else verdict


def _with_digests(environment: Environment, scenario: Scenario, verdict: Verdict) -> Verdict:
    """The verdict where a digest tells people of every task it names."""
    lost = [found for found in verdict.lost if found.endswith(f" on {Topic.EVENTS}")]
    repeated = [found for found in verdict.repeated if found.endswith(f" on {Topic.EVENTS}")]
    events = _events(environment, scenario)
    for topic in set(environment.topics) - {Topic.EVENTS}:
        messages = environment.messages(topic)
        told = Counter(_digest_in(message) or _identity(message, events, topic) for message in messages)
        repeated += [f"{identity} on {topic}" for identity, times in told.items() for _ in range(times - 1)]
        named = " ".join(message.text for message in messages)
        of_people = set(scenario.told) - scenario.for_programs
        lost += [f"{task} on {topic}" for _, task in of_people if task not in named]
    return Verdict(lost=lost, repeated=repeated, wrong=verdict.wrong)


def _digest_in(message: Message) -> str:
    found = re.search(r"-/monitor/digest/[0-9a-f]+", message.text)
    return found[0] if found and message.attributes["event"] == "digest" else ""


def _events(environment: Environment, scenario: Scenario) -> dict[str, tuple[str, str]]:
    """The events in the history: kind and task by id."""
    return {
        found["event_id"]: (found["kind"], task or "monitor")
        for task in ("", *scenario.tasks)
        for found in environment.history(task, "event")
    }


def _wrong(
    environment: Environment, scenario: Scenario, events: Mapping[str, tuple[str, str]], killed_in: int | None
) -> list[str]:
    wrong = []
    if Counter(events.values()) not in scenario.tellings(killed_in):
        wrong.append(f"events {sorted(events.values())}")
    in_history = sum(len(environment.history(task, "event")) for task in ("", *scenario.tasks))
    if in_history != len(events):
        wrong.append("an event stands twice in the history")
    versions = saved_versions(environment)
    states = {found["sk"].removeprefix("-/"): found for found in environment.items("STATE")}
    for task, words in scenario.transitions.items():
        found = [transition["status"] for transition in environment.history(task, "transition")]
        if found != list(words):
            wrong.append(f"transitions of {task}: {found}")
        if versions[task] != list(range(1, int(states[task]["version"]) + 1)):
            wrong.append(f"versions of {task}: {versions[task]}")
    if environment.items("OUTBOX"):
        wrong.append("the outbox is not empty")
    return wrong + _wrongly_marked(environment, scenario)


def _wrongly_marked(environment: Environment, scenario: Scenario) -> list[str]:
    wrong = []
    for task in ("", *scenario.tasks):
        for event in environment.history(task, "event"):
            about = event["kind"], task or "monitor"
            told = {topic for topic in environment.topics if scenario.told_on(topic, about)}
            withheld = set(environment.topics) - told if about in scenario.withheld else set()
            marks = set(event["published_at"]), set(event["withheld_at"])
            if marks != (told, withheld):
                wrong.append(f"{event['event_id']} is marked as published and withheld for {marks}")
    return wrong


def saved_versions(environment: Environment) -> dict[str, list[int]]:
    """The versions of each task whose saving DynamoDB carried out, in order."""
    versions: dict[str, list[int]] = {task: [] for task in environment.tasks}
    done: set[str] = set()
    for record in environment.proxy.records:
        # The same token is the same transaction: DynamoDB answers a second time and writes nothing.
        token = record.call.request.get("ClientRequestToken", "")
        if record.status == 200 and not (token and token in done):
            done.add(token)
            for task, version in _states_in(record.call):
                versions[task].append(version)
    return versions


def _states_in(call: Call) -> list[tuple[str, int]]:
    """The states a call puts; one that tells nothing is put without a transaction."""
    writes = [{"Put": call.request}] if call.operation == "PutItem" else call.request.get("TransactItems", [])
    puts = [write["Put"]["Item"] for write in writes if "Put" in write]
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
