"""A node that runs other code than the driver is named, with what differs, before any work."""

import pytest

from sweeps import ray_versions
from sweeps.ray_versions import VersionError, differences, require_same_versions, versions, way_out


def test_what_differs_is_named() -> None:
    own = {"memsweep": "1.0", "numpy": "2.4"}
    nodes = {"c": own, "b": {"memsweep": "0.9", "numpy": "2.4"}, "a": ImportError("x\nNo module named 'sweeps'\n")}
    assert differences(own, {"c": own}) == []
    assert differences(own, nodes) == [
        "a cannot run memsweep (No module named 'sweeps')",
        "b has memsweep 0.9 instead of 1.0",
    ]


def test_each_kind_of_difference_has_its_way_out() -> None:
    own = versions()
    (line,) = differences(own, {"b": {**own, "arithmetic": "00000000"}})
    assert line == f"b has arithmetic 00000000 instead of {own['arithmetic']}"
    assert "OPENBLAS_CORETYPE=Haswell" in way_out(line)
    (line,) = differences(own, {"b": {**own, "arithmetic": "00000000", "numpy": "1.0"}})
    assert "one image" in way_out(line)
    assert "one image" in way_out("b cannot run memsweep (No module named 'sweeps')")


def test_a_cluster_is_asked_node_by_node(local_ray: None, monkeypatch: pytest.MonkeyPatch) -> None:
    require_same_versions()
    here = {**versions(), "numpy": "1.0"}
    monkeypatch.setattr(ray_versions, "versions", lambda: here)
    asked = ray_versions.differences

    def differ(own: dict[str, str], nodes: dict[str, dict[str, str] | Exception]) -> list[str]:
        assert len(nodes) == 1
        return asked({**own, "numpy": "2.0"}, nodes)

    monkeypatch.setattr(ray_versions, "differences", differ)
    with pytest.raises(VersionError, match=r"\d:\d+ has numpy 1\.0 instead of 2\.0.*one image"):
        require_same_versions()
