"""Runs a command with its secrets: each variable NAME_FILE that names a file below /run/secrets becomes NAME.

Programs that read files themselves (Ray's RAY_AUTH_TOKEN_PATH) need none of this. The secrets live in the memory of
the command alone, not in the container's settings, where ``docker inspect`` would show them.
"""

import os
import sys
from pathlib import Path

SUFFIX = "_FILE"

for name, value in list(os.environ.items()):
    if name.endswith(SUFFIX):
        try:
            secret = Path(value).read_text(encoding="utf-8").strip()
        except OSError as error:
            sys.exit(f"{name} must name a file that can be read, but {value}: {error.strerror}; see deploy/README.md.")
        if not secret:
            sys.exit(f"{name} must name a file that holds a secret, but {value} is empty; see deploy/README.md.")
        del os.environ[name]
        os.environ[name.removesuffix(SUFFIX)] = secret
if len(sys.argv) < 2:
    sys.exit("usage: with_secrets.py COMMAND [ARGUMENT ...]")
os.execvp(sys.argv[1], sys.argv[1:])
