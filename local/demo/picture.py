"""The last thing `make run` shows: a picture of the status page as it is then."""

from pathlib import Path

from rich.text import Text

from local import browser
from local.browser import BrowserError
from local.demo.screen import Screen
from local.demo.stage import Stage
from local.lifetime import FOLDER

_WIDTH, _HEIGHT = 1280, 1400


def show_picture(screen: Screen, stage: Stage, folder: Path = FOLDER) -> None:
    """Take it and name where it is; without a browser one line says what is missing."""
    screen.heading("The status page", "as a browser shows it now")
    try:
        browser.find()
        folder.mkdir(exist_ok=True, mode=0o700)
        page, target = folder / "status-page.html", folder / "status-page.png"
        page.write_text(stage.page(), encoding="utf-8")
        browser.picture(page, target, width=_WIDTH, height=_HEIGHT)
    except BrowserError as error:
        screen.show(Text(str(error), "yellow"))
        return
    screen.show(Text(str(target)))
