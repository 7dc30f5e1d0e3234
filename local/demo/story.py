"""What happens to the tasks, scene by scene, and what people have to hear of it.

Nothing here counts runs: a scene changes what UCloud says and is over when the monitor has stored it and told
what it had to. How many runs that takes, and whose they are, is nobody's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from local.demo.verdict import Told

ORDERS, USERS, CACHE = "udts-orders", "udts-users", "udts-cache"
ARCHIVE, BILLING, REPORTS = "udts-archive", "udts-billing", "udts-reports"
# Not named in UDTS_TASKS: the list of its project, which is watched as a whole, shows it.
DISCOVERED = "udts-inventory"
MONITOR = "monitor"
# The JSON form of UDTS_TASKS sets thresholds for one task.
THRESHOLDS: Mapping[str, Mapping[str, float]] = {
    ARCHIVE: {"stopped_grace_minutes": 0, "synced_after_checks": 5},
    ORDERS: {"stalled_after_minutes": 0.05},
    # Level for three checks in a row is ready for cut-over by default; this one is to stay quiet.
    CACHE: {"synced_after_checks": 1000},
}

# Longer than the story: a load that came to its end before would stand still, and be told as stalled.
_LOADING = {
    "status": "Loading",
    "seconds": 180,
    "progress": {"total_count": 1_200_000, "cur_count": [0, 1_140_000], "percentage": [0, 95]},
}
_LOADED = {
    "status": "Done",
    "progress": {"total_count": 1_200_000, "cur_count": 1_200_000, "percentage": 100},
}
# Source: MySQL's error 1040, and its error 1236 as a replica gets it from a source that purged its binlogs.
_TOO_MANY = "Error 1040: Too many connections"
_PURGED = (
    "Error 1236: The slave is connecting using CHANGE MASTER TO MASTER_AUTO_POSITION = 1, but the master has "
    "purged binary logs containing GTIDs that the slave requires."
)
_BEHIND = {"status": "Syncing", "progress": {"redis_offset_size": 48_200, "redis_delay_seconds": 4}}
_EVEN = {"status": "Synced", "progress": {"redis_offset_size": 48_200, "redis_delay_seconds": 0}}
# What was written at the source while the task was stopped. The metrics say how much is left of it.
_LATE = {
    "status": "Syncing",
    "position": {"binlog_name": "mysql-bin.000131", "binlog_pos": 7021},
    "lag": {
        "delay_seconds": 1_800,
        "remaining_bytes": 96_000_000,
        "read_bytes_per_second": 400_000,
        "written_bytes_per_second": 900_000,
    },
}
_LEVEL = {
    "status": "Synced",
    "position": {"binlog_name": "mysql-bin.000132", "binlog_pos": 90_417},
    "lag": {"delay_seconds": 0, "remaining_bytes": 0},
}
_BUSY = {
    "status": "Syncing",
    "position": {"binlog_name": "mysql-bin.000131", "binlog_pos": 7021},
    "lag": {"delay_seconds": 4, "remaining_bytes": 9_000_000, "written_bytes_per_second": 900_000},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Something happens at UCloud, and the monitor does with it what it should."""

    happens: str
    changes: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Steps of the simulator by task id; each task stays in its step."""
    tells: tuple[Told, ...] = ()
    by_schedule: bool = False
    """Nobody calls the function: the deployed schedule has to."""
    samples: str = ""
    """A task whose progress the history has to keep by now, its status unchanged."""


# The Redis task goes back and forth all the time: being level with the source for a moment is no news.
SCENES = (
    Scene(
        happens="Seven tasks are seen for the first time, inventory-db only by its project's list",
        tells=(Told(task=MONITOR, kind="roll_call"),),
    ),
    Scene(
        happens="orders-db should load and reads nothing; its own threshold says: for 3 s",
        # Level once: from then on a lag is one, and more often would be ready for cut-over.
        changes={ARCHIVE: _BUSY},
        tells=(Told(task=ORDERS, kind="stalled"),),
    ),
    Scene(
        happens="orders-db loads; session-cache is level with its source",
        changes={ORDERS: _LOADING, CACHE: _EVEN},
        tells=(Told(task=ORDERS, kind="progressing"),),
    ),
    Scene(
        happens=f"users-db fails: {_TOO_MANY}",
        changes={
            USERS: {"status": "Failed", "failed_message": _TOO_MANY},
            CACHE: _BEHIND,
        },
        tells=(Told(task=USERS, kind="failed"),),
    ),
    Scene(
        happens="users-db is started again by its operator",
        changes={USERS: {"status": "Starting"}, CACHE: _EVEN},
    ),
    Scene(
        happens="users-db synchronises and keeps doing so",
        changes={
            USERS: {
                "status": "Syncing",
                "position": {"binlog_name": "mysql-bin.000006", "binlog_pos": 48_213},
            },
            CACHE: _BEHIND,
        },
        tells=(Told(task=USERS, kind="recovered"),),
    ),
    Scene(
        happens="archive-db is stopped; its own threshold says: at once",
        changes={ARCHIVE: {"status": "Stopped"}, CACHE: _EVEN},
        tells=(Told(task=ARCHIVE, kind="stopped"),),
    ),
    Scene(
        happens="archive-db is started again, half an hour behind its source",
        changes={ARCHIVE: _LATE, CACHE: _BEHIND},
        tells=(Told(task=ARCHIVE, kind="recovered"), Told(task=ARCHIVE, kind="delayed")),
    ),
    Scene(
        happens="archive-db is level with its source, and stays so",
        changes={ARCHIVE: _LEVEL, CACHE: _EVEN},
        tells=(Told(task=ARCHIVE, kind="caught_up"), Told(task=ARCHIVE, kind="cutover_ready")),
    ),
    Scene(
        happens="inventory-db, named by nobody, is done",
        changes={DISCOVERED: _LOADED, CACHE: _BEHIND},
        tells=(Told(task=DISCOVERED, kind="finished"),),
    ),
    Scene(
        happens="billing-db fails, and nobody calls the function",
        changes={BILLING: {"status": "Failed", "failed_message": _PURGED}, CACHE: _EVEN},
        tells=(Told(task=BILLING, kind="failed"),),
        by_schedule=True,
    ),
    Scene(
        happens="UCloud answers HTTP 503 for reports-db",
        changes={REPORTS: {"fault": {"http_status": 503}}, CACHE: _BEHIND},
        tells=(Told(task=REPORTS, kind="unreachable"),),
    ),
    Scene(
        happens="UCloud answers for reports-db again",
        changes={REPORTS: {"status": "Syncing"}, CACHE: _EVEN},
        tells=(Told(task=REPORTS, kind="reachable"),),
    ),
    Scene(happens="orders-db still loads: each half minute a point of progress is kept", samples=ORDERS),
    Scene(
        happens="orders-db is done",
        changes={ORDERS: _LOADED, CACHE: _BEHIND},
        tells=(Told(task=ORDERS, kind="finished"),),
    ),
    Scene(happens="One more run: nothing is new, nothing is told"),
)

EXPECTED = tuple(told for scene in SCENES for told in scene.tells)
