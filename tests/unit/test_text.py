"""Text from outside comes out safe: one line where one is asked for, nothing that does not print."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from udts_monitor.text import ascii_line, one_line, plain, truncate

# Whatever may come from outside, with the nasty kinds more often than chance would bring them.
NASTY = "\x00\n\r\t\v\f\x1b\x7f\x85\xa0\u200b\u2028\u2029\u202e\u2066\ufeff\ud800\udfff\ue000\U000e0041é漢ﬃ⑴"
TEXTS = st.text() | st.text(alphabet=NASTY + "ab ")
WORDS = st.lists(st.text(alphabet="abcdefgh漢é", min_size=1, max_size=12), min_size=1).map(" ".join)


@given(text=TEXTS)
def test_an_ascii_line_is_printable_ascii_on_one_line(text: str) -> None:
    """What an SNS subject may hold and nothing else, with no space doubled or at an end."""
    line = ascii_line(text)
    assert all(" " <= character <= "~" for character in line)
    assert line == " ".join(line.split(" ")).strip()
    assert "  " not in line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("Café Zürich", "Cafe Zurich", id="accents go, their letters stay"),
        pytest.param("订单库 orders", "orders", id="what has no ASCII form goes"),
        pytest.param("订单库", "", id="nothing may be left"),
        pytest.param("Error 1040:\r\n\tToo many", "Error 1040: Too many", id="lines become one"),
        pytest.param("a\x1b[31mb", "a[31mb", id="no escape sequence works any more"),
    ],
)
def test_an_ascii_line_keeps_what_can_be_read(text: str, line: str) -> None:
    """Examples of what a person finds in a subject."""
    assert ascii_line(text) == line


@given(text=TEXTS)
def test_one_line_has_no_control_or_format_character(text: str) -> None:
    """No line break of any alphabet, no right-to-left mark, no surrogate; single spaces."""
    line = one_line(text)
    assert {unicodedata.category(character) for character in line}.isdisjoint(
        {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    )
    assert len(line.splitlines()) <= 1
    assert line == " ".join(line.split())
    line.encode()


@given(text=TEXTS)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    """Text may pass through several formats: each would show the same."""
    assert one_line(one_line(text)) == one_line(text)
    assert plain(plain(text)) == plain(text)
    assert ascii_line(ascii_line(text)) == ascii_line(text)


@given(words=WORDS)
def test_words_that_print_stay_as_they_are(words: str) -> None:
    """Nothing readable is lost on the way."""
    assert one_line(words) == words
    assert plain(words) == words


@given(lines=st.lists(WORDS), end=st.sampled_from(["\n", "\r\n", "\r", "\v", "\x85", "\u2028"]))
def test_plain_keeps_lines(lines: list[str], end: str) -> None:
    """A reason of several lines stays one of several lines, whoever wrote its line ends."""
    assert plain(end.join(lines)) == "\n".join(lines)


@given(text=TEXTS)
def test_plain_has_nothing_but_line_breaks_that_does_not_print(text: str) -> None:
    """Each of its lines is as safe as a line alone."""
    for line in plain(text).split("\n"):
        assert {unicodedata.category(character) for character in line}.isdisjoint(
            {"Cc", "Cf", "Cs", "Co", "Cn"}
        )


@given(text=TEXTS | WORDS, limit=st.integers(min_value=0, max_value=200))
@example(text=" " * 61 + "long", limit=64)
@example(text="abcdef", limit=2)
def test_a_cut_text_never_exceeds_its_limit(text: str, limit: int) -> None:
    """SNS and DynamoDB refuse what is longer, so the mark counts too."""
    assert len(truncate(text, limit)) <= limit


@given(text=TEXTS, more=st.integers(min_value=0, max_value=50))
def test_a_text_within_its_limit_is_not_touched(text: str, more: int) -> None:
    """Only what is too long is cut."""
    assert truncate(text, len(text) + more) == text


@given(text=WORDS, limit=st.integers(min_value=4, max_value=60))
def test_a_cut_text_is_the_beginning_and_says_that_it_was_cut(text: str, limit: int) -> None:
    """Nobody takes half a sentence for a whole one."""
    if len(text) > limit:
        kept = truncate(text, limit)
        assert kept.endswith("...")
        assert text.startswith(kept.removesuffix("..."))


def test_a_text_is_cut_on_a_word() -> None:
    """Where a word ends in the last third; otherwise anywhere, so that a cut never costs much."""
    assert truncate("Too many connections", 13) == "Too many..."
    assert truncate("Too many connections", 11) == "Too many..."
    assert truncate("Too many connections", 18) == "Too many connec..."
    assert truncate("x" * 30, 10) == "xxxxxxx..."
    assert truncate("Too many connections", 18, mark=" ... (cut)") == "Too many ... (cut)"


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        pytest.param(
            "立即处理：源库不可用，请检查", 12, "立即处理：源库不可...", id="each Chinese character is a word"
        ),
        pytest.param(
            "立即处理：请更正 Secret", 13, "立即处理：请更正...", id="a Latin word in Chinese is not"
        ),
        pytest.param(
            "立即处理：状态未知（RetCode 292）",
            15,
            "立即处理：状态未知...",
            id="no bracket without what it opens",
        ),
        pytest.param("Failed for 12 minutes", 16, "Failed for...", id="no number without its unit"),
        pytest.param("任务 orders 已失败 12 分钟", 18, "任务 orders 已失败...", id="nor in Chinese"),
        pytest.param("Too many  connections", 13, "Too many...", id="several spaces are one"),
    ],
)
def test_a_cut_leaves_what_can_be_read(text: str, limit: int, kept: str) -> None:
    """What stands before the mark is whole."""
    assert truncate(text, limit) == kept
