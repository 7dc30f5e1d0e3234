"""How moments are written where programs read them."""

from datetime import UTC, datetime


def parse_time(text: str) -> datetime:
    """The moment a text names; ValueError when it is none or has no zone: it could not be compared."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return found


def iso(time: datetime) -> str:
    """UTC with microseconds, of constant width: sorts as text the way it sorts as time."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
