"""Runs the Python blocks of one page, one after the other in one namespace.

A line of standard input names the file of a block; a line of standard output is its exit status, and a first one says
that the session is there. What a block prints is beside its file.
"""

import sys
import traceback
from pathlib import Path

names: dict[str, object] = {"__name__": "__main__"}
answers = sys.stdout
answers.write("0\n")
answers.flush()
for line in sys.stdin:
    path = Path(line.strip())
    output = path.with_suffix(".txt").open("w")
    sys.stdout = output
    try:
        exec(compile(path.read_text(), path.name, "exec"), names)
        code = 0
    except BaseException:
        traceback.print_exc(file=output)
        code = 1
    output.close()
    answers.write(f"{code}\n")
    answers.flush()
