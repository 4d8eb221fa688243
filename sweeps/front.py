"""The front as it grows, trial by trial."""

from collections.abc import Mapping

from tasks.robust import dominated


class RunningFront:
    """What no other beats among the trials seen so far, which are shown in the order of their numbers."""

    def __init__(self, directions: Mapping[str, str]) -> None:
        """Take objective -> ``maximize`` or ``minimize``."""
        self._directions = dict(directions)
        self.points: tuple[dict[str, float], ...] = ()
        """Objectives of the front, equal ones once."""
        self.seen = 0
        """Trials seen."""
        self.idle = 0
        """Trials seen since one last joined the front."""

    def add(self, objectives: dict[str, float] | None) -> None:
        """Show the next trial; ``None`` if it failed."""
        self.seen += 1
        self.idle += 1
        if objectives is None or objectives in self.points or dominated(objectives, self.points, self._directions):
            return
        kept = tuple(point for point in self.points if not dominated(point, (objectives,), self._directions))
        self.points = (*kept, objectives)
        self.idle = 0
