"""The environment of whoever calls models: nothing in it that a library could take for a key."""

from __future__ import annotations

from collections.abc import MutableMapping

NAMES = frozenset(
    {
        # the system and Python
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "HOSTNAME", "TMPDIR", "TMP", "TEMP",
        "TZ", "LANG", "LANGUAGE", "TERM", "COLUMNS", "LINES", "NO_COLOR", "VIRTUAL_ENV",
        "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "OPENSSL_CONF",
        "SYSTEMROOT", "NOTIFY_SOCKET", "INVOCATION_ID", "JOURNAL_STREAM",
        # our own, docs/configuration.md
        "PORT", "ALLOWED_HOSTS", "DATABASE_URL", "SECRET_KEY", "LOG_LEVEL", "DEBUG",
        "DJANGO_SETTINGS_MODULE",
    }
)  # fmt: skip
PREFIXES = (
    "PROMPTLAB_", "PG", "PYTHON", "LC_", "MALLOC_", "OMP_", "OPENBLAS_", "MKL_", "COVERAGE_",
)  # fmt: skip
"""Ours, Postgres's, Python's, the system's, and those that hold numpy back."""


SET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else it is fetched while LiteLLM is imported
    "LITELLM_RUST": "False",  # its native code has connections of its own
    "HF_HUB_OFFLINE": "1",  # no tokenizer is fetched to count what a provider did not
}
"""What the libraries are told instead."""


def keep_only_ours(environ: MutableMapping[str, str]) -> list[str]:
    """Take everything out that neither we nor what we stand on needs; the names that went.

    Providers' libraries look up keys, roles, files and proxies under more names than anybody can
    list, and a provider without a key has none. Call it before the first thread starts: once more
    changes nothing.
    """
    kept = {*NAMES, *SET}
    gone = [name for name in environ if name not in kept and not name.startswith(PREFIXES)]
    for name in gone:
        environ.pop(name, None)
    for name, value in SET.items():
        if environ.get(name) != value:
            environ[name] = value
    return gone
