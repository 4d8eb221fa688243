"""Commands that are told to people: whole, so that they run as they are pasted."""

import shlex

from sweeps.home import Home, SweepFolder


def command(verb: str, folder: SweepFolder, *words: object) -> str:
    """``memsweep VERB NAME WORDS`` for a sweep, with its home where that is not the one taken without an option."""
    return shlex.join(["memsweep", verb, folder.name, *map(str, words)]) + home_option(folder)


def home_option(folder: SweepFolder) -> str:
    """See ``Home.option``."""
    return Home(folder.path.parent.parent).option
