"""What can go wrong while a read-out is trained."""

from tasks.errors import TaskError


class TrainingError(TaskError, ArithmeticError):
    """A training left the numbers, or was given none; the text says what, where and the way out."""
