"""How moments are written where programs read them."""

from datetime import UTC, datetime


def iso(time: datetime) -> str:
    """UTC with microseconds, of constant width: sorts as text the way it sorts as time."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
