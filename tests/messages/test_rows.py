"""Advice that cannot do harm: by phase and status, row by row, with its source."""

import json
import re
from collections.abc import Mapping

import pytest

from tests.messages.scene import SETTINGS, Scene
from tests.messages.scenes import SCENES
from udts_monitor.messages.phrases import Language
from udts_monitor.messages.report import ROWS, report
from udts_monitor.messages.situation import Row, Urgency

ALL_ROWS = {row.code: row for rows in ROWS.values() for row in rows}
# What asks for something that cannot be taken back has to be written somewhere.
_GRAVE = re.compile(r"\b[Ss]tart it|start the task|edit and save|[Dd]elete it|\breset it|expire_logs_days")
AGAIN = "Then start the task again"
FROM_ZERO = "from zero"
GOES_ON = "it goes on from"
WHOLE_LOAD = "it loads in full again"
DIVERGE = "Do not start it again, the data could diverge"
# By the code of a row: what its messages say, and what none of them may say.
SAID: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "start-incremental": ((AGAIN, GOES_ON, "Keep mysql-bin.000412"), (FROM_ZERO, WHOLE_LOAD)),
    "start-full-load": ((AGAIN, FROM_ZERO), (GOES_ON, "where it stopped", "Start again by")),
    "start": ((AGAIN,), (GOES_ON, "where it stopped", FROM_ZERO)),
    "load-again": ((WHOLE_LOAD, "Starting it as it is does not help"), (AGAIN, GOES_ON)),
    "load-again-too-late": ((WHOLE_LOAD,), (AGAIN, GOES_ON)),
    "reset": (("cannot be started again", WHOLE_LOAD), (AGAIN, GOES_ON)),
    "retry-in-vain": ((WHOLE_LOAD, "retries do not help"), (AGAIN, GOES_ON)),
    "retry": (("tries again by itself",), (AGAIN,)),
    "look": (("neither running again nor failed",), (AGAIN,)),
    "stopped": ((DIVERGE, "Still migrating? Start it", "deleted for good"), (FROM_ZERO,)),
    "stopped-full-load": (("Still migrating? Start it", FROM_ZERO, "deleted for good"), (GOES_ON,)),
    "stopped-too-late": (("Switched over already? Delete it", WHOLE_LOAD), ("Start it before", AGAIN)),
    "stalled-full-load": (("Do not start it again yet",), (AGAIN,)),
    "stalled": (("Do not switch over now",), (AGAIN,)),
    "losing-ground": (("Do not switch over now",), ()),
    "delayed": (("Do not switch over now",), ()),
    "no-cutover": (("Do not switch over now",), ()),
    "cutover": (("do not start it again: the data could diverge", "Synced or 0 bytes"), ()),
    "logs-outlived": (("Do not switch over before it is Synced", WHOLE_LOAD), (AGAIN, GOES_ON)),
    "keep-logs": (("never less than now: it deletes older ones at once",), ()),
    "loads-again": (("Do not switch over before the target is level again",), ()),
    "position-backwards": (("validate the data before you switch over",), ()),
    "renew": (("deletes it for good",), ()),
    "missing": (("Deleted by one of you? Then there is nothing to do",), ()),
    "deleted-after-finish": (("take it out of UDTS_TASKS",), ("look at the task",)),
}


def code(scene: Scene) -> str:
    """The row a scene's event is told by; empty for a digest."""
    events = scene.tell()
    return report(events[0], SETTINGS[Language.EN].display).code if len(events) == 1 else ""


BY_CODE: dict[str, list[Scene]] = {}
for _scene in SCENES:
    BY_CODE.setdefault(code(_scene), []).append(_scene)


@pytest.mark.parametrize("name", SAID)
def test_a_row_says_what_it_has_to_and_never_what_could_do_harm(name: str) -> None:
    """In every format of every scene it is told by."""
    says, never = SAID[name]
    assert BY_CODE[name]
    for scene in BY_CODE[name]:
        told = scene.told(Language.EN)
        texts = [found.body for found in told.values() if found.topic != "pager"]
        for text in texts:
            assert not [part for part in never if part.lower() in text.lower()], (scene.name, text)
        mail = next(found.body for found in told.values() if found.topic == "alerts")
        assert not [part for part in says if part.lower() not in mail.lower()], (scene.name, mail)


def test_every_row_is_shown_in_the_gallery() -> None:
    """Whoever adds one reads its messages in both languages before it wakes anybody."""
    missing = set(ALL_ROWS) - set(BY_CODE)
    assert not missing
    assert all(ALL_ROWS[row.code] is row for rows in ROWS.values() for row in rows)


@pytest.mark.parametrize("row", ALL_ROWS.values(), ids=lambda row: row.code)
def test_what_cannot_be_taken_back_has_a_source(row: Row) -> None:
    """And a test above that names the row."""
    if _GRAVE.search(row.step.en):
        assert row.source, row.code
        assert row.code in SAID


def test_a_moment_to_act_by_is_always_to_come() -> None:
    """Act by a moment that has passed would be a riddle: then it is Act now."""
    for scene in SCENES:
        for event in scene.tell():
            said = report(event, SETTINGS[Language.EN].display)
            assert (said.urgency is Urgency.BY) == (said.act_by is not None)
            assert said.act_by is None or said.act_by > event.time, scene.name


def test_nothing_that_is_known_not_to_help_has_a_deadline_for_programs() -> None:
    """resume_until is null where a start does not help."""
    for scene in (*BY_CODE["load-again"], *BY_CODE["reset"]):
        event = next(found for found in scene.told(Language.EN).values() if found.topic == "events")
        assert json.loads(event.body)["data"]["resume_until"] is None
