"""What can go wrong in the tracking room."""


class TrackerError(Exception):
    """A record could not be logged now; trying again may help (a server that is down, a locked database)."""


class RecordRefusedError(TrackerError):
    """The platform answered and refuses this record: trying again is of no use until the cause is gone."""
