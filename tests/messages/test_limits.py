"""The rules of others, as limits.py has them: each sees what breaks it, and only that."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Inexact, Overflow
from typing import Any

import pytest

from tests.messages.limits import KIB, item_problems, live_markup, problems
from tests.messages.scenes import SCENES
from udts_monitor.messages.phrases import Language
from udts_monitor.outbox.notification import Notification, Topic

TOLD = SCENES[0].told(Language.EN)
ALERT, CARD, EVENT = TOLD[Topic.ALERTS], TOLD[Topic.CHAT], TOLD[Topic.EVENTS]
PAGE = TOLD[Topic.PAGER]
KEY = {"pk": "p", "sk": "s"}


def attributes(**more: str) -> dict[str, str]:
    """The alert's and more."""
    return {**ALERT.attributes, **more}


def card(change: Callable[[dict[str, Any]], object]) -> Notification:
    """The chat card after a change of its JSON."""
    found = json.loads(CARD.body)
    change(found)
    return replace(CARD, body=json.dumps(found))


def content(**parts: object) -> Notification:
    """The chat card with other content."""
    return card(lambda found: found["content"].update(parts))


def metadata(**parts: object) -> Notification:
    """The chat card with other metadata."""
    return card(lambda found: found["metadata"].update(parts))


WRONG: Mapping[str, tuple[Notification, str]] = {
    "a subject of 100 characters": (replace(ALERT, subject="x" * 100), "subject"),
    "a subject of two lines": (replace(ALERT, subject="x\ny"), "subject"),
    "a subject that ends a line": (replace(ALERT, subject="x\n"), "subject"),
    "a subject with a control character": (replace(ALERT, subject="x\x07"), "subject"),
    "a subject that is not ASCII up to its colon": (
        replace(ALERT, subject="[FAILED] 任务 (udts-1): x"),
        "subject",
    ),
    "a second attempt that is not ASCII": (replace(ALERT, ascii_subject="任务"), "ASCII subject"),
    "a subject without a second attempt": (replace(ALERT, ascii_subject=""), "ASCII subject"),
    "a subject that begins with a space": (replace(ALERT, subject=" x"), "subject"),
    "no text": (replace(ALERT, body=""), "an empty message"),
    "a null character": (replace(ALERT, body="x\x00"), r"character '\x00'"),
    "half a pair": (replace(ALERT, body="x\ud83d"), r"character '\ud83d'"),
    "no character at all": (replace(ALERT, body="x\ufffe"), r"character '\ufffe'"),
    "no attributes": (replace(ALERT, attributes={}), "0 attributes"),
    "eleven attributes": (
        replace(ALERT, attributes={f"name{number}": "x" for number in range(11)}),
        "11 attributes",
    ),
    "an attribute's name with a space": (
        replace(ALERT, attributes=attributes(**{"a b": "x"})),
        "attribute a b",
    ),
    "an attribute's name of 257 letters": (
        replace(ALERT, attributes=attributes(**{"a" * 257: "x"})),
        "attribute a",
    ),
    "an empty attribute": (replace(ALERT, attributes=attributes(x="")), "attribute x"),
    "a blank attribute": (replace(ALERT, attributes=attributes(x=" ")), "attribute x"),
    "an attribute of two lines": (replace(ALERT, attributes=attributes(x="1\n2")), "attribute x"),
    "an attribute with a null character": (replace(ALERT, attributes=attributes(x="1\x00")), "attribute x"),
    "a message above 256 KiB": (replace(ALERT, body="x" * (256 * KIB)), " bytes"),
    "a message above 256 KiB in few letters": (replace(ALERT, body="漢" * (86 * KIB)), " bytes"),
    "attributes above 256 KiB": (replace(ALERT, attributes={"x": "x" * (256 * KIB)}), " bytes"),
    "more than one reads": (replace(ALERT, body="x" * 8_001), "8001 characters"),
    "a page of two parts": (replace(PAGE, body="x" * 161), "characters of a page"),
    "a page of two Chinese parts": (replace(PAGE, body="字" * 71), "characters of a page"),
    "a page with a signal": (replace(PAGE, body="x\x07"), "unprintable"),
    "a mark that turns the text around": (replace(ALERT, body="x\u202ey"), "unprintable {"),
    "a terminal's command": (replace(ALERT, body="x\x1b[31m"), "unprintable {"),
    "a separator of lines": (replace(ALERT, body="x\u2028y"), "unprintable {"),
    "a first line without words": (replace(ALERT, body=" \nx"), "an empty first line"),
    "a card with another field": (card(lambda found: found.update(x=1)), "fields"),
    "a card without a version": (card(lambda found: found.update(version="2.0")), "not the schema"),
    "content with another field": (content(x=1), "fields"),
    "content of another type": (content(textType="plain-text"), "not the schema"),
    "metadata with another field": (metadata(x=1), "fields"),
    "a title of 101 letters": (content(title="x" * 101), "too long"),
    "a description of 2001 letters": (content(description="x" * 2_001), "too long"),
    "six next steps": (content(nextSteps=["x"] * 6), "too long"),
    "a step of 301 letters": (content(nextSteps=["x" * 301]), "step"),
    "a live title": (content(title="@here"), "mention in"),
    "a live description": (content(description="<!here>"), "tag, link or mention in"),
    "a live summary": (metadata(summary="*x*"), "bold in"),
    "a live status": (metadata(additionalContext={"status": "`x"}), "code in"),
    "context without a word": (metadata(additionalContext={"x": ""}), "additionalContext"),
    "context that is no text": (metadata(additionalContext={"x": 1}), "additionalContext"),
    "an event that is not ASCII": (replace(EVENT, body=EVENT.body.replace("orders-db", "任务")), "not ASCII"),
}
LIVE = {
    "tag, link or mention": "<x",
    "mention": "@here",
    "link": "https://x",
    "bold": "*x",
    "italics": "_x",
    "struck through": "~x",
    "code": "`x",
    "table": "|",
    "escape": "\\x",
    "emoji": ":fire:",
    "heading or list": "# x",
}


@pytest.mark.parametrize("told", [ALERT, PAGE, CARD, EVENT], ids=lambda told: str(told.topic))
def test_what_is_right_has_no_problem(told: Notification) -> None:
    """So what is found below is found for the one thing that is wrong."""
    assert problems(told) == []


@pytest.mark.parametrize(("told", "problem"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_found(told: Notification, problem: str) -> None:
    """Each rule, by the problem it names."""
    assert [found for found in problems(told) if problem in found]


def test_an_event_against_its_schema_is_found() -> None:
    """By the schema that consumers get."""
    without = {name: part for name, part in json.loads(EVENT.body).items() if name != "subject"}
    with pytest.raises(AssertionError, match="subject"):
        problems(replace(EVENT, body=json.dumps(without)))


@pytest.mark.parametrize(
    "told",
    [
        replace(ALERT, subject="x" * 99),
        replace(ALERT, attributes={f"name{number}": "x" for number in range(10)}),
        replace(ALERT, body="x" * 8_000),
        replace(PAGE, body="x" * 160),
        replace(PAGE, body="字" * 70),
        replace(ALERT, subject="[FAILED] x (udts-1): 数据库连接数已满"),
        replace(ALERT, body="字\n\N{PILE OF POO}"),
        content(title="x" * 100, nextSteps=["x" * 300] * 5),
    ],
    ids=["subject", "attributes", "alert", "page", "Chinese page", "Chinese subject", "letters", "card"],
)
def test_what_just_fits_is_right(told: Notification) -> None:
    """The last that is allowed."""
    assert problems(told) == []


@pytest.mark.parametrize(("sign", "text"), LIVE.items(), ids=LIVE)
def test_each_kind_of_markup_is_found(sign: str, text: str) -> None:
    """Outside code all of them, in code what is live there too."""
    assert [found for found in live_markup(text) if found.startswith(f"{sign} in ")]
    in_code = live_markup(f"x\n```{text}```")
    assert bool(in_code) is (sign in {"tag, link or mention", "mention", "code"})


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        (KEY | {"x": "x" * 400 * KIB}, " bytes"),
        (KEY | {"x": "漢" * 140 * KIB}, " bytes"),
        (KEY | {"x" * 400 * KIB: "y"}, " bytes"),
        (KEY | {"x": ["x" * 200 * KIB] * 2}, " bytes"),
        (KEY | {"x": {"a": "x" * 200 * KIB, "b": "x" * 200 * KIB}}, " bytes"),
        (KEY | {"x": {"x" * 400 * KIB: 1}}, " bytes"),
        (KEY | {"x": [1] * 20_000}, " bytes"),
        (KEY | {"sk": "x" * 1_025}, "sk of 1025 bytes"),
        (KEY | {"sk": "漢" * 342}, "sk of 1026 bytes"),
        (KEY | {"sk": ""}, "sk of 0 bytes"),
        (KEY | {"pk": "x" * 2_049}, "pk of 2049 bytes"),
        (KEY | {"pk": ""}, "pk of 0 bytes"),
    ],
    ids=[
        "a text", "Chinese", "a name", "a list", "a map", "a map's name", "numbers",
        "a long sk", "a long Chinese sk", "an empty sk", "a long pk", "an empty pk",
    ],
)  # fmt: skip
def test_an_item_that_does_not_fit_is_found(item: Mapping[str, Any], problem: str) -> None:
    """By its size, or by its key's."""
    assert [found for found in item_problems(item) if problem in found]


@pytest.mark.parametrize(("value", "error"), [(int("1" * 39), Inexact), (1e200, Overflow)], ids=str)
def test_a_number_that_dynamodb_does_not_take_is_found(value: object, error: type[Exception]) -> None:
    """By its digits, or by its size."""
    with pytest.raises(error):
        item_problems(KEY | {"x": value})


def test_an_item_that_just_fits_is_right() -> None:
    """400 KB in all, names included; keys as long as may be."""
    assert item_problems(KEY | {"x": "x" * (400 * KIB - len("pkpsksx"))}) == []
    assert item_problems({"pk": "x" * 2_048, "sk": "x" * 1_024}) == []
