import numpy as np

from kinetics import get_law, violating_share


def test_the_limit_itself_violates() -> None:
    """alpha = 0.25: the limit is beta = 1, exact in float32."""
    coefficients = {
        "alpha": np.full((1, 4), 0.25, np.float32),
        "beta": np.array([[0.5, 0.999, 1.0, 1.5]], np.float32),
    }
    assert violating_share(get_law("drift_diffusion"), coefficients) == 0.5
