"""The report of a sweep: one self-contained page that tells what was asked, what was found and how."""
