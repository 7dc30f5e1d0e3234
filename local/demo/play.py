"""Plays the story: changes what UCloud says, has the monitor run, and waits for the effect."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rich.text import Text

from local.demo.screen import Screen, Step
from local.demo.stage import TOPICS, Run, Stage
from local.demo.story import ORDERS, Scene
from local.simulator import Simulator

# More than any threshold asks for: what did not happen by then will not.
_RUNS_IN_A_ROW, _MOST_RUNS = 4, 8
_PAUSE_SECONDS = 2
# The local scheduler fires after a minute, but looks only every 10 seconds whether that is over.
_FIRST_FIRE = timedelta(seconds=70)
_INTERVAL = timedelta(seconds=60)
_SCHEDULE_PATIENCE_SECONDS = 75
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """A story on its way through the deployed monitor."""

    stage: Stage
    simulator: Simulator
    screen: Screen

    def scene(self, scene: Scene) -> tuple[str, ...]:
        """Play one scene; return what the monitor did not notice. What it did not tell is the verdict's."""
        beginning = f"{scene.happens}: {self._due()}" if scene.by_schedule else ""
        with self.screen.step(scene.happens, beginning=beginning) as step:
            for task, change in scene.changes.items():
                self.simulator.set_step(task, change)
            if scene.by_schedule:
                self._wait_for_the_schedule(scene, step)
            else:
                self._run(scene, step)
            unnoticed = self._unnoticed(scene)
            left = (*unnoticed, *self._untold(scene))
            step.failed = bool(left)
            step.note = "" if left else self._note(scene)
        if left:
            self.screen.show(Text(f"  not seen: {', '.join(left)}", "red"))
        return tuple(f"not noticed: {what}" for what in unnoticed)

    def _run(self, scene: Scene, step: Step) -> None:
        """Call the function until it has noticed and told everything."""
        for turn in range(_MOST_RUNS):
            time.sleep(0 if turn < _RUNS_IN_A_ROW else _PAUSE_SECONDS)
            self.stage.run()
            left = (*self._unnoticed(scene), *self._untold(scene))
            if not left:
                return
            step.awaits(f"awaiting {', '.join(left)}")

    def _wait_for_the_schedule(self, scene: Scene, step: Step) -> None:
        """Call nobody until the schedule's run has noticed and told everything."""
        until = time.monotonic() + _SCHEDULE_PATIENCE_SECONDS
        while time.monotonic() < until:
            self.stage.look()
            if not self._unnoticed(scene) and not self._untold(scene):
                return
            step.awaits(f"{self._due()}; meanwhile {self._progress()}")
            time.sleep(_LOOK_SECONDS)

    def _unnoticed(self, scene: Scene) -> tuple[str, ...]:
        """What UCloud says and the monitor does not know yet, and what the schedule left to others."""
        stored = self.stage.statuses()
        said = {str(task["TaskId"]): str(task["Status"]) for task in self.simulator.tasks()}
        unknown = [f"{task} is {status}" for task, status in said.items() if stored.get(task) != status]
        if scene.by_schedule and self._scheduled(scene) is None:
            unknown.append("a run of the schedule")
        if scene.samples and not self._sampled(scene.samples):
            unknown.append(f"a point of progress of {scene.samples}")
        return tuple(unknown)

    def _scheduled(self, scene: Scene) -> Run | None:
        """The schedule's run that told all of the scene, by its own heartbeat."""
        runs = (run for run in self.stage.runs if run.by_schedule and set(scene.tells) <= set(run.told))
        return next(runs, None)

    def _sampled(self, task: str) -> bool:
        return any(item["what"] == "sample" for item in self.stage.history(task))

    def _untold(self, scene: Scene) -> tuple[str, ...]:
        arrived = {(arrival.topic, arrival.told) for arrival in self.stage.arrivals()}
        return tuple(
            f"{told} on {topic}" for told in scene.tells for topic in TOPICS if (topic, told) not in arrived
        )

    def _note(self, scene: Scene) -> str:
        told = ", ".join(told.kind for told in scene.tells)
        run = self._scheduled(scene) if scene.by_schedule else None
        if run:
            return f"told by the schedule at {run.ran_at:%H:%M:%S}: {told}"
        return f"told: {told}" if told else "nothing to tell"

    def _due(self) -> str:
        waited = datetime.now(UTC) - self.stage.deployed_at
        late = waited - _FIRST_FIRE
        left = -late if late < timedelta() else _INTERVAL - late % _INTERVAL
        return f"the schedule fires within {left.seconds} s"

    def _progress(self) -> str:
        (task,) = (task for task in self.simulator.tasks() if task["TaskId"] == ORDERS)
        progress = task.get("Progress")
        share = progress.get("Percentage", 0) if isinstance(progress, dict) else 0
        return f"{task['Name']} is {task['Status']}, {share:.0f} %"
