"""The pictures show the messages as they are today."""

import re

import pytest

from local.template import PROJECT
from tests.messages.gallery import GOLDEN
from tests.messages.pictures import COMMAND, FINGERPRINTS, FOLDER, PICTURES, Picture, card, drawn, mail

README = (PROJECT / "README.md").read_text(encoding="utf-8")
EACH = pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)


@EACH
def test_a_picture_was_drawn_from_what_stands_there_today(picture: Picture) -> None:
    """A picture cannot be compared with a text, so what it was drawn from is noted beside it."""
    assert drawn()[picture.name] == picture.fingerprints(), f"run `{COMMAND}` and look at the pictures"


def test_every_picture_has_its_fingerprints() -> None:
    """None is left of a message that is no longer shown."""
    shown = {path.name for path in FOLDER.glob("*.png")}
    assert drawn().keys() == {picture.name for picture in PICTURES}
    assert drawn().keys() <= shown
    assert FINGERPRINTS.parent == FOLDER


@EACH
def test_the_readme_shows_a_picture_with_words_for_who_cannot_see_it(picture: Picture) -> None:
    """Its title stands in the alternative text, as far as the first colon."""
    (words,) = re.findall(rf"!\[([^\]]+)\]\({picture.path.relative_to(PROJECT)}\)", README)
    assert len(words.split()) >= 6


def test_a_mail_is_drawn_whole() -> None:
    """Each line of the golden file stands in the page, made safe for it."""
    text = (GOLDEN / PICTURES[0].shows).read_text(encoding="utf-8")
    page = mail(text)
    for line in text.splitlines():
        assert line.removeprefix("Subject: ").replace("<", "&lt;").replace(">", "&gt;") in page


def test_a_card_is_drawn_as_markdown() -> None:
    """Bold, code and blocks are drawn, everything else is text: a star in a name is no markup."""
    content = '{"title": "<T>", "description": "*Task*: `a*b*`\\n```x *y*```", "nextSteps": ["do `it`"]}'
    page = card(f'{{"content": {content}}}')
    assert "<h2>&lt;T&gt;</h2>" in page
    assert "<b>Task</b>: <code>a*b*</code>" in page
    assert "<pre>x *y*</pre>" in page
    assert "<li><p>do <code>it</code></p></li>" in page
