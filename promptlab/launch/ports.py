"""TCP ports of this machine."""

from __future__ import annotations

import socket
from collections.abc import Mapping

from promptlab.launch.refusals import CannotLaunch

DEFAULT_PORT = 8000


def _bad_port(value: str) -> CannotLaunch:
    """PORT is not a port."""
    return CannotLaunch(f"PORT is {value!r}; it must be a number from 1 to 65535.")


def _port_taken(port: int) -> CannotLaunch:
    """Somebody else listens where the web server should."""
    return CannotLaunch(
        f"Port {port} is already in use. Stop what uses it, or choose another: "
        f"make run PORT={port + 1}"
    )


def port_from(environ: Mapping[str, str]) -> int:
    """PORT, or 8000.

    Raises:
        CannotLaunch: when it is no number of a port.
    """
    value = environ.get("PORT") or str(DEFAULT_PORT)
    if not value.isdigit() or not 1 <= int(value) <= 65535:
        raise _bad_port(value)
    return int(value)


def free_port(preferred: int | None = None) -> int:
    """A port of 127.0.0.1 that nobody listens on: the preferred one if it is free."""
    for wanted in (preferred or 0, 0):
        try:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", wanted))
                return int(probe.getsockname()[1])
        except OSError:
            continue
    raise OSError("No free TCP port on 127.0.0.1.")


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens already, so that no request is refused while the web server boots.

    Raises:
        CannotLaunch: when the address is in use.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise _port_taken(port) from error
    return listener
