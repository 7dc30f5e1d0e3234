"""docs/operating.md says how many tasks each form of the list carries; measured by the reader itself."""

import json
import re

import pytest

from local.template import PROJECT, load
from udts_monitor.adapters.calls import MAX_PAGES
from udts_monitor.adapters.listing import PAGE_ROWS
from udts_monitor.adapters.task_list import parse_tasks

PAGE = (PROJECT / "docs/operating.md").read_text(encoding="utf-8")
VARIABLE = load()["Parameters"]["UdtsTasks"]["MaxLength"]
# Source: Systems Manager, quotas of Parameter Store: bytes of a standard and of an advanced parameter.
STANDARD, ADVANCED = 4_096, 8_192


def ids(number: int) -> str:
    """So many entries that are nothing but ids of UCloud's length."""
    return ",".join(f"udts-ixd{place:04}" for place in range(number))


def named(number: int) -> str:
    """Entries with all that the short form has."""
    return ",".join(f"orders-{place:04}=org-hiny12/udts-ixd{place:04}:transfer" for place in range(number))


def objects(number: int) -> str:
    """Entries of the JSON form with an owner and a threshold."""
    entry = {"project": "org-hiny12", "name": "orders", "owner": "orders team", "max_delay_seconds": 60}
    entries = [{"id": f"udts-ixd{place:04}", **entry} for place in range(number)]
    return json.dumps(entries, separators=(",", ":"))


FORMS = {"ids only": ids, "name, project, id, type": named, "JSON with owner and a threshold": objects}


def most(form: str, room: int) -> int:
    """The most entries of this form that fit and are read."""
    number = next(number for number in range(1, 10_000) if len(FORMS[form](number).encode()) > room) - 1
    assert len(parse_tasks(FORMS[form](number)).tasks) == number
    return number


@pytest.mark.parametrize("form", FORMS)
def test_the_page_says_how_many_tasks_each_form_carries(form: str) -> None:
    """In the variable, in a standard and in an advanced parameter."""
    (cells,) = re.findall(rf"^\| {re.escape(form)} \| (\d+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    assert [int(cell) for cell in cells] == [most(form, room) for room in (VARIABLE, STANDARD, ADVANCED)]


def test_the_page_says_how_many_tasks_a_project_s_list_may_have() -> None:
    """The pages that are read of each type."""
    assert f"{MAX_PAGES * PAGE_ROWS:,} tasks of each type" in PAGE
