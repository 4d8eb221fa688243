"""What can go wrong in the physics, one root exception."""


class KineticsError(Exception):
    """Root of the errors of this package."""


class InvalidParameterError(KineticsError, ValueError):
    """A parameter breaks its rule; the text says the rule, the value and the way out."""


class DivergenceError(KineticsError, ArithmeticError):
    """A trajectory left the numbers; the text says where and with which coefficients."""


def require(holds: bool, rule: str, value: object, way_out: str) -> None:
    """Raise ``InvalidParameterError`` unless ``holds``; one wording for every rule.

    ``rule`` names the field in backquotes, ``way_out`` says what to write instead.
    """
    if not holds:
        raise InvalidParameterError(f"{rule} must hold, but got {value!r}; {way_out}.")
