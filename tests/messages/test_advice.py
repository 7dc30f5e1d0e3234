"""Known failures are advised on, unknown ones are not, and no message contradicts its advice."""

import json
import time
from datetime import timedelta

import pytest

from tests.messages.scene import SETTINGS, in_sync, on_the_way
from udts_monitor.adapters.task_status import REASON_LIMIT
from udts_monitor.decision.observation import Observation
from udts_monitor.decision.policy import Policy
from udts_monitor.messages.advice import advice_for
from udts_monitor.messages.failures import FAILURES
from udts_monitor.messages.failures import FAQ as FAQ_LINK
from udts_monitor.messages.markup import escaped
from udts_monitor.messages.phrases import Language
from udts_monitor.outbox.notification import Topic
from udts_monitor.run.render import notifications

# Source: UCloud UDTS FAQ. What UCloud says, what the advice has to name, whether a restart is enough then.
FAQ: tuple[tuple[str, str, bool], ...] = (
    ("Canal only support ROW format binlog, this is STATEMENT", "binlog_row_image", False),
    ("Error 1292: Incorrect datetime value: '0000-00-00' for column 'd'", "NO_ZERO_DATE", True),
    ("Incorrect date value: '0000-00-00' for column 'd' at row 1", "ALLOW_INVALID_DATES", True),
    ("Invalid default value for 'created_at'", "NO_ZERO_IN_DATE", True),
    ("Error 1040: Too many connections", "max_connections", True),
    ("ERROR 1040 (08004)", "max_connections", True),
    ("OperationalError: (1040, 'zu viele Verbindungen')", "max_connections", True),
    ("连接失败，错误码：1040，请检查", "max_connections", True),
    ("MySQL错误1040", "max_connections", True),
    ("SQLSTATE[HY000] errno=1205", "enlarge", True),
    ("Last_SQL_Errno: 1264", "widen", True),
    ("Error_code: 3140; handler error HA_ERR_GENERIC", "NULL", True),
    ("error number 1071 at the target", "12288", True),
    ("dial tcp: Too many connections", "max_connections", True),
    ("Row size too large (> 8126)", "Barracuda", True),
    ("Column count doesn't match value count at row 1", "primary key", True),
    ("Error 1205: Lock wait timeout exceeded; try restarting transaction", "enlarge", True),
    ("Lock wait timeout exceeded", "enlarge", True),
    ("ERR illegal address: 10.9.3.17:50112", "allow-list", True),
    ('Error 3140: Invalid JSON text: "The document is empty."', "NULL", True),
    ("Invalid JSON text in argument 1", "NULL", True),
    ("(CursorNotFound) cursor id 7216 not found", "cursorTimeoutMillis", True),
    ("Error 1264: Out of range value for column 'n' at row 1", "widen", True),
    ("Out of range value for column 'n'", "widen", True),
    ("Error 1071: Specified key was too long; max key length is 3072 bytes", "12288", True),
    ("Specified key was too long", "max-index-length", True),
    ("Error 1366: incorrect utf8 value f09f9880 for column name", "tidb_skip_utf8_check", True),
    ("Error 1215: Cannot add foreign key constraint", "character set", True),
    (
        "Got fatal error 1236 from master: 'Could not find first log file name in binary log index file'",
        "keep binlogs",
        False,
    ),
    ("error 1236: 'Client requested replication from impossible position'", "keep binlogs", False),
    ("Error 1236: purged", "keep binlogs", False),
    ("the master has purged binary logs containing GTIDs that the slave requires", "keep binlogs", False),
    ("Error 1114: The table 'orders' is full", "disk", True),
    ("write: No space left on device", "disk", True),
    ("Error 1785: Statement violates GTID consistency", "InnoDB", True),
    ("When @@GLOBAL.ENFORCE_GTID_CONSISTENCY = 1, updates to non-transactional tables", "InnoDB", True),
    ("Btree::insert: key too large to index, failing shop.orders", "failIndexKeyTooLong", True),
    ("OOM command not allowed when used memory > 'maxmemory'", "enlarge", True),
    ("cannot set featureCompatibilityVersion on the target", "version", False),
    ("read error, please check source redis", "client-output-buffer-limit", True),
    ("not authorized on config to execute command", "backup", True),
    ("(Unauthorized) command listCollections requires authentication", "backup", True),
    ("Error 1213: Deadlock found when trying to get lock", "rate limit to 1", True),
    ("This function has none of DETERMINISTIC ... log_bin_trust_function_creators", "ON", True),
)
UNKNOWN = (
    "",
    "worker 7 exited with code 3",
    "Error 9999: something new",
    "Error 11040: no such thing",
    "Error 10401",
    "task udts-1236 failed",
    "chunk 1236 of 4000 failed",
    "after 1205 rows",
    "1264 rows could not be read",
    "waited for 1205 seconds",
    "connection to 10.9.3.17:1040 refused",
    "position 1236 in mysql-bin.001236",
    "(1040, 'zu viele Verbindungen')",
    "1236 purged",
    "purged up to end_log_pos 1236",
    "Got fatal error 1236 from master: 'log event entry exceeded max_allowed_packet'",
    "Got fatal error 1236 from master: 'A slave with the same server_uuid as this slave has connected'",
    "Got fatal error 1236 from master when reading data from binary log",
    "failed with an error: 1264 rows could not be read",
    "error: 1205 of 4000 chunks",
    "error at line 1205",
    "error code\n1264",
    "barcode 1040",
    "error-1040",
    "第1236行 purged",
    "1,040 rows",
    "v1.1040.2",
    "the table users was dropped",
    "cursor was closed",
)


@pytest.mark.parametrize(("message", "names", "restart_enough"), FAQ, ids=[row[0][:50] for row in FAQ])
def test_a_known_failure_has_its_advice(message: str, *, names: str, restart_enough: bool) -> None:
    """In every format and language: what to change, and whether a start is enough or a full load needed."""
    advice = advice_for(message)
    assert advice
    assert names.lower() in advice.action.en.lower()
    assert advice.restart_enough is restart_enough
    walk = on_the_way()
    walk.check(Observation(status="Failed", failed_message=message))
    for language, settings in SETTINGS.items():
        action = advice.action.to(language)
        told = {found.topic: found.body for found in notifications(walk.events, Topic, settings)}
        event = json.loads(told[Topic.EVENTS])["data"]
        assert event["advice"] == {"code": advice.code, "text": action}
        assert event["restart_enough"] is restart_enough
        assert event["links"]["advice"] == FAQ_LINK
        assert action[1:] in told[Topic.ALERTS].splitlines()[1]
        assert f"{advice.code}" in told[Topic.ALERTS]
        assert escaped(action)[1:12] in json.loads(told[Topic.CHAT])["content"]["description"].splitlines()[0]


@pytest.mark.parametrize(("message", "names", "restart_enough"), FAQ, ids=[row[0][:50] for row in FAQ])
def test_no_message_contradicts_its_advice(message: str, *, names: str, restart_enough: bool) -> None:
    """Where a start does not help, no message of the incident says that the task goes on, or until when."""
    del names
    walk = in_sync()
    walk.policy = Policy(source_log_retention_hours=168)
    answer = Observation(status="Failed", failed_message=message)
    for days in (0, 4, 2, 0.7):
        walk.now += timedelta(days=days)
        walk.check(answer)
    assert {"failed", "reminder", "resume_deadline"} <= {event.kind for event in walk.events}
    for mail in notifications(walk.events, [Topic.ALERTS], SETTINGS[Language.EN]):
        decision = mail.body.splitlines()[1]
        assert ("Then start the task again" in decision) is restart_enough
        assert ("it goes on from mysql-bin" in decision) is restart_enough
        assert ("it loads in full again" in decision) is not restart_enough
        assert ("can be started again until" in mail.body.splitlines()[0]) <= restart_enough
    for event in notifications(walk.events, [Topic.EVENTS], SETTINGS[Language.EN]):
        assert (json.loads(event.body)["data"]["resume_until"] is not None) is restart_enough


@pytest.mark.parametrize("message", UNKNOWN)
def test_an_unknown_failure_has_no_advice(message: str) -> None:
    """Wrong advice is worse than none: numbers that count, measure or name something are no error numbers."""
    assert advice_for(message) is None


@pytest.mark.parametrize("message", UNKNOWN)
def test_without_advice_nothing_is_made_up(message: str) -> None:
    """The message then says the reason and the general way out."""
    walk = on_the_way()
    walk.check(Observation(status="Failed", failed_message=message))
    (mail, event) = notifications(walk.events, [Topic.ALERTS, Topic.EVENTS], SETTINGS[Language.EN])
    assert "Advice" not in mail.body
    assert mail.body.splitlines()[1].startswith("Act now: remove the cause.")
    assert json.loads(event.body)["data"]["advice"] is None
    assert json.loads(event.body)["data"]["restart_enough"] is None


def seconds(message: str) -> float:
    """The least processor time that advice on a message took."""
    times = []
    for _ in range(5):
        began = time.process_time()
        advice_for(message)
        times.append(time.process_time() - began)
    return min(times)


@pytest.mark.parametrize(
    "hostile",
    [
        "row 3140 ",
        "3140 ",
        "error 3140 rows ",
        "error code error code 3140 of 9",
        "code (((3140%",
        "错误3140行 ",
    ],
)
def test_no_message_costs_much_more_than_another_of_its_length(hostile: str) -> None:
    """Looking back to the beginning from every number, it cost a hundred times as much."""
    benign = ("The copy of table orders stopped because the source went away. " * 200)[:REASON_LIMIT]
    assert advice_for(benign) is None
    assert seconds((hostile * REASON_LIMIT)[:REASON_LIMIT]) < 10 * seconds(benign)


def test_every_row_is_reached_by_the_faq() -> None:
    """No row is shadowed by one above it, and the FAQ has no row that is missing."""
    reached = {advice_for(message) for message, _, _ in FAQ}
    assert reached == set(FAILURES)
    assert len(FAILURES) == 23
    assert len({advice.code for advice in FAILURES}) == 23
