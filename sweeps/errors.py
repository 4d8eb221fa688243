"""What can go wrong in sweeps, one root exception."""

from collections.abc import Sequence


class SweepError(Exception):
    """Root of the errors of this package."""


class SpecError(SweepError, ValueError):
    """A sweep file breaks rules; one line for each mistake says the rule, the value and the way out."""

    def __init__(self, messages: Sequence[str]) -> None:
        self.messages: tuple[str, ...] = (messages,) if isinstance(messages, str) else tuple(messages)
        """One line for each mistake, in the order of the file."""
        super().__init__(self.messages)

    def __str__(self) -> str:
        return "\n".join(self.messages)
