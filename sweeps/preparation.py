"""What must be there before work starts: the data, and somebody to work on them."""

from typing import TYPE_CHECKING

from sweeps.executor import Executor
from sweeps.inline_executor import InlineExecutor
from sweeps.spec import Spec
from tasks import Task, load_task
from tasks.task import require_samples

if TYPE_CHECKING:
    from sweeps.run import Options


def load_data(spec: Spec) -> Task:
    """The data of a sweep; raises ``DataError`` unless they are in order and of a kind that a sweep can use."""
    task = load_task(spec.task.kind, spec.task.path, spec.task.protocol)
    require_samples(task)
    return task


def make_executor(task: Task, spec: Spec, options: "Options") -> Executor:
    """The executor that the options ask for; raises ``ExecutorError`` if workers cannot be had."""
    if options.executor == "inline":
        return InlineExecutor(task, spec.evaluator)
    from sweeps.ray_executor import RayExecutor  # Ray takes a second to import; inline runs need none of it.

    return RayExecutor(
        task, spec.evaluator, workers=options.workers, address=options.address, deadline_s=options.deadline_s
    )
