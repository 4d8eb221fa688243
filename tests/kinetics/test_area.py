"""Area against a sum done by hand, and what it must follow."""

from dataclasses import fields
from functools import partial

import pytest

from kinetics import Pulse
from kinetics.area import Area, chip_area
from kinetics.periphery import Periphery
from kinetics.readout_load import CrossbarLayer, ReadoutLoad

approx = partial(pytest.approx, abs=0)  # pytest's own 1e-12 would be a picojoule here

LOAD = ReadoutLoad(layers=(CrossbarLayer(48, 784), CrossbarLayer(10, 48)), conductance_S=170e-6)


def test_mnist_by_hand() -> None:
    """784-48-10 behind 28 memristors.

    Cells: 28 + 2 x (784 x 48 + 48 x 10) = 76,252 of 4.1 um2. Converters for 8 columns each: 4 for the series, 7 arrays
    x 6, 2: 48 of 0.025 mm2, each with a shift-and-add of 60 um2. Drivers: 28 x 1 + 8 x (784 + 48) = 6,684 bits of
    0.166 um2. Buffer: (784 + 48) x 8 = 6,656 bits of 160 x 45 nm x 45 nm.
    """
    area = chip_area(Pulse(), series=28, readout=LOAD)
    assert area.devices_m2 == approx(76_252 * 4.1e-12, rel=1e-12)
    assert area.adc_m2 == approx(1.2e-6, rel=1e-12)
    assert area.digital_m2 == approx(2.88e-9, rel=1e-12)
    assert area.drivers_m2 == approx(1.109544e-9, rel=1e-9)
    assert area.buffers_m2 == approx(2.156544e-9, rel=1e-9)
    assert area.total_m2 == approx(1.51878e-6, rel=1e-5)


def test_uses_take_time_and_copies_take_area() -> None:
    once, often, copies = (
        chip_area(Pulse(), series=0, readout=ReadoutLoad(layers=(layer,), conductance_S=1e-4))
        for layer in (CrossbarLayer(48, 300), CrossbarLayer(48, 300, 64), CrossbarLayer(48, 300, 1, 64))
    )
    for name in ("devices_m2", "adc_m2", "drivers_m2", "digital_m2"):
        assert getattr(often, name) == getattr(once, name)
        assert getattr(copies, name) == approx(64 * getattr(once, name), rel=1e-12)
    assert often.buffers_m2 == copies.buffers_m2 == approx(64 * once.buffers_m2, rel=1e-12)


def test_sharing_encoding_and_node() -> None:
    def area(pulse: Pulse, **circuits: int) -> Area:
        return chip_area(pulse, series=28, readout=LOAD, periphery=Periphery(**circuits))

    alone, shared = area(Pulse(), columns_per_adc=1), area(Pulse(), columns_per_adc=8)
    assert alone.adc_m2 == approx((28 + 7 * 48 + 10) * 0.025e-6, rel=1e-12)
    assert shared.devices_m2 == alone.devices_m2
    coded = area(Pulse(encoding="amplitude"))
    assert coded.drivers_m2 - shared.drivers_m2 == approx(28 * 7 * 0.166e-12, rel=1e-9)
    small = area(Pulse(), node_nm=45)
    assert small.devices_m2 == approx(shared.devices_m2 / 16, rel=1e-12)
    assert small.total_m2 == approx(sum(getattr(small, field.name) for field in fields(Area)), rel=1e-12)
