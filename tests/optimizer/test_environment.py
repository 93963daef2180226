"""The environment of whoever calls models: ours stays, and no name of anybody's key does."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from optimizer.lm.environment import SET, keep_only_ours

CHECKOUT = Path(__file__).parents[2]
OURS = {
    "PATH": "/bin", "HOME": "/home/x", "LANG": "C", "LC_ALL": "C", "TZ": "UTC", "PGBIN": "/pg",
    "PGSSLROOTCERT": "/ca", "DATABASE_URL": "postgresql://x/y", "SECRET_KEY": "x" * 50,
    "PROMPTLAB_HOME": "/data", "PYTHONUNBUFFERED": "1", "SSL_CERT_FILE": "/ca.pem",
}  # fmt: skip
OTHERS = (
    "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORGANIZATION", "ANTHROPIC_API_KEY",
    "AZURE_AD_TOKEN",
    "ANTHROPIC_CUSTOM_HEADERS", "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "GOOGLE_APPLICATION_CREDENTIALS", "VERTEXAI_PROJECT", "HF_TOKEN", "NETRC", "LITELLM_API_KEY",
    "HTTP_PROXY", "https_proxy", "ALL_PROXY", "LITELLM_LOG", "SOMETHING_NEW_KEY", "KUBECONFIG",
)  # fmt: skip


def test_what_is_ours_stays_and_everything_else_goes() -> None:
    environ = OURS | dict.fromkeys(OTHERS, "secret")
    assert sorted(keep_only_ours(environ)) == sorted(OTHERS)
    assert environ == OURS | SET
    assert keep_only_ours(environ) == []


def test_every_variable_that_the_documentation_lists_stays() -> None:
    told = (CHECKOUT / "docs/configuration.md").read_text("utf-8")
    listed = re.findall(r"^\| `([A-Z_]+)` \|", told, re.MULTILINE)
    assert len(listed) > 10
    only_for_make = {"PYTHON"}
    assert keep_only_ours(dict.fromkeys({*listed} - only_for_make, "x")) == []


def test_litellm_starts_in_an_environment_without_keys() -> None:
    told = (
        "import json, os; from optimizer.lm.litellm_library import litellm; litellm();"
        "print(json.dumps(sorted(os.environ)))"
    )
    environ = os.environ | dict.fromkeys(OTHERS, "secret")
    done = subprocess.run(
        [sys.executable, "-c", told], cwd=CHECKOUT, env=environ, capture_output=True, check=True
    )
    assert not set(OTHERS) & set(json.loads(done.stdout.splitlines()[-1]))
