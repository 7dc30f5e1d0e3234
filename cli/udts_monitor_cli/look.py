"""What every look at the table begins with: the moment, the present, the task a person means."""

import re
from datetime import UTC, datetime, timedelta

from udts_monitor.adapters.reader import Reader
from udts_monitor.query.overview import Overview, TaskView, find, overview
from udts_monitor.text import one_line, truncate
from udts_monitor_cli.codes import CommandLineError
from udts_monitor_cli.stack import Stack

_LENGTH = re.compile(r"(\d{1,6})(m|min|h|d)")
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}
_NAMES_SHOWN = 20
_NAME_LIMIT = 100


def now() -> datetime:
    """The moment of asking."""
    return datetime.now(UTC)


def look(stack: Stack) -> tuple[Reader, Overview]:
    """The table, and what it says now."""
    reader = stack.reader()
    return reader, overview(reader.stored(), now())


def task_called(wanted: str, seen: Overview) -> TaskView:
    """The one watched task of this name, id or key.

    Raises:
        CommandLineError: there is none, or there are several; names those there are.
    """
    found = find(seen.tasks, wanted)
    if len(found) == 1:
        return found[0]
    named = repr(truncate(one_line(wanted), _NAME_LIMIT))
    if found:
        keys = ", ".join(sorted(view.task.key for view in found))
        raise CommandLineError(f"{named} is the name of several tasks: {keys}")
    names = sorted(truncate(one_line(view.task.display_name), _NAME_LIMIT) for view in seen.tasks)
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    watched = (
        f"watched are {', '.join(names[:_NAMES_SHOWN])}{more}" if names else "no task has been checked yet"
    )
    raise CommandLineError(f"{named} is no watched task; {watched}")


def beginning(since: str, now: datetime) -> datetime:
    """The moment that lies so far back."""
    found = _LENGTH.fullmatch(since.strip().lower())
    if found is None:
        raise CommandLineError(f"--since {truncate(one_line(since), _NAME_LIMIT)!r}: such as 30m, 2h or 3d")
    return now - timedelta(**{_UNITS[found[2]]: int(found[1])})
