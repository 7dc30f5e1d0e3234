"""HTML and SVG out of plain data: a text is escaped unless an element of ours was made of it."""

from collections.abc import Iterable
from html import escape

_VOID = frozenset({"br", "input", "meta"})
# HTML lets their ends be left out, which is a tenth of a table.
_OPEN_ENDED = frozenset({"dd", "dt", "li", "td", "th", "tr"})
_SVG_LEAVES = frozenset({"circle", "line", "path", "rect"})


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


type Child = str | Iterable["Child"] | None


def element(tag: str, /, *children: Child, **attributes: str | float | bool | None) -> Html:
    """An element with its attributes; ``class_`` is class, ``aria_label`` aria-label, None is left out.

    Args:
        tag: its name.
        children: texts, which are escaped, elements, and series of both.
        attributes: their values are escaped; True stands alone.
    """
    pairs = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _SVG_LEAVES and not children:
        return Html(f"<{tag}{pairs}/>")
    if tag in _VOID:
        return Html(f"<{tag}{pairs}>")
    end = "" if tag in _OPEN_ENDED else f"</{tag}>"
    return Html(f"<{tag}{pairs}>{joined(children)}{end}")


def joined(children: Iterable[Child]) -> Html:
    """Children one after the other."""
    return Html("".join(map(_text, children)))


def _text(child: Child) -> str:
    match child:
        case None:
            return ""
        case Html():
            return child
        case str():
            return escape(_shown(child), quote=False)
        case _:
            return joined(child)


def _attribute(name: str, value: str | float | bool | None) -> str:  # noqa: FBT001 - an attribute that stands alone
    if value is None or value is False:
        return ""
    written = name.rstrip("_").replace("_", "-")
    return f" {written}" if value is True else f' {written}="{escape(_shown(str(value)))}"'


def _shown(text: str) -> str:
    """Without what does not print: a mark that turns the writing changes what stands beside it."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " if char.isspace() else "" for char in text)
