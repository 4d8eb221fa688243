"""What can go wrong in tasks, one root exception."""


class TaskError(Exception):
    """Root of the errors of this package."""


class DataError(TaskError, ValueError):
    """Data that is missing or breaks its rule; the text says the rule, the value and the way out."""
