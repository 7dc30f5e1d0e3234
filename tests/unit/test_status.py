"""Every status word has the outcome the table of the API promises, and every other word has none of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udts_monitor.decision.status import HEALTHY, OUTCOMES, UNRECOVERABLE, Outcome, outcome_of

# Source: UCloud API reference, GetUDTSTaskStatus, Data.Status; what each word means for someone who waits.
DOCUMENTED = {
    "Created": "preparing",
    "Checking": "preparing",
    "Starting": "preparing",
    "Started": "preparing",
    "Dumping": "loading",
    "Loading": "loading",
    "Syncing": "syncing",
    "Synced": "syncing",
    "RetryPending": "waiting",
    "Stopping": "waiting",
    "Stopped": "stopped",
    "Done": "finished",
    "Success": "finished",
    "Failed": "failed",
    "FailedUnrecoverable": "failed",
    "StoppedUnrecoverable": "failed",
}


@pytest.mark.parametrize(("word", "outcome"), DOCUMENTED.items())
def test_a_documented_word_has_its_outcome(word: str, outcome: str) -> None:
    """All 16 words; a wrong row would tell a failure as a finish."""
    assert outcome_of(word) == outcome


def test_the_table_holds_the_documented_words_and_no_other() -> None:
    """A 17th row would give a meaning to a word UCloud never documented."""
    assert set(OUTCOMES) == set(DOCUMENTED)
    assert len(DOCUMENTED) == 16


@given(word=st.text() | st.sampled_from(sorted(DOCUMENTED)).map(str.lower))
def test_any_other_word_is_unknown(word: str) -> None:
    """A new word, and a known one written differently, is neither failed nor finished."""
    if word not in DOCUMENTED:
        assert outcome_of(word) is Outcome.UNKNOWN


def test_only_failures_are_unrecoverable_and_no_failure_is_healthy() -> None:
    """The sets beside the table agree with it."""
    assert {outcome_of(word) for word in UNRECOVERABLE} == {Outcome.FAILED}
    assert {word for word in DOCUMENTED if word.endswith("Unrecoverable")} == UNRECOVERABLE
    assert {Outcome.PREPARING, Outcome.LOADING, Outcome.SYNCING} == HEALTHY
