"""What the log of a run says above INFO, and whether that is one clear line for each part that failed."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tests.proof.handlers import Ended

# What a line names beside its cause: the task it is about, or what else is not as it should be.
NAMES = {
    "task not processed": "task",
    "shard not sent": "task",
    "not published": "task",
    "not readable": "task",
    "no answer": "task",
    "run failed": "reason",
    "task list kept": "reason",
    "subscriptions not counted": "topic",
    "nobody listens": "topic",
}


def grave(ended: Ended) -> list[dict[str, Any]]:
    """The log's lines above INFO."""
    return [line for line in ended.log if line.get("level") in {"WARNING", "ERROR", "CRITICAL"}]


def errors(ended: Ended) -> list[str]:
    """The log's lines of grave news: message, task and all that stands in them."""
    return [str(line) for line in grave(ended) if line["level"] != "WARNING"]


def badly_said(ended: Ended) -> list[str]:
    """What is wrong with these lines.

    Each names its cause and what it is about, and no two are about the same. The error of a run some of whose
    parts failed is what their lines say, no more and no less; that of a run that failed as a whole has a line
    more, which says it.
    """
    lines = grave(ended)
    unclear = [f"unclear: {line}" for line in lines if not (line.get("cause") and _subject(line))]
    twice = [f"twice: {about}" for about, times in Counter(map(_subject, lines)).items() if times > 1]
    return [*unclear, *twice, *_unsaid(ended.error, [line for line in lines if line["level"] == "ERROR"])]


def _subject(line: Mapping[str, Any]) -> str:
    about = line.get(NAMES.get(line["message"], ""), "")
    more = (line.get(name, "") for name in ("event_id", "topic", "item"))
    return " ".join([line["message"], about, *more]) if about else ""


def _unsaid(error: str, lines: list[dict[str, Any]]) -> Iterator[str]:
    parts = "; ".join(_part(line) for line in lines if line["message"] != "run failed")
    wholes = [line.get("reason") for line in lines if line["message"] == "run failed"]
    kind, _, text = error.partition(": ")
    of_parts = kind in {"", "RunError"}
    if wholes != ([] if of_parts else [text]) or (of_parts and parts != text):
        yield f"the error {error!r} is told as {parts!r} and {wholes}"


def _part(line: Mapping[str, Any]) -> str:
    """What the run's error says of this part."""
    match line["message"]:
        case "task not processed" | "shard not sent":
            return f"{line.get('task')}: {line.get('reason')}"
        case "not published":
            return f"{line.get('event_id')} was not accepted: {line.get('reason')}"
        case _:
            return str(line)
