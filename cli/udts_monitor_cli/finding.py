"""Things that are tried: one line each, with what to do; what cannot be tried stops no other."""

from collections.abc import Callable, Iterable, Iterator

from botocore.exceptions import BotoCoreError, ClientError

from udts_monitor.query.data import plain_data
from udts_monitor.run.doctor import Finding
from udts_monitor_cli.codes import Code, CommandLineError
from udts_monitor_cli.screen import Screen, safe
from udts_monitor_cli.stack import Stack, sentence_of

_MARKS = {True: ("ok", "green"), False: ("FAIL", "bold red"), None: ("-", "dim")}


type Try = Callable[[Stack], Iterable[Finding]]


def findings(stack: Stack, tries: Iterable[Try]) -> Iterator[Finding]:
    """One after the other, each as soon as it is there."""
    for attempt in tries:
        name = attempt.__name__.replace("_", " ")
        try:
            yield from attempt(stack)
        except (BotoCoreError, ClientError) as error:
            yield Finding(check=name, ok=False, says="could not be tried", do=sentence_of(error))
        except CommandLineError as error:
            yield Finding(check=name, ok=False, says="could not be tried", do=str(error))


def render(found: Iterable[Finding], screen: Screen) -> Code:
    """A line each; the code says whether all is well."""
    shown = []
    for finding in found:
        shown.append(finding)
        if not screen.as_json:
            mark, style = _MARKS[finding.ok]
            says = f"{finding.says} -> {finding.do}" if finding.do else finding.says
            screen.beside((safe(mark, style), 4), (safe(finding.check), 13), (safe(says), None))
    if screen.as_json:
        screen.document(plain_data(shown))
    return Code.TROUBLE if any(finding.ok is False for finding in shown) else Code.FINE
