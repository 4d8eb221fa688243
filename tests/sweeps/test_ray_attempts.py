"""What ends an attempt, who is charged with it, and when a job is given up."""

from typing import TYPE_CHECKING, Any

from sweeps.ray_attempts import Attempt, End
from sweeps.ray_executor import _end, ray  # before anything else of Ray, whose variables it sets
from tests.sweeps.test_executor_conformance import job

if TYPE_CHECKING:
    from ray.exceptions import RayError


def test_only_ends_that_can_be_the_jobs_doing_are_charged() -> None:
    from ray.core.generated.common_pb2 import ActorDiedErrorContext, NodeDeathInfo

    def died(said: str, **details: Any) -> "RayError":
        return ray.exceptions.ActorDiedError(ActorDiedErrorContext(actor_id=bytes(16), error_message=said, **details))

    drained = NodeDeathInfo(reason=NodeDeathInfo.AUTOSCALER_DRAIN_PREEMPTED)
    unavailable = ray.exceptions.ActorUnavailableError("no route", None)
    no_memory = ray.exceptions.RayTaskError("evaluate", "a traceback", MemoryError("no room"))
    died_with_node = died("The actor died because its node has died. Node Id: 1\n\tno heartbeats")
    assert _end(died_with_node) == End("ActorDiedError: no heartbeats", node_lost=True)
    assert _end(died("Away.", node_death_info=drained)) == End("ActorDiedError: Away.", node_lost=True)
    assert _end(unavailable) == End(f"ActorUnavailableError: {unavailable}", node_lost=True)
    assert _end(died("Exit code 1. Some common causes: many")) == End("ActorDiedError: Exit code 1.")
    assert _end(no_memory) == End("MemoryError: no room")


def test_a_job_outlives_lost_nodes_but_not_many_and_few_ends_of_its_own() -> None:
    attempt = Attempt(job(4), [End("no heartbeats", node_lost=True)] * 19)
    attempt.ends += [End("killed"), End("hung")]
    assert attempt.failed() is None
    attempt.ends.append(End("no more heartbeats", node_lost=True))
    lost = attempt.failed()
    assert lost is not None
    assert (lost.trial, lost.error) == (4, "NodeLost: its node was lost 20 times, at last: no more heartbeats")
    attempt.ends = [*attempt.ends[:21], End("killed again")]
    died = attempt.failed()
    assert died is not None
    assert died.error == "WorkerDied: its worker died 3 times: (1) killed; (2) hung; (3) killed again"
