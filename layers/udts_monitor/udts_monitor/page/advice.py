"""What to do about a task, and how far it is: the words of a row and of a task's own page."""

from datetime import timedelta

from udts_monitor.decision.event import Kind
from udts_monitor.decision.lag import MEGABYTE
from udts_monitor.decision.observation import Lag
from udts_monitor.decision.status import RETRY_PENDING, SYNCED, Outcome
from udts_monitor.messages.display import Display
from udts_monitor.messages.report import report
from udts_monitor.page.look import Look, count, percent, size
from udts_monitor.query.concern import Concern
from udts_monitor.query.overview import TaskView
from udts_monitor.text import one_line, truncate


def decision(view: TaskView, look: Look) -> str:
    """What a person is to do, in two or three words; empty where there is nothing to do."""
    match view.concern:
        case Concern.RUNNING | Concern.FINISHED:
            return ""
        case Concern.ACT_BY:
            moment = look.moment(view.resume_until) if view.resume_until else ""
            return look.say("do act_by", moment=moment)
        case Concern.LOOK if view.state.status == RETRY_PENDING:
            return look.say("do wait")
        case concern:
            return look.say(f"do {concern}")


def why(view: TaskView, look: Look, limit: int) -> str:
    """Why, in one sentence of at most so many characters; empty where all is well."""
    event, state = view.event, view.state
    match event.kind if event else None:
        case None | Kind.FINISHED | Kind.CUTOVER_READY:
            return ""
        case Kind.UNREACHABLE:
            known = (
                look.say("last known", status=state.status) if state.status else look.say("never answered")
            )
            reason = state.unanswered.reason if state.unanswered else ""
            return f"{_sentence(reason, limit)} {known}".strip()
        case Kind.STALLED:
            since = event.incident_since or state.since if event else state.since
            return look.say("stalled", time=look.ago(since))
        case Kind.DELAYED:
            return _delay(state.lag, look)
        case Kind.OVERDUE if event and event.deadline:
            return look.say("overdue", moment=look.moment(event.deadline))
        case Kind.OVERDUE:
            return look.say("overdue at all")
        case Kind.UNKNOWN_STATUS:
            return look.say("unknown word")
        case Kind.STOPPED:
            return ""
        case _:
            return _sentence(state.failed_message, limit) or look.say("no reason")


def steps(view: TaskView, look: Look) -> tuple[str, ...]:
    """What to do now, as the messages say it, advice included."""
    event = view.event
    if event is None or event.kind is Kind.CUTOVER_READY:
        return ()
    said = report(event, Display(zone=look.zone, language=look.language))
    return (said.step, *said.checklist)


def how_far(view: TaskView, look: Look) -> str:
    """How far a task is that is on its way, ready or finished; empty where nobody can say."""
    state = view.state
    if view.concern is Concern.FINISHED:
        return _finish(view, look)
    if view.done is not None and state.known_outcome is Outcome.LOADING:
        return " · ".join([percent(view.done), *_rows(view, look), *_rate(state.lag, look)])
    level = state.status == SYNCED and view.concern is not Concern.READY
    parts = [look.say("level")] if level else []
    if state.lag and state.lag.remaining_bytes is not None and state.known_outcome is Outcome.SYNCING:
        parts.append(look.say("remaining", size=size(state.lag.remaining_bytes)))
        parts += _rate(state.lag, look)
    return " · ".join(parts)


def lag_of(view: TaskView, look: Look) -> str:
    """How far the target is behind, as far as it was measured; empty outside replication."""
    state = view.state
    if state.phase is not Outcome.SYNCING or state.known_outcome is not Outcome.SYNCING:
        return ""
    found = [state.lag.delay_seconds] if state.lag else []
    if state.progress:
        found += [state.progress.redis_delay_seconds, state.progress.mongo_delay_seconds]
    known = next((delay for delay in found if delay is not None), None)
    return "" if known is None else look.lasting(timedelta(seconds=min(float(known), 1e9)))


def retries_of(event_or_view: TaskView, look: Look) -> str:
    """How many of the allowed retries are used; empty where UCloud allows or says none."""
    state = event_or_view.state
    troubled = state.known_outcome in {Outcome.FAILED, Outcome.WAITING}
    if not troubled or not state.retries_allowed:
        return ""
    return look.say("retry", used=state.retries_used or 0, allowed=state.retries_allowed)


def _rows(view: TaskView, look: Look) -> list[str]:
    progress = view.state.progress
    if progress is None or not progress.total_rows or progress.moved_rows is None:
        return []
    return [look.say("rows", moved=count(progress.moved_rows), total=count(progress.total_rows))]


def _rate(lag: Lag | None, look: Look) -> list[str]:
    rate = lag.written_rows_per_second if lag else None
    return [look.say("rows a second", rate=count(rate))] if rate else []


def _delay(lag: Lag | None, look: Look) -> str:
    if lag is None:
        return ""
    remaining = lag.remaining_bytes or 0
    said = look.say("loses ground", size=size(remaining)) if remaining >= 5 * MEGABYTE else ""
    behind = lag.delay_seconds
    late = (
        "" if behind is None else look.say("delayed by", time=look.lasting(timedelta(seconds=float(behind))))
    )
    return f"{late} {said}".strip()


def _finish(view: TaskView, look: Look) -> str:
    took = view.state.since - view.state.lifecycle.started_at
    said = [look.say("took", time=look.lasting(took))] if took else []
    return " · ".join([*said, look.say("billed")])


def _sentence(text: str, limit: int) -> str:
    said = truncate(one_line(text), limit)
    return said if not said or said[-1] in ".!?。" else f"{said}."
