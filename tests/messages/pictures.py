"""A mail, a card and the status page as pictures, drawn by a browser; the README shows them.

``make pictures`` draws them anew; look at them before you commit. Beside them stand fingerprints of what was
drawn, so that a test can tell a picture that is older than its message.
"""

import html
import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from local import browser
from local.scratch import scratch_folder
from local.template import PROJECT
from tests.messages.gallery import GOLDEN
from tests.page import stage

FOLDER = PROJECT / "docs" / "pictures"
FINGERPRINTS = FOLDER / "fingerprints.json"
COMMAND = "make pictures"
_STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture and what it shows.

    Attributes:
        shows: a golden file, or what else the page is made of.
        page: what the browser gets.
        width: in pixels of the page.
        height: likewise; None for the whole page.
    """

    name: str
    shows: str
    page: Callable[[], str]
    width: int = 800
    height: int | None = None

    @property
    def path(self) -> Path:
        """Where the picture stands."""
        return FOLDER / self.name

    def fingerprints(self) -> dict[str, str]:
        """Of what is drawn as it stands there now, and of the picture that was drawn."""
        return {
            "shows": self.shows,
            "drawn": sha256(self.page().encode()).hexdigest(),
            "picture": sha256(self.path.read_bytes()).hexdigest(),
        }


def _of_message(name: str, golden: str, draw: Callable[[str], str]) -> Picture:
    """Of a golden file, by what makes the content of a page of its text."""

    def page() -> str:
        content = draw((GOLDEN / golden).read_text(encoding="utf-8"))
        return f'<!doctype html><meta charset="utf-8"><style>{_STYLE}</style><body>{content}</body>'

    return Picture(name=name, shows=golden, page=page)


def mail(text: str) -> str:
    """The mail as a reader sees it who lets plain text be plain text."""
    first, body = text.split("\n\n", 1)
    subject = first.removeprefix("Subject: ")
    # Source: AlertsTopic's DisplayName in the template; SNS sends from this address.
    sender = "UDTS monitor &lt;no-reply@sns.amazonaws.com&gt;"
    head = f"<header><h1>{html.escape(subject)}</h1>{sender}</header>"
    return f'<main class="mail">{head}<pre>{html.escape(body)}</pre></main>'


def card(text: str) -> str:
    """The card as Amazon Q puts it into a channel: title, description, steps."""
    content = json.loads(text)["content"]
    steps = "".join(f"<li>{_markdown(step)}</li>" for step in content["nextSteps"])
    return (
        '<main><div class="card"><i>Q</i><div><b>Amazon Q</b> <small>APP</small>'
        f"<h2>{html.escape(content['title'])}</h2>{_markdown(content['description'])}<ul>{steps}</ul></div></div></main>"
    )


PICTURES = (
    _of_message("mail.png", "failed-full-load-needed/alert.en.txt", mail),
    _of_message("card.png", "finished-full-journey/chat.en.json", card),
    Picture(
        name="status-page.png",
        shows="the first page of seven tasks, the rest of it cut off",
        page=lambda: stage.asked(stage.mixed()).body,
        width=1280,
        height=985,
    ),
)


def drawn() -> Mapping[str, Mapping[str, str]]:
    """The fingerprints as they were when the pictures were drawn, by picture."""
    found: dict[str, dict[str, str]] = json.loads(FINGERPRINTS.read_text())
    return found


def _markdown(text: str) -> str:
    """The part of a client's markdown that cards use: blocks, code, bold."""
    parts = re.split(r"```(.*?)```", html.escape(text), flags=re.DOTALL)
    # Every other one is a block.
    blocks = [f"<pre>{part}</pre>" for part in parts[1::2]]
    around = [f"<p>{_inline(part.strip('\n'))}</p>" if part.strip() else "" for part in parts[::2]]
    return "".join(each for pair in zip(around, [*blocks, ""], strict=True) for each in pair)


def _inline(text: str) -> str:
    parts = re.split(r"`([^`]+)`", text)
    parts[1::2] = [f"<code>{part}</code>" for part in parts[1::2]]
    parts[::2] = [re.sub(r"(?<!\w)\*([^*\n]+)\*(?!\w)", r"<b>\1</b>", part) for part in parts[::2]]
    return "".join(parts)


def _height(page: str, file: Path, width: int) -> int:
    measure = "<script>document.title = document.body.offsetHeight</script>"
    file.write_text(page + measure, encoding="utf-8")
    found = re.search(r"<title>(\d+)</title>", browser.document_after(file, width=width, height=600))
    if found is None:
        raise browser.BrowserError("The browser did not say how high the page is.")
    return int(found[1])


def write() -> None:
    """Draw all pictures and note what was drawn."""
    FOLDER.mkdir(exist_ok=True)
    with scratch_folder("browser") as folder:
        file = folder / "page.html"
        for picture in PICTURES:
            page = picture.page()
            height = picture.height or _height(page, file, picture.width)
            file.write_text(page, encoding="utf-8")
            browser.picture(file, picture.path, width=picture.width, height=height, scale=2)
    found = {picture.name: picture.fingerprints() for picture in PICTURES}
    FINGERPRINTS.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    try:
        write()
    except browser.BrowserError as error:
        sys.exit(str(error))
