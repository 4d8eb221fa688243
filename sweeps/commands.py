"""Commands that are told to people: whole, so that they run as they are pasted."""

import shlex

from sweeps.home import Home, SweepFolder


def command(verb: str, folder: SweepFolder, *words: object) -> str:
    """``memsweep VERB NAME WORDS`` for a sweep, with its home where that is not the one taken without an option."""
    return shlex.join(["memsweep", verb, folder.name, *map(str, words)]) + home_option(folder)


def home_option(folder: SweepFolder) -> str:
    """What commands need to find the sweep, quoted, with a space before; empty in the home taken without an option."""
    home = folder.path.parent.parent
    return "" if home == Home().path else f" --home {shlex.quote(str(home))}"
