"""What people and programs are sent, letter by letter: golden files to read, and a gallery made of them."""

import json
import re

import pytest

from tests.messages.gallery import COMMAND, GALLERY, GOLDEN, gallery, golden_files
from tests.messages.scene import Scene
from tests.messages.scenes import SCENES
from udts_monitor.decision.event import Kind
from udts_monitor.messages.phrases import Language
from udts_monitor.messages.sms import fits_one_part
from udts_monitor.outbox.notification import Topic

DECIDED = {
    Language.EN: re.compile(r"Act now|Act by \d+ [A-Z][a-z]{2} \d\d:\d\d UTC|Wait|Nothing to do"),
    Language.ZH: re.compile(r"立即处理|请在 \d\d-\d\d \d\d:\d\d UTC\+8 前处理|等待|无需处理"),
}
BY_NAME = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)


@BY_NAME
def test_a_message_is_its_golden_file(scene: Scene) -> None:
    """Each format in each language; a change of wording shows in the diff of files that people can read."""
    folder = GOLDEN / scene.name
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*")}
    assert found == golden_files(scene), f"if that is how it shall be: {COMMAND}"


def test_no_golden_file_is_left_of_a_scene_that_is_gone() -> None:
    """Who reads the files reads what is sent."""
    assert {path.name for path in GOLDEN.iterdir()} == {scene.name for scene in SCENES}


def test_the_gallery_shows_the_golden_files() -> None:
    """The document is never older than the messages."""
    assert GALLERY.read_text(encoding="utf-8") == gallery(), f"run {COMMAND}"


def test_every_kind_that_is_told_has_a_scene() -> None:
    """A kind that somebody begins to tell is read by somebody before it wakes anybody."""
    shown = {event.kind for scene in SCENES for event in scene.tell()}
    assert shown == set(Kind)


@BY_NAME
@pytest.mark.parametrize("language", list(Language))
def test_every_message_decides(scene: Scene, language: Language) -> None:
    """After the colon of a subject, on line 2 of a text, first in a card and in a page: the same decision."""
    told = scene.told(language)
    mail = told[Topic.ALERTS]
    decided = DECIDED[language]
    found = re.match(r"\[[A-Z_]+\] [ -~]+ \([A-Za-z0-9_.-]+\): (.*)", mail.subject)
    assert found
    assert len(mail.subject) <= 99
    if mail.kind == "digest":
        return
    decision = decided.match(found[1])
    assert decision, mail.subject
    assert mail.body.splitlines()[1].startswith(decision.group())
    card = json.loads(told[Topic.CHAT].body)["content"]
    assert card["description"].startswith(f"*{decision.group()}*")
    assert decision.group() in card["title"]
    if Topic.PAGER in told:
        assert decision.group() in told[Topic.PAGER].body


@BY_NAME
@pytest.mark.parametrize("language", list(Language))
def test_a_page_is_one_part_of_an_sms(scene: Scene, language: Language) -> None:
    """Each further part is billed, and some phones show them out of order."""
    told = scene.told(language)
    if Topic.PAGER in told:
        assert fits_one_part(told[Topic.PAGER].body), told[Topic.PAGER].body


@BY_NAME
def test_the_subject_up_to_the_colon_and_the_facts_of_programs_do_not_depend_on_the_language(
    scene: Scene,
) -> None:
    """Mail rules and programs keep working when somebody changes DISPLAY_LANGUAGE."""
    english, chinese = scene.told(Language.EN), scene.told(Language.ZH)
    stable, _, _ = english[Topic.ALERTS].subject.partition(": ")
    assert stable.isascii()
    assert chinese[Topic.ALERTS].subject.startswith(f"{stable}: ")
    assert chinese[Topic.ALERTS].ascii_subject.startswith(f"{stable}: ")
    assert english[Topic.ALERTS].attributes == chinese[Topic.ALERTS].attributes
    if Topic.EVENTS in english:
        events = [json.loads(told[Topic.EVENTS].body) for told in (english, chinese)]
        for event in events:
            assert event["data"].pop("summary")
            del event["data"]["next_steps"]
            if event["data"]["advice"]:
                del event["data"]["advice"]["text"]
        assert events[0] == events[1]


@BY_NAME
def test_every_format_names_the_event_and_its_incident(scene: Scene) -> None:
    """From any message one finds the others: by search in the mailbox, by thread, by field."""
    told = scene.told(Language.EN)
    mail = told[Topic.ALERTS]
    card = json.loads(told[Topic.CHAT].body)
    incident = mail.incident_id
    assert mail.event_id in mail.body
    assert incident in mail.body
    assert card["metadata"]["additionalContext"]["event_id"] == card["id"] == mail.event_id
    if Topic.EVENTS in told:
        event = json.loads(told[Topic.EVENTS].body)
        assert event["id"] == mail.event_id
        assert event["data"]["incident_id"] == (incident or None)
        assert card["metadata"]["additionalContext"]["incident_id"] == (incident or "-")
        assert card["metadata"]["threadId"] == (incident or mail.task_key)
