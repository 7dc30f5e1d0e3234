"""What all messages of a deployment share: how they look, and where they come from."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from udts_monitor.messages.phrases import Language, Text

CONSOLE = "https://console.ucloud.cn/"
_FROM = Text("From {stack} in {account}, {region}", "来自 {stack}（{account}，{region}）")
_LOCAL = Text("From {stack}", "来自 {stack}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Which deployment speaks.

    Attributes:
        stack: the function's name, or the stack's where it can be told.
        account: AWS account id, empty outside AWS.
        region: AWS region, empty outside AWS.
        table: name of the table: with account and region it names the deployment for ever.
    """

    stack: str = "udts-monitor"
    account: str = ""
    region: str = ""
    table: str = ""

    @property
    def urn(self) -> str:
        """The ``source`` of events; together with an event's id unique for ever."""
        parts = (self.account, self.region, self.table)
        return ":".join(("urn:udts-monitor", *(part or "-" for part in parts)))

    def line(self, language: Language) -> str:
        """For the end of a text."""
        text = _FROM if self.account else _LOCAL
        return text.to(language, stack=self.stack, account=self.account, region=self.region)


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """How texts for people look, and where they lead.

    Attributes:
        zone: the time zone beside UTC.
        console: where messages link to.
    """

    zone: ZoneInfo
    language: Language = Language.EN
    console: str = CONSOLE
    origin: Origin = field(default_factory=Origin)


# As the history keeps sentences, whatever people are shown.
ENGLISH = Display(zone=ZoneInfo("UTC"))
