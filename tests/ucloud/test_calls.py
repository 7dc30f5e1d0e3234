"""Any action of UCloud is called as a check is: signed, tried again, hidden, and inside its time."""

from urllib.parse import parse_qs

import pytest

from local.simulator import TEST_PUBLIC_KEY
from tests.ucloud.asking import KEYS, Asking
from tests.ucloud.servers import head, keeps_alive, raw_server, sends
from udts_monitor.adapters.answer import Answer, FailedCall
from udts_monitor.adapters.ucloud import signed

LIST = {"Action": "ListUDTSTask", "ProjectId": "org-a", "Offset": "0", "Limit": "20"}
TASKS = b'{"RetCode": 0, "Data": [{"TaskId": "udts-1"}, {"TaskId": "udts-2"}]}'


def ids(answer: Answer) -> list[str] | FailedCall:
    """The ids in a list of tasks; an answer without a list is of no use, and perhaps the next one is."""
    data = answer.content.get("Data")
    if not isinstance(data, list):
        return FailedCall(cause="no list", reason="UCloud answered without a list", attempts=2)
    return [task["TaskId"] for task in data]


def test_any_action_is_signed_and_its_answer_read() -> None:
    """The parameters as given, with key and signature; the answer as the reader makes it."""
    with raw_server(keeps_alive(TASKS)) as server:
        assert Asking(server.url).call(LIST, ids) == ["udts-1", "udts-2"]
    form = parse_qs(server.requests[0].partition(b"\r\n\r\n")[2].decode())
    assert {name: values[0] for name, values in form.items()} == signed(LIST, KEYS)


def test_an_answer_that_its_reader_cannot_use_is_asked_for_as_often_as_the_reader_allows() -> None:
    """The documentation's own examples have holes; the reader's reason is what is told."""
    with raw_server(keeps_alive(b'{"RetCode": 0, "Data": {}}')) as server:
        found = Asking(server.url).call(LIST, ids)
    assert isinstance(found, FailedCall)
    assert (found.cause, len(server.requests)) == ("no list", 2)


@pytest.mark.parametrize(
    ("answer", "cause", "calls"),
    [
        pytest.param(b'{"RetCode": 150}', "RetCode 150", 4, id="passing"),
        pytest.param(b'{"RetCode": 299}', "RetCode 299", 1, id="refused"),
        pytest.param(b"[]", "not JSON", 4, id="no object"),
    ],
)
def test_a_failed_call_never_comes_to_its_reader(answer: bytes, cause: str, calls: int) -> None:
    """Retries and causes are those of a check."""
    with raw_server(keeps_alive(answer)) as server:
        found = Asking(server.url).call(LIST, lambda _: pytest.fail("there is nothing to read"))
    assert isinstance(found, FailedCall)
    assert (found.cause, len(server.requests)) == (cause, calls)


def test_a_reader_never_sees_a_key() -> None:
    """Values and names of fields are cleaned before anybody reads them."""
    key = TEST_PUBLIC_KEY.encode()
    with raw_server(keeps_alive(b'{"Data": [{"TaskId": "%s"}], "%s": 1}' % (key, key))) as server:
        found = Asking(server.url).call(LIST, lambda answer: repr(answer.content))
    assert TEST_PUBLIC_KEY not in str(found)
    assert "***" in str(found)


def test_a_call_ends_with_its_deadline() -> None:
    """Whatever the action, the run goes on."""
    with raw_server(sends(head(b"200 OK"), then_waits_seconds=3)) as server:
        found = Asking(server.url).call(LIST, ids, seconds=0.3)
    assert isinstance(found, FailedCall)
    assert found.cause == "timeout"
