"""The one style sheet of all pages, light and dark, wide and narrow; and the policy that allows it alone."""

import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from importlib import resources

# Light and dark. Text has a contrast of at least 4.5 to 1 with --bg and --card: the browser tests measure it.
COLOURS: Mapping[str, tuple[str, str]] = {
    "--bg": ("#fff", "#0f151b"),
    "--fg": ("#16202b", "#e6edf3"),
    "--mute": ("#566270", "#9aa7b4"),
    "--rule": ("#dfe5ec", "#26323d"),
    "--card": ("#f5f7fa", "#161e26"),
    "--bad": ("#c0262d", "#ff8078"),
    "--warn": ("#9a5b00", "#e8a83f"),
    "--run": ("#1a66c4", "#74b4ff"),
    "--ok": ("#177a42", "#52c785"),
    "--done": ("#5d6975", "#9ba8b5"),
    "--blind": ("#6f4fb8", "#b9a3f2"),
    "--f": ("#d13438", "#e5534b"),
    "--s": ("#d98c17", "#d1942e"),
    "--l": ("#38a5b8", "#4bb3c6"),
    "--y": ("#2f7fdb", "#4a90e2"),
    "--o": ("#2b9e5d", "#35a866"),
    "--d": ("#a3aeb9", "#66727e"),
    "--p": ("#c3d4e8", "#40556c"),
    "--w": ("#e6b566", "#a67c32"),
    "--u": ("#b9a4e0", "#7d68ad"),
    "--h": ("#7f62c9", "#b9a3f2"),
}


def sheet(theme: str = "") -> str:
    """The style sheet.

    Args:
        theme: ``light`` or ``dark``; empty follows the reader's own setting.
    """
    if theme in {"light", "dark"}:
        return _root(theme) + _RULES
    return f"{_root('light')}@media(prefers-color-scheme:dark){{{_root('dark')}}}{_RULES}"


def _root(theme: str) -> str:
    place = 1 if theme == "dark" else 0
    colours = "".join(f"{name}:{values[place]};" for name, values in COLOURS.items())
    return f":root{{color-scheme:{theme};{colours}}}"


def _small(rules: str) -> str:
    """Without comments and the white space that only a reader needs."""
    spaced = re.sub(r"/\*.*?\*/|\s+", " ", rules)
    return re.sub(r" ?([{};,]) ?|(:) ", r"\1\2", spaced).strip()


_RULES = _small(resources.files("udts_monitor.page").joinpath("style.css").read_text(encoding="utf-8"))
SHEET = sheet()
# Nothing is fetched, run or framed; the one style sheet is known by its hash.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; "
    f"style-src 'sha256-{b64encode(sha256(SHEET.encode()).digest()).decode()}'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
