"""Protocols: how the parts of a data set are cut, and what is chosen on which part.

``honest`` keeps the test part out of every choice. ``paper`` is the authors' split with their way of picking,
the best on the test part, so its accuracies are optimistic; its validation part is the test part itself.
"""

import difflib

from tasks.errors import DataError

HONEST = "honest"
PAPER = "paper"


def check_protocol(task: str, protocol: str, choices: dict[str, str]) -> None:
    """Raise ``DataError`` with the choices if a task has no such protocol."""
    if protocol in choices:
        return
    listed = ", ".join(f"`{name}` ({text})" for name, text in choices.items())
    if protocol == PAPER:
        raise DataError(f"The task `{task}` has no protocol 'paper', for the paper does not have it; choose {listed}.")
    near = difflib.get_close_matches(protocol, choices, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"choose {listed}."
    raise DataError(f"The task `{task}` has no protocol {protocol!r}; {hint}")
