"""The pages in a real browser: pictures to look at, and what axe-core finds in them.

Pictures go to .local/look; they are for people, and compared with nothing. Without a browser all of this is
skipped, visibly.
"""

import json
import re
from html import unescape
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from local import browser
from local.browser import BrowserError
from local.lifetime import FOLDER
from tests.page import stage
from tests.page.stage import asked
from udts_monitor.page.web import Request, look_of
from udts_monitor.page.widget import MOST, tasks_widget

PICTURES = FOLDER / "look"
# A scene, the path on it, and how high its picture is, wide and narrow.
SCENES = {
    "empty": (stage.empty, "/", 620, 900),
    "healthy": (stage.healthy, "/", 1_250, 2_000),
    "mixed": (stage.mixed, "/", 2_150, 3_900),
    "stale": (stage.stale, "/", 2_250, 4_100),
    "two-hundred": (stage.many, "/", 1_500, 2_400),
    "in-trouble": (stage.in_trouble, "/", 2_400, 4_600),
    "task-losing-ground": (stage.mixed, "/task/-/udts-billing", 1_250, 2_300),
    "task-unseen": (stage.mixed, "/task/-/udts-reports", 1_500, 2_900),
    "task-loading": (stage.mixed, "/task/-/udts-ixdp441", 900, 1_500),
}
LOOKS = [("wide", "light", "en"), ("wide", "dark", "en"), ("narrow", "light", "en"), ("narrow", "dark", "zh")]
# `make look` takes all pictures, `make test` those of the first page.
EACH = [
    pytest.param(scene, *look, marks=[] if scene == "mixed" else [pytest.mark.soak])
    for scene in SCENES
    for look in LOOKS
]
WIDE, NARROW = 1_280, 420


@pytest.fixture(autouse=True)
def chromium() -> None:
    """A browser on this machine."""
    try:
        browser.find()
    except BrowserError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(("scene", "width", "theme", "language"), EACH)
def test_a_picture_is_taken_of(scene: str, width: str, theme: str, language: str) -> None:
    """Wide and narrow, light and dark, in both languages."""
    made, path, high, higher = SCENES[scene]
    PICTURES.mkdir(parents=True, exist_ok=True)
    target = PICTURES / f"{scene}-{width}-{theme}-{language}.png"
    source = target.with_suffix(".html")
    source.write_text(asked(made(), path, lang=language).body, encoding="utf-8")
    wide = width == "wide"
    browser.picture(
        source, target, width=WIDE if wide else NARROW, height=high if wide else higher, dark=theme == "dark"
    )
    source.unlink()
    assert target.stat().st_size > 10_000


def found_by_axe(html: str, folder: Path, *, width: int, dark: bool) -> tuple[list[str], dict[str, Any]]:
    """What axe-core finds in a page, each with its first element, and what else was measured."""
    axe = resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    probe = """
        axe.run({resultTypes: ['violations', 'passes']}).then(found => {
          const said = document.createElement('pre');
          said.id = 'found';
          said.textContent = JSON.stringify({
            violations: found.violations.map(one => [one.id, one.nodes[0].html, one.nodes[0].failureSummary]),
            passes: found.passes.map(one => one.id),
            width: document.documentElement.scrollWidth,
            stops: [...document.querySelectorAll('a[href],summary,input,button,[tabindex]')]
              .filter(one => one.matches('summary') || !one.closest('details:not([open])'))
              .map(one => { one.focus(); return document.activeElement === one
                && getComputedStyle(one).outlineStyle !== 'none'; }),
          });
          document.body.append(said);
        });
    """
    source = folder / "page.html"
    source.write_text(
        html.replace("</body>", f"<script>{axe}</script><script>{probe}</script></body>"), encoding="utf-8"
    )
    document = browser.document_after(source, width=width, dark=dark)
    said = re.search(r'<pre id="found">(.*?)</pre>', document, re.DOTALL)
    assert said, document[-500:]
    found: dict[str, Any] = json.loads(unescape(said[1]))
    return [f"{name}: {element} {why}" for name, element, why in found["violations"]], found


AXE_SCENES = ("empty", "mixed", "stale", "task-losing-ground", "task-unseen")
# All pages share one style: in the dark two of them are looked at in `make test`, the others in `make look`.
IN_THE_DARK = [
    pytest.param(scene, True, marks=[] if scene in {"mixed", "task-losing-ground"} else pytest.mark.soak)
    for scene in AXE_SCENES
]


@pytest.mark.parametrize(("scene", "dark"), [*((scene, False) for scene in AXE_SCENES), *IN_THE_DARK])
def test_axe_finds_nothing_to_mend(scene: str, tmp_path: Path, *, dark: bool) -> None:
    """Contrast, headings, table headers, names of pictures and links, landmarks."""
    made, path, *_ = SCENES[scene]
    violations, found = found_by_axe(asked(made(), path).body, tmp_path, width=WIDE, dark=dark)
    assert violations == []
    assert {"color-contrast", "document-title", "html-has-lang"} <= set(found["passes"])


@pytest.mark.parametrize("scene", ["mixed", "in-trouble", "task-unseen"])
def test_nothing_has_to_be_scrolled_sideways_on_a_telephone(scene: str, tmp_path: Path) -> None:
    """420 pixels; Chinese too."""
    made, path, *_ = SCENES[scene]
    for language in ("en", "zh"):
        violations, found = found_by_axe(
            asked(made(), path, lang=language).body, tmp_path, width=NARROW, dark=False
        )
        assert violations == []
        # A window without a frame is at least 500 pixels wide.
        assert found["width"] <= max(NARROW, 500)


def test_every_stop_of_the_keyboard_is_to_be_seen(tmp_path: Path) -> None:
    """Links, the details and what scrolls can be reached, and show where one is."""
    _, found = found_by_axe(asked(stage.mixed()).body, tmp_path, width=WIDE, dark=False)
    assert len(found["stops"]) > 20
    assert all(found["stops"])


def test_axe_would_find_something(tmp_path: Path) -> None:
    """A check that cannot fail is a defect: grey on grey, and a picture without a name."""
    bad = (
        asked(stage.mixed())
        .body.replace("--mute:#566270", "--mute:#c0c4c8")
        .replace('role="img" aria-label', "role='img' title2")
    )
    violations, _ = found_by_axe(bad, tmp_path, width=WIDE, dark=False)
    assert {violation.partition(":")[0] for violation in violations} >= {"color-contrast", "svg-img-alt"}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_picture_is_taken_of_the_widget(theme: str) -> None:
    """In the dashboard's theme, whatever the reader's own setting."""
    answers = stage.mixed().answers()
    shown = tasks_widget(
        answers.overview, look_of(Request(), answers, ""), most=MOST, theme=theme, endpoint="arn:aws:lambda:x"
    )
    PICTURES.mkdir(parents=True, exist_ok=True)
    source = PICTURES / f"widget-{theme}.html"
    source.write_text(f'<!doctype html><meta charset="utf-8">{shown}', encoding="utf-8")
    browser.picture(source, source.with_suffix(".png"), width=1_100, height=700, dark=theme != "dark")
    source.unlink()
