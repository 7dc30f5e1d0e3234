"""Texts exist in both languages: no phrase untranslated, no English sentence of ours in a Chinese one."""

import gc
import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from string import Formatter

import pytest

import udts_monitor.messages
from tests.messages.scene import Scene
from tests.messages.scenes import SCENES
from udts_monitor.adapters.answer import CONFIGURATION, TRANSIENT_CODES
from udts_monitor.messages.causes import cause_step, cause_text
from udts_monitor.messages.phrases import Language, Text
from udts_monitor.outbox.notification import Topic

for _module in pkgutil.iter_modules(udts_monitor.messages.__path__, "udts_monitor.messages."):
    importlib.import_module(_module.name)
TEXTS = sorted({found for found in gc.get_objects() if isinstance(found, Text)}, key=lambda text: text.en)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Words of ours, UCloud's and MySQL's that stay as they are; and what a person wrote or UCloud said.
_KEPT = re.compile(
    r"https?://\S+|`[^`\n]*`|\([^()\n]*\)|（[^（）\n]*）"
    r"|\b(?:SET GLOBAL|ALTER TABLE|CONVERT TO CHARACTER SET|config set client-output-buffer-limit)\b"
    r"|\b[A-Za-z0-9]*[A-Z_0-9./:=-][A-Za-z0-9_./:=,\"'{}\[\]<>-]*"
)
_SENTENCE = re.compile(r"\b[a-z]{2,}(?: [a-z]{2,}){2,}\b")


def ours(scene: Scene) -> Iterator[str]:
    """The lines of a Chinese scene without the reasons that are UCloud's."""
    told = scene.told(Language.ZH)
    reasons = _verbatim(scene)
    bodies = [told[topic].body for topic in (Topic.ALERTS, Topic.PAGER) if topic in told]
    if Topic.CHAT in told:
        content = json.loads(told[Topic.CHAT].body)["content"]
        bodies += [content["title"], content["description"], *content["nextSteps"]]
    if Topic.EVENTS in told:
        data = json.loads(told[Topic.EVENTS].body)["data"]
        bodies += [data["summary"], *data["next_steps"]]
    for body in bodies:
        for line in body.splitlines():
            if not any(reason[:12] in line for reason in reasons):
                yield line


def _verbatim(scene: Scene) -> set[str]:
    """What UCloud and people wrote, line by line."""
    texts = [text for event in scene.tell() for text in (event.reason, event.quote)]
    return {line.strip() for text in texts for line in text.splitlines() if line.strip()}


def english_in(line: str) -> str:
    """Three English words in a row that nobody but us can have written; empty for none."""
    found = _SENTENCE.search(_KEPT.sub(" | ", line))
    return found.group() if found else ""


def test_there_are_texts_to_look_at() -> None:
    """The tests below are about all of them."""
    assert len(TEXTS) > 250


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.en[:40])
def test_a_text_is_translated_and_names_the_same_values(text: Text) -> None:
    """What has words in English has Chinese words, and no value gets lost in one of them."""
    values = [{name for _, name, _, _ in Formatter().parse(one) if name} for one in (text.en, text.zh)]
    words = re.sub(r"\{[^{}]*\}", "", text.en)
    if re.search(r"[a-z]{3}", words):
        assert _CHINESE.search(text.zh), text
    # Some say the total where English says the rest, and English has no word for UCloud's Chinese one.
    assert values[0] ^ values[1] <= {"total", "number", "chinese", "file"}, text


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_no_english_sentence_of_ours_stands_in_a_chinese_text(scene: Scene) -> None:
    """Adapters' reasons, causes, units and labels too."""
    assert not [(line, found) for line in ours(scene) if (found := english_in(line))]


def test_an_english_sentence_is_found() -> None:
    """The check above can fail."""
    assert english_in("原因：UCloud did not answer in time") == "did not answer in time"
    assert english_in("立即处理：look at the task") == "look at the task"
    assert not english_in("请在源库执行 SET GLOBAL tidb_skip_utf8_check=1。")


@pytest.mark.parametrize("code", CONFIGURATION)
def test_a_code_that_asks_for_a_change_says_in_both_languages_which(code: int) -> None:
    """Whoever gets it need not look the code up."""
    for language in Language:
        assert cause_step(f"RetCode {code}", language)
        assert str(code) in cause_text(f"RetCode {code}", "", language)
    assert _CHINESE.search(cause_step(f"RetCode {code}", Language.ZH))


@pytest.mark.parametrize("code", TRANSIENT_CODES)
def test_a_code_that_passes_asks_for_nothing(code: int) -> None:
    """And is named with UCloud's own words."""
    assert cause_text(f"RetCode {code}", "busy", Language.ZH) == f"UCloud 返回 RetCode {code}（busy）"
    assert not cause_step(f"RetCode {code}", Language.ZH)


@pytest.mark.parametrize(
    "cause", ["timeout", "connection", "no status", "no keys", "certificate", "HTTP 503"]
)
def test_the_causes_of_no_answer_are_said_in_chinese(cause: str) -> None:
    """Also of the figures and lists that are read beside the checks."""
    for prefix in ("", "metrics ", "list "):
        assert _CHINESE.search(cause_text(prefix + cause, "", Language.ZH))
