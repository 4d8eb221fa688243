"""YAML from strangers: the safe loader, and no key given twice."""

from typing import Any

import yaml

from sweeps.errors import SpecError


class _StrictLoader(yaml.SafeLoader):
    """The safe loader, except that a key given twice in a mapping is a mistake."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.mistakes: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if isinstance(key_node, yaml.ScalarNode) and key_node.tag != "tag:yaml.org,2002:merge":
                key = self.construct_object(key_node)
                if key in seen:
                    line = key_node.start_mark.line + 1
                    self.mistakes.append(
                        f"A key must be given once, but got {key!r} again in line {line}; remove one of them."
                    )
                seen.add(key)
        return super().construct_mapping(node, deep)


def parse_yaml(text: str) -> Any:
    """Parse text; raises ``SpecError`` if it is not YAML or gives a key twice."""
    try:
        loader = _StrictLoader(text)
        document = loader.get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date such as 2024-99-99
        mark = getattr(error, "problem_mark", None)
        reason = " ".join(str(getattr(error, "problem", None) or error).split())
        reason += f" in line {mark.line + 1}" if mark else ""
        raise SpecError([f"The text must be YAML, but got: {reason}; correct that place."]) from None
    if loader.mistakes:
        raise SpecError(loader.mistakes)
    return document
