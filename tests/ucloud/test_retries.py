"""What passes is tried again, with growing random pauses and inside the deadline; what does not is not."""

import time

import pytest

from local.simulator import Simulator
from tests.ucloud.asking import Asking
from udts_monitor.adapters.ucloud import BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS, MAX_ATTEMPTS

TRANSIENT = [
    *({"ret_code": code} for code in (110, 130, 150, 153)),
    *({"http_status": status} for status in (429, 500, 502, 503, 504)),
    {"close": True},
    {"truncated": True},
    {"not_json": True},
    {"body": ""},
]
CONFIGURATION = (160, 161, 170, 171, 172, 174, 292, 293, 294, 295, 299)


def name(fault: dict[str, object]) -> str:
    """A fault as a test's id."""
    return " ".join(f"{kind} {value}" for kind, value in fault.items())


@pytest.mark.parametrize("fault", TRANSIENT, ids=name)
def test_what_passes_is_tried_again(simulator: Simulator, asking: Asking, fault: dict[str, object]) -> None:
    """Two faults and then the truth: three calls, two pauses, one observation."""
    simulator.inject(**fault, count=2)
    assert asking.observed().status == "Loading"
    assert len(simulator.log().calls) == 3
    assert len(asking.pauses) == 2


@pytest.mark.parametrize("fault", TRANSIENT, ids=name)
def test_what_does_not_pass_in_time_is_no_answer(
    simulator: Simulator, asking: Asking, fault: dict[str, object]
) -> None:
    """A few attempts are enough: the next run is the better retry. Nobody has to change anything."""
    simulator.inject(**fault)
    found = asking.unanswered()
    assert not found.configuration
    assert found.cause
    assert len(simulator.log().calls) == MAX_ATTEMPTS
    assert len(asking.pauses) == MAX_ATTEMPTS - 1


@pytest.mark.parametrize("code", CONFIGURATION)
def test_a_configuration_code_is_never_tried_again(simulator: Simulator, asking: Asking, code: int) -> None:
    """Asking again changes nothing; after wrong keys it may even lock the account."""
    simulator.inject(ret_code=code)
    found = asking.unanswered()
    assert (found.cause, found.configuration) == (f"RetCode {code}", True)
    assert len(simulator.log().calls) == 1
    assert not asking.pauses


@pytest.mark.parametrize("code", [2001, 21001, 230_000])
def test_a_product_error_is_tried_once_more(simulator: Simulator, asking: Asking, code: int) -> None:
    """As the official SDK does; then it is reported as it came."""
    simulator.inject(ret_code=code, message="broken")
    found = asking.unanswered()
    assert found.reason == f"UCloud answered RetCode {code} (broken)"
    assert len(simulator.log().calls) == 2
    simulator.clear_faults()
    simulator.inject(ret_code=code, count=1)
    assert asking.observed().status == "Loading"


def test_an_answer_without_a_status_is_tried_once_more(simulator: Simulator, asking: Asking) -> None:
    """A hole in the documentation's own examples: perhaps the next answer has one."""
    simulator.inject(ret_code=0, count=1)
    assert asking.observed().status == "Loading"
    simulator.inject(ret_code=0)
    simulator.forget_calls()
    assert asking.unanswered().cause == "no status"
    assert len(simulator.log().calls) == 2


def test_pauses_are_random_from_nothing_to_a_limit_that_doubles(simulator: Simulator, asking: Asking) -> None:
    """Full jitter: many tasks refused at the same moment do not come back at the same moment."""
    simulator.inject(ret_code=153)
    for _ in range(40):
        asking.unanswered()
    for attempt in range(MAX_ATTEMPTS - 1):
        pauses = asking.pauses[attempt :: MAX_ATTEMPTS - 1]
        limit = min(BACKOFF_CAP_SECONDS, BACKOFF_BASE_SECONDS * 2**attempt)
        assert len(set(pauses)) == len(pauses) == 40
        assert 0 <= min(pauses) < limit / 2 < max(pauses) <= limit


def test_no_pause_reaches_beyond_the_deadline(simulator: Simulator, asking: Asking) -> None:
    """What would wait longer than there is time for is reported at once."""
    simulator.inject(ret_code=153)
    for _ in range(40):
        before = len(asking.pauses)
        begun = time.monotonic()
        found = asking.unanswered(seconds=0.1)
        assert all(pause < 0.1 for pause in asking.pauses[before:])
        assert time.monotonic() - begun < 1
        assert found.cause == "RetCode 153"


def test_each_check_counts_its_own_attempts(simulator: Simulator, asking: Asking) -> None:
    """A check after a bad one has all its attempts again."""
    for _ in range(3):
        simulator.inject(http_status=503, count=MAX_ATTEMPTS - 1)
        assert asking.observed().status == "Loading"
    assert len(simulator.log().calls) == 3 * MAX_ATTEMPTS
