"""The embedded Postgres: shared, secret, and back after the worst."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

import psycopg
import pytest

from promptlab.launch.home import Home
from promptlab.launch.postgres import Cluster, running_server


def test_rows_survive_kill_9_and_a_new_start_on_the_same_port(home: Home, data_made: None) -> None:
    with running_server(home) as first:
        with psycopg.connect(first.url) as link:
            link.execute("CREATE TABLE kept AS SELECT generate_series(1, 500) AS row")
        os.kill(first.pid, signal.SIGKILL)

        with running_server(home) as second, psycopg.connect(second.url) as link:
            assert link.execute("SELECT count(*) FROM kept").fetchone() == (500,)

    assert (second.port, second.pid) != (first.port, first.pid)
    assert second.port == first.port


def test_the_last_user_to_leave_stops_the_server(home: Home, data_made: None) -> None:
    with running_server(home) as outer:
        with running_server(home) as inner:
            assert inner == outer
        psycopg.connect(outer.url).close()

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(outer.url, connect_timeout=2)
    assert home.read_fact("postgres") == {}


def test_an_interrupted_first_start_is_begun_anew(home: Home) -> None:
    home.postgres.mkdir(mode=0o700)
    (home.postgres / "data.new").mkdir()
    (home.postgres / "data.new" / "PG_VERSION").write_text("18")

    with running_server(home) as server:
        psycopg.connect(server.url).close()


def test_a_lock_file_of_another_life_is_no_obstacle(home: Home, data_made: None) -> None:
    with running_server(home):
        pass
    lock = Cluster(home, {}).data / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n")  # alive, and no Postgres

    with running_server(home) as server:
        psycopg.connect(server.url).close()


def test_nobody_gets_in_without_the_password(home: Home, data_made: None) -> None:
    with (
        running_server(home) as server,
        pytest.raises(psycopg.OperationalError, match="password"),
    ):
        psycopg.connect(f"postgresql://promptlab:guess@127.0.0.1:{server.port}/promptlab")


def test_the_log_says_what_failed_and_not_with_which_words(home: Home, data_made: None) -> None:
    with (
        running_server(home) as server,
        psycopg.connect(server.url, autocommit=True) as link,
    ):
        link.execute("CREATE TABLE session (key text PRIMARY KEY, CHECK (key <> 'forbidden'))")
        for words in ("'a secret word'", "'a secret word'", "'forbidden'", "no_such_function()"):
            with suppress(psycopg.Error):
                link.execute(f"INSERT INTO session VALUES ({words})")  # type: ignore[arg-type]
    log = Cluster(home, {}).log.read_text()
    assert "duplicate key value" in log
    assert "secret word" not in log
    assert "INSERT" not in log


def test_secrets_are_made_once_and_only_their_owner_reads_them(home: Home) -> None:
    made = (home.secret_key(), home.encryption_keys(), home.database_password())

    assert made == (home.secret_key(), home.encryption_keys(), home.database_password())
    assert len(home.secret_key()) >= 50
    assert home.secrets.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in home.secrets.iterdir()} == {0o600}
