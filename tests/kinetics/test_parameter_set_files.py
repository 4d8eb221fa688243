"""Files of parameter sets that are broken in ways that only strangers' files are."""

from pathlib import Path

import pytest

from kinetics import InvalidParameterError
from kinetics.parameter_sets import load_parameter_set

HEAD = "name = 'own'\nlaw = 'wox'\nsource = 'me'\n"


@pytest.mark.parametrize("key", ["parameters", "coefficients", "device", "pulse"])
@pytest.mark.parametrize("value", ["3", "'text'", "[1, 2]"])
def test_a_section_that_is_no_table_is_refused_with_the_way_out(key: str, value: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f"{HEAD}{key} = {value}\n")
    with pytest.raises(InvalidParameterError, match=rf"`{key}` of '.*own\.toml' is a table .* below `\[{key}\]`"):
        load_parameter_set(path)


def test_what_is_no_text_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameterError, match=r"readable file.*check the path"):
        load_parameter_set(tmp_path)
    (tmp_path / "image.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidParameterError, match=r"must be TOML, but '.*image\.toml' is not"):
        load_parameter_set(tmp_path / "image.toml")


def test_a_range_may_be_a_point_and_numbers_may_be_whole(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        f"{HEAD}temperature_K = [300, 300]\n[parameters]\ntau_s = {{value = 3}}\n[coefficients]\ngrowth = 2\n"
    )
    loaded = load_parameter_set(str(path))
    assert loaded.temperature_K == (300.0, 300.0)
    assert (loaded.parameters["tau_s"].value, loaded.parameters["tau_s"].confirmed) == (3.0, False)
    assert loaded.coefficients == {"growth": 2.0}
    assert not loaded.default
