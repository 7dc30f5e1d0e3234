"""How a page is to look, and how it writes moments, lengths of time and figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from udts_monitor.decision.observation import Number
from udts_monitor.messages.figures import format_duration
from udts_monitor.messages.phrases import Language
from udts_monitor.page.words import word

_THOUSAND = 1_000
_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a reader asked for, and where the page stands.

    Attributes:
        since: the beginning of the history that is shown.
        where: stack, account and region, as far as they are known.
        up: the relative way to the first page, empty on it.
        asked: what of the address has to go along in links.
    """

    now: datetime
    since: datetime
    zone: ZoneInfo
    language: Language = Language.EN
    where: str = ""
    up: str = ""
    asked: Mapping[str, str] | None = None

    @property
    def hours(self) -> int:
        """How far back the history goes."""
        return round((self.now - self.since) / timedelta(hours=1))

    def say(self, name: str, **values: object) -> str:
        """A text in the reader's language."""
        return word(self.language, name, **values)

    def lasting(self, time: timedelta) -> str:
        """A length of time, its two largest units."""
        return format_duration(time, self.language)

    def ago(self, moment: datetime) -> str:
        """How long ago that was."""
        return self.lasting(self.now - moment)

    def moment(self, time: datetime) -> str:
        """A moment in the reader's zone, with its day where it is not today's."""
        local, today = time.astimezone(self.zone), self.now.astimezone(self.zone)
        if local.date() == today.date():
            return f"{local:%H:%M}"
        if self.language is Language.ZH:
            return f"{local.month}月{local.day}日 {local:%H:%M}"
        return f"{local.day} {local:%b %H:%M}"

    def link(self, path: str = "", **more: str) -> str:
        """A relative address that keeps what the reader asked for."""
        asked = {**(self.asked or {}), **more}
        address = f"{self.up}{quote(path)}" or "./"
        return f"{address}?{urlencode(asked)}" if asked else address

    def task_link(self, key: str) -> str:
        """The page of one task."""
        return self.link(f"task/{key}")


def percent(done: float) -> str:
    """A share of one; 100 % only where nothing is left."""
    shown = min(done * 100, 99.9) if done < 1 else 100
    return f"{shown:.3g} %"


def count(number: Number) -> str:
    """A count that fits a narrow column: ``812``, ``29,910``, ``48.2 M``."""
    value = float(number)
    for size, unit in ((1e9, "G"), (1e6, "M")):
        if value >= size:
            return f"{value / size:.1f} {unit}"
    return f"{value:,.0f}"


def size(number: Number) -> str:
    """Bytes with three digits."""
    value, place = float(number), 0
    while value >= _THOUSAND and place < len(_SIZES) - 1:
        value, place = value / _THOUSAND, place + 1
    return f"{value:.3g} {_SIZES[place]}"
