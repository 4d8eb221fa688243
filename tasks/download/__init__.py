"""Data sets from their official addresses, into the layout that the tasks read.

What arrives is checked before it takes its place: a downloaded file by its SHA-256, a converted archive by a digest of
its arrays, which does not depend on how they were packed. Nothing is ever unpickled.
"""

from tasks.download.catalogue import DATA_SETS, DataFile, DataSet, Source
from tasks.download.store import Check, State, check, fetch, find_data_set

__all__ = [
    "DATA_SETS",
    "Check",
    "DataFile",
    "DataSet",
    "Source",
    "State",
    "check",
    "fetch",
    "find_data_set",
]
