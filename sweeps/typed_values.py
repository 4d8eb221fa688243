"""Values of a sweep file as the types that configuration fields ask for."""

import math
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from sweeps.wording import must, unknown

_LARGEST = 2**53
"""Whole numbers up to here are exact in JSON and in float64."""

NO_VALUE = object()
"""Stands for "not of this type"."""

_MEMBER_TEXT: dict[Any, str] = {
    float: "a finite number",
    int: "a whole number",
    str: "text",
    bool: "true or false",
    NoneType: "null",
}

_EXAMPLES: dict[Any, str] = {
    float: "write a plain number, such as 0.05 or 1.0e-8",
    int: "write a plain number, such as 16",
    tuple[int, ...]: "write a number of units, such as 16, or a list, such as [32, 16]",
    str: "put it in quotes",
    bool: "write true or false",
}


def members_of(annotation: Any) -> tuple[Any, ...]:
    """``float | None`` -> (float, NoneType)."""
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def describe(annotation: Any) -> str:
    """What a field may hold, in words."""
    words: list[str] = []
    for member in members_of(annotation):
        if get_origin(member) is Literal:
            words.extend(repr(word) for word in get_args(member))
        else:
            words.append(_MEMBER_TEXT.get(member, "a list of whole numbers"))
    return " or ".join(words)


def as_type(member: Any, value: Any) -> Any:
    """``value`` as one type, or ``NO_VALUE``; booleans are no numbers, and ``"1e-8"`` is one."""
    if get_origin(member) is tuple:
        if not isinstance(value, list | tuple):
            return NO_VALUE
        items = tuple(as_type(get_args(member)[0], item) for item in value)
        return NO_VALUE if NO_VALUE in items else items
    if get_origin(member) is Literal:
        return value if isinstance(value, str) and value in get_args(member) else NO_VALUE
    if member is int:
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return int(value) if whole and not isinstance(value, bool) and abs(value) <= _LARGEST else NO_VALUE
    if member is float:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return NO_VALUE
        try:
            number = float(value)
        except (ValueError, OverflowError):
            return NO_VALUE
        return number if math.isfinite(number) else NO_VALUE
    return value if isinstance(value, member) else NO_VALUE


def read_value(name: str, value: Any, annotation: Any, mistakes: list[str]) -> Any:
    """A value of a field; reports and gives ``NO_VALUE`` if it is of another type."""
    members = members_of(annotation)
    for member in members:
        read = as_type(member, value)
        if read is not NO_VALUE:
            return read
    words: list[str] = [word for each in members if get_origin(each) is Literal for word in get_args(each)]
    if words:
        mistakes.append(unknown(f"`{name}`", value, words))
    else:
        example = _EXAMPLES.get(members[-1]) or _EXAMPLES.get(members[0], "correct it")
        way_out = "leave it out for its default" if value is None else example
        mistakes.append(must(f"`{name}` must be {describe(annotation)}", value, way_out))
    return NO_VALUE
