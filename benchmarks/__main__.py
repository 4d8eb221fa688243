"""List the benchmarks, or run one and print its figures."""

import argparse
import dataclasses
import importlib
import inspect
import json
import pkgutil

import benchmarks
from benchmarks._figures import Figure
from benchmarks._machine import describe_machine


def names() -> list[str]:
    """Every benchmark by its name."""
    modules = (module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    return sorted(name for name in modules if not name.startswith("_"))


def main() -> None:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=benchmarks.__doc__)
    parser.add_argument("name", nargs="?", choices=names(), help="which one; absent: list them")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--full", action="store_true", help="really run what is extrapolated otherwise (long)")
    arguments = parser.parse_args()
    if arguments.name is None:
        first_lines = {
            name: (importlib.import_module(f"benchmarks.{name}").__doc__ or "").partition("\n")[0] for name in names()
        }
        table = "\n".join(f"{name:18} {line}" for name, line in first_lines.items())
        print(json.dumps(first_lines) if arguments.json else table)
        return
    machine = describe_machine()
    run = importlib.import_module(f"benchmarks.{arguments.name}").run
    if arguments.full and "full" not in inspect.signature(run).parameters:
        parser.error(f"`{arguments.name}` always runs in full: leave out --full")
    figures: list[Figure] = run(full=True) if arguments.full else run()
    if arguments.json:
        rows = [dataclasses.asdict(figure) | {"met": figure.met} for figure in figures]
        print(json.dumps({"name": arguments.name, "machine": machine, "figures": rows}))
        return
    print(", ".join(f"{key} {value}" for key, value in machine.items()))
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        print(f"{figure.name:{width}}  {_number(figure.value):>10} {figure.unit}{_requirement(figure)}")


def _number(value: float) -> str:
    """Counts in full, measurements to four digits."""
    return f"{int(value):,}" if value == int(value) and abs(value) < 1e7 else f"{value:.4g}"


def _requirement(figure: Figure) -> str:
    """The requirement and whether it is met, for the end of a line."""
    if figure.met is None:
        return ""
    limits = [
        f"{sign} {limit:g}" for sign, limit in ((">=", figure.at_least), ("<=", figure.at_most)) if limit is not None
    ]
    return f"  ({' and '.join(limits)}: {'met' if figure.met else 'MISSED'})"


if __name__ == "__main__":
    main()
