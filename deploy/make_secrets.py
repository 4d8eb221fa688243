"""Makes the secrets of docker-compose.yml in deploy/secrets; those that exist are kept.

The folder is closed to others; the files in it can be read by the users that the containers run as, whose numbers
this machine does not know.
"""

import secrets
from pathlib import Path

NAMES = ("postgres_password", "mlflow_password", "mlflow_key", "ray_token")

folder = Path(__file__).parent / "secrets"
folder.mkdir(mode=0o700, exist_ok=True)
folder.chmod(0o700)
for name in NAMES:
    file = folder / name
    if not file.exists():
        file.write_text(secrets.token_urlsafe(32))
        file.chmod(0o444)
