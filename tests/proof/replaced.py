"""A table in the middle of things: what a version of the monitor leaves when it is replaced."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, NoReturn

from tests.fakes import KilledError
from tests.table import aws_client, create_table
from tests.walk import X, failed
from tests.world import World
from udts_monitor.adapters.store import Store
from udts_monitor.decision.observation import NoAnswer, Observation, Position, Progress
from udts_monitor.outbox.notification import Notification

TABLE = "upgraded"
NAMES = (
    *("udts-failing", "udts-recovering", "udts-stopped", "udts-stopped-told", "udts-loading"),
    *("udts-finished", "udts-unseen", "udts-lost", "udts-refused", "udts-new-word", "udts-crashed"),
)
REFUSED = NoAnswer(cause="RetCode 292", reason="UCloud answered RetCode 292", configuration=True)
BUSY = NoAnswer(cause="HTTP 503", reason="UCloud answered HTTP 503")

type Answers = Mapping[str, str | Observation | NoAnswer]


def loading(rows: int) -> Observation:
    """Loading, with figures."""
    return Observation(
        status="Loading",
        progress=Progress(total_rows=1000, moved_rows=rows, percent=rows / 10),
        position=Position(binlog_name="mysql-bin.000006", binlog_pos=rows),
    )


BEFORE: list[tuple[Answers, timedelta]] = [
    ({"udts_loading": loading(1), "udts_finished": "Loading"}, timedelta(minutes=1)),
    (
        {
            "udts_failing": failed(0, 3, "Error 1040: Too many connections"),
            "udts_recovering": "Failed",
            "udts_stopped_told": "Stopped",
            "udts_finished": "Done",
            "udts_lost": X,
            "udts_refused": REFUSED,
            "udts_new_word": "Frobnicating",
        },
        timedelta(minutes=25),
    ),
    ({"udts_loading": loading(500), "udts_recovering": "Starting"}, timedelta(minutes=1)),
    ({"udts_stopped": "Stopped", "udts_recovering": "Syncing"}, timedelta(minutes=1)),
]
# The run that sees this dies before it publishes.
LAST: Answers = {"udts_crashed": failed(0, 0, "boom"), "udts_unseen": BUSY}


def world(client: Any) -> World:  # noqa: ANN401 - a DynamoDB client
    """A world on the real store."""
    made = World(NAMES)
    made.max_concurrency = 1  # moto takes one transaction at a time
    made.digest_above = 1000
    made.store = Store(client, TABLE, timedelta(days=3650))  # type: ignore[assignment]
    return made


def live(made: World) -> None:
    """Live to the moment of the upgrade."""

    def die(notification: Notification) -> NoReturn:
        del notification
        raise KilledError

    for answers, forward in BEFORE:
        made.ucloud.set(**answers)
        made.run(forward=forward)
    made.ucloud.set(**LAST)
    publish = made.sns.publish
    made.sns.publish = die  # type: ignore[method-assign]
    with suppress(KilledError):
        made.run()
    made.sns.publish = publish  # type: ignore[method-assign]


def client() -> Any:  # noqa: ANN401 - a DynamoDB client
    """Of moto, with the table of the template."""
    made = aws_client("dynamodb")
    create_table(made, TABLE)
    return made
