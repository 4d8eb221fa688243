"""Figures and columns as JSON in which no array is written twice.

Plotly writes a NumPy array as ``{"dtype": "f8", "bdata": <base64>}``. Here each such array goes into one pool, and
``{"$": place}`` stands where it was, so that figures of the same trials cost their arrays once.
"""

import base64
import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np


class Pool:
    """Arrays that several figures share."""

    def __init__(self) -> None:
        self.arrays: list[dict[str, Any]] = []
        self._places: dict[tuple[str, str, str], int] = {}

    def pack(self, value: Any) -> Any:
        """The same plain value with its arrays in the pool, and without numbers that JSON has not."""
        if isinstance(value, dict):
            if "bdata" in value:
                return {"$": self._place(value)}
            return {str(key): self.pack(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.pack(each) for each in value]
        if isinstance(value, np.ndarray | np.generic):
            return self.pack(value.tolist())
        if isinstance(value, float) and not math.isfinite(value):
            return None
        return value

    def pack_column(self, values: Sequence[Any]) -> dict[str, Any]:
        """A column: numbers as an array (a missing one is not a number), anything else as codes and words in JSON.

        ``whole`` tells integers from floats, which an array writes alike.
        """
        present = [value for value in values if value is not None]
        if all(isinstance(value, int | float) and not isinstance(value, bool) for value in present):
            numbers = np.array([math.nan if value is None else float(value) for value in values])
            whole = all(isinstance(value, int) for value in present)
            return {"numbers": self.pack(_spec(numbers, "f8")), "whole": whole}
        words: dict[str, int] = {}
        codes = [words.setdefault(json.dumps(self.pack(value)), len(words)) for value in values]
        return {"codes": self.pack(_spec(np.array(codes, np.int32), "i4")), "words": list(words)}

    def _place(self, array: dict[str, Any]) -> int:
        key = (array["dtype"], str(array.get("shape")), array["bdata"])
        if key not in self._places:
            self._places[key] = len(self.arrays)
            self.arrays.append(array)
        return self._places[key]


def script_json(value: Any) -> str:
    """Strict JSON that cannot end the script element it stands in."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _spec(array: np.ndarray[Any, Any], dtype: str) -> dict[str, Any]:
    return {"dtype": dtype, "bdata": base64.b64encode(array.astype(f"<{dtype}").tobytes()).decode("ascii")}
