"""`python -m promptlab.launch`: what `make run` calls."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack

from promptlab.launch.checks import check_database, check_disk, check_python
from promptlab.launch.failures import told_in_one_sentence
from promptlab.launch.home import home_from
from promptlab.launch.lock import only_one
from promptlab.launch.logs import keep_private
from promptlab.launch.model_weights import VARIABLE, own_weights
from promptlab.launch.ports import listening_socket, port_from
from promptlab.launch.postgres import Cluster, running_server
from promptlab.launch.supervisor import Supervisor


def main() -> None:
    with told_in_one_sentence(), ExitStack() as stack:
        check_python(sys.version_info[:3])
        home = home_from(os.environ).prepare()
        stack.enter_context(only_one(home))
        keep_private(home.logs)
        if named := os.environ.get(VARIABLE):
            own_weights(named)
        host = os.environ.get("PROMPTLAB_HOST") or "127.0.0.1"
        listener = stack.enter_context(listening_socket(host, port_from(os.environ)))
        supervisor = Supervisor(home, listener, os.environ)
        if home.is_new:
            check_disk(home)
        else:
            supervisor.await_ground()
        if url := os.environ.get("DATABASE_URL"):
            check_database(url)
            supervisor.run(url, cluster=None)
        else:
            start = supervisor.patiently(lambda: stack.enter_context(running_server(home)))
            supervisor.run(start.url, Cluster(home, {}))


if __name__ == "__main__":
    main()
