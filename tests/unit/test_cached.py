"""A value read from elsewhere: seldom read, soon renewed, and not lost while it cannot be read."""

import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from udts_monitor.adapters.cached import Cached


class PassingError(Exception):
    """The last good value is still good enough."""


class WrongError(Exception):
    """A person has to change something."""


class Source:
    """A value elsewhere, and a clock, in one hand: both are what the test says."""

    def __init__(self, content: str | Exception) -> None:
        self.content = content
        self.now = 1000.0
        self.reads = 0
        self.kept: list[Exception] = []
        self.cached = Cached(
            self.read, kept_through=PassingError, on_kept=self.kept.append, clock=lambda: self.now
        )

    def read(self) -> str:
        """The value, or why there is none."""
        self.reads += 1
        if isinstance(self.content, Exception):
            raise self.content
        return self.content


def test_a_value_is_read_once_in_five_minutes() -> None:
    """A change is seen after five minutes at the latest."""
    source = Source("a")
    assert [source.cached.current() for _ in range(10)] == ["a"] * 10
    source.content = "b"
    source.now += 299
    assert (source.cached.current(), source.reads) == ("a", 1)
    source.now += 1
    assert (source.cached.current(), source.reads) == ("b", 2)


def test_an_empty_value_was_read_too() -> None:
    """What is wrong with it is said by whoever uses it."""
    source = Source("")
    assert [source.cached.current(), source.cached.current()] == ["", ""]
    assert source.reads == 1


def test_the_last_good_value_outlasts_a_passing_failure() -> None:
    """It is read again every 30 seconds; each failure is told of, and the first success begins anew."""
    source = Source("a")
    source.cached.current()
    source.content = PassingError("busy")
    source.now += 300
    assert [source.cached.current() for _ in range(3)] == ["a"] * 3
    assert (source.reads, source.kept) == (2, [source.content])
    source.now += 30
    assert source.cached.current() == "a"
    assert (source.reads, len(source.kept)) == (3, 2)
    source.content = "b"
    source.now += 30
    assert source.cached.current() == "b"
    source.now += 299
    assert (source.cached.current(), source.reads) == ("b", 4)


def test_without_a_good_value_the_failure_is_raised_and_the_source_left_alone() -> None:
    """Everybody hears why; it is read again every 30 seconds, and nothing grows with those who ask."""
    source = Source(PassingError("busy"))
    lengths = set()
    for _ in range(100):
        with pytest.raises(PassingError) as raised:
            source.cached.current()
        lengths.add(len(traceback.format_exception(raised.value)))
    assert (source.reads, len(lengths), source.kept) == (1, 1, [])
    source.content = "a"
    source.now += 30
    assert source.cached.current() == "a"


def test_what_a_person_has_to_change_is_raised_although_there_is_a_good_value() -> None:
    """A value that is gone would otherwise be missed at the next cold start; it is read again at once."""
    source = Source("a")
    source.cached.current()
    source.content = WrongError("gone")
    source.now += 300
    for _ in range(2):
        with pytest.raises(WrongError):
            source.cached.current()
    source.content = "b"
    assert source.cached.current() == "b"


def test_a_rejected_value_is_read_again_unless_it_was_just_read() -> None:
    """At most every 30 seconds; a value that another has renewed meanwhile is handed out unread."""
    source = Source("a")
    source.cached.current()
    source.content = "b"
    source.now += 29
    assert (source.cached.renewed("a"), source.reads) == (None, 1)
    source.now += 1
    assert (source.cached.renewed("a"), source.reads) == ("b", 2)
    assert (source.cached.renewed("a"), source.reads) == ("b", 2)
    assert (source.cached.renewed("b"), source.reads) == (None, 2)


def test_many_threads_read_once() -> None:
    """A cold start asks from many threads at the same moment."""
    source = Source("a")
    start = Barrier(16)

    def slow() -> str:
        source.reads += 1
        time.sleep(0.05)
        return "a"

    cached = Cached(slow, kept_through=PassingError)

    def first(_: int) -> str:
        start.wait(timeout=10)
        return cached.current()

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(first, range(16))) == ["a"] * 16
    assert source.reads == 1
