"""Answers made to fill the memory are read one at a time, whoever else is being checked."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from socket import socket

import pytest

from local.template import PROJECT
from tests.ucloud.asking import Asking
from tests.ucloud.servers import DONE, RawServer, head, raw_server, sends, whole_request
from udts_monitor.adapters.answer import Answer
from udts_monitor.adapters.transport import MAX_ANSWER_BYTES
from udts_monitor.task import TaskRef

AT_ONCE = 16
# A process of its own: the peak of this one may be anybody's.
CHECKS = f"""
import resource, sys
from concurrent.futures import ThreadPoolExecutor
from tests.ucloud.asking import Asking

def peak_megabytes():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10

asking = Asking(sys.argv[1], connections={AT_ONCE})
before = peak_megabytes()
asking.observed()
one = peak_megabytes() - before
with ThreadPoolExecutor({AT_ONCE}) as pool:
    list(pool.map(lambda _: asking.observed(), range({AT_ONCE})))
print(one, peak_megabytes() - before)
"""


def filled(filling: str) -> bytes:
    """A legal answer of the greatest size, full of this."""
    begin, end = '{"Data": {"Status": "Done"}, "x": [', "null]}"
    times = (MAX_ANSWER_BYTES - len(begin) - len(end)) // (len(filling) + 1)
    return f"{begin}{(filling + ',') * times}{end}".encode()


@pytest.mark.parametrize("filling", ["{}", '"\\u6f22"'], ids=["objects", "texts"])
def test_sixteen_large_answers_at_once_need_little_more_memory_than_one(filling: str) -> None:
    """A megabyte of {} is forty as objects: sixteen of them would end a function of 256 MB."""
    answer = filled(filling)
    with raw_server(sends(head(b"200 OK", b"Content-Length: %d\r\n" % len(answer)) + answer)) as server:
        done = subprocess.run(  # noqa: S603 - our own code
            [sys.executable, "-c", CHECKS, server.url],
            cwd=PROJECT,
            capture_output=True,
            check=True,
            text=True,
            timeout=120,
        )
    one, sixteen = map(float, done.stdout.split())
    # Each holds its own megabyte twice while it waits: as it came, and as the buffer it came in.
    assert sixteen < 2 * one + 3 * AT_ONCE * MAX_ANSWER_BYTES / 2**20


def test_an_answer_of_the_usual_size_does_not_wait_for_a_large_one() -> None:
    """Only large ones stand in line; the lock costs a check nothing."""

    def large_or_usual(_: RawServer, connection: socket) -> None:
        body = filled("{}") if b"TaskId=large" in whole_request(connection) else DONE
        connection.sendall(head(b"200 OK", b"Content-Length: %d\r\n" % len(body)) + body)

    reading, go_on = threading.Event(), threading.Event()

    def read(_: Answer) -> bool:
        reading.set()
        return go_on.wait(timeout=20)

    with raw_server(large_or_usual) as server, ThreadPoolExecutor(1) as pool:
        asking = Asking(server.url)
        large = pool.submit(asking.call, {"Action": "GetUDTSTaskStatus", "TaskId": "large"}, read)
        assert reading.wait(timeout=20)
        assert asking.observed(TaskRef(task_id="usual")).status == "Done"
        assert not large.done()
        go_on.set()
        assert large.result(timeout=20) is True
