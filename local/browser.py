"""A browser without a window, where the machine has one: pictures of pages, and what becomes of a page."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Nothing is fetched, kept or reported; the sandbox needs what a container has not.
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
_SECONDS = 90


class BrowserError(Exception):
    """There is none, or it did not do what it should; says which."""


def find() -> str:
    """The browser's program: the one that CHROMIUM names, or the first of its family.

    Raises:
        BrowserError: The machine has none.
    """
    named = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if named is None:
        raise BrowserError(
            "No Chromium was found on this machine: install one (chromium) to see pictures of the page."
        )
    return named


def picture(  # noqa: PLR0913 - one picture, and all it depends on
    page: Path, target: Path, *, width: int, height: int, dark: bool = False, scale: int = 1
) -> None:
    """Take a picture of a page.

    Args:
        page: its file.
        target: where the picture goes, as PNG.
        width: of the window, in pixels.
        height: likewise.
        dark: the reader prefers dark pages.
        scale: pixels of the picture for each of the window.

    Raises:
        BrowserError: There is no browser, or it took no picture.
    """
    options = [f"--window-size={width},{height}", f"--screenshot={target}"]
    options += [f"--force-device-scale-factor={scale}"] if scale != 1 else []
    # Source: Chromium, blink settings: 0 is dark.
    options += ["--blink-settings=preferredColorScheme=0"] if dark else []
    target.unlink(missing_ok=True)
    said = _run(options, page)
    if not target.exists():
        raise BrowserError(f"The browser took no picture of {page.name}: {said[-300:]}")


def document_after(page: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> str:
    """What a page has become once its scripts have run, as HTML.

    Raises:
        BrowserError: There is no browser, or it did not end.
    """
    options = [f"--window-size={width},{height}", "--dump-dom", "--virtual-time-budget=10000"]
    options += ["--blink-settings=preferredColorScheme=0"] if dark else []
    return _run(options, page)


def _run(options: list[str], page: Path) -> str:
    program = find()
    with tempfile.TemporaryDirectory() as profile:
        command = [program, *_OPTIONS, f"--user-data-dir={profile}", *options, page.resolve().as_uri()]
        try:
            done = subprocess.run(  # noqa: S603 - the machine's own browser
                command, capture_output=True, text=True, check=False, timeout=_SECONDS
            )
        except subprocess.TimeoutExpired as error:
            raise BrowserError(f"The browser did not end within {_SECONDS} seconds") from error
    return done.stdout or done.stderr
