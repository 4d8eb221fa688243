"""What a report says of a sweep: collected here, drawn by ``tracking.report``."""

from sweeps.report.collect import collect_content
from sweeps.report.portraits import portrait_of

__all__ = ["collect_content", "portrait_of"]
