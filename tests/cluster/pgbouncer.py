#!/usr/bin/env python3
"""Several workers on one PostgreSQL through PgBouncer in transaction mode: nothing breaks, no budget is passed, nothing is sent twice.

    pgbouncer.py RELAIS [--speed]

The server is that of RELAIS_TEST_POSTGRES. With --speed it also compares two workers with one where the network is the wait. Ends with 1
if something is not as it must be.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from world import World, as_postgres, finish, free_port, sql, start, until

SERVER = os.environ.get("RELAIS_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/test")
BUDGET = 1_500
WORKERS = 4


def bouncer(folder):
    """Starts PgBouncer with the settings that docs/CLUSTER.md names. Returns the process and its port."""
    server, port = urlsplit(SERVER), free_port()
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"[databases]\n* = host={server.hostname} port={server.port or 5432} user={server.username}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\npool_mode = transaction\n"
        f"default_pool_size = 3\nignore_startup_parameters = extra_float_digits\nunix_socket_dir =\n"
    )
    os.chmod(folder, 0o755)
    os.chmod(config, 0o644)
    log = open(folder / "pgbouncer.log", "w")
    process = subprocess.Popen(["/usr/sbin/pgbouncer", str(config)], stdout=log, stderr=log, **as_postgres())
    url = f"postgres://{server.username}@127.0.0.1:{port}"

    def answers():
        if process.poll() is not None:
            raise SystemExit((folder / "pgbouncer.log").read_text())
        return subprocess.run(["psql", "-qAt", url + server.path, "-c", "select 1"], capture_output=True).returncode == 0

    until("PgBouncer answers", answers)
    return process, url


def check_budget(relais, folder, state):
    """Four workers want more translations than the budget allows; then there is no budget."""
    world = World(sources=12, stories=8, engine_delay=0.05)
    output = folder / "output"
    homes = [world.configure(folder / f"w{n}", state, output, budget=f'budget = {{ characters = {BUDGET}, per = "month" }}') for n in range(WORKERS)]
    for _ in range(2):
        for process in [start(relais, home, "run", "--force") for home in homes]:
            finish(process, (0, 3))
    assert 0 < world.characters() <= BUDGET, f"{world.characters()} characters were sent of {BUDGET}"
    print(f"{WORKERS} workers sent {world.characters()} of {BUDGET} characters, twice each")
    for home in homes:
        world.configure(home, state, output)
    for process in [start(relais, home, "run", "--force") for home in homes]:
        finish(process)
    finish(start(relais, homes[0], "run", "--force"))
    items = world.items(output)
    assert len(items) == 12 * 8, f"{len(items)} items"
    assert all(item["title"].startswith("The club") for item in items), "everything is translated"
    assert not world.doubled(), f"sent twice: {world.doubled()[:3]}"
    status = subprocess.run([relais, "status", "--json"], cwd=homes[0], capture_output=True, text=True)
    assert status.returncode == 0, status
    for home in homes:
        log = (home / "log").read_text()
        assert "prepared statement" not in log and "fault of relais" not in log, log


def compare_speed(relais, folder, state, name):
    """One worker, and two, over sources that take a while to answer."""

    def measure(workers):
        world = World(sources=160, stories=1, feed_delay=0.3)
        sql(name, "drop schema public cascade; create schema public")
        homes = [
            world.configure(folder / f"speed{workers}-{n}", state, folder / f"speed{workers}", engine=False, fetch="concurrency = 8")
            for n in range(workers)
        ]
        # The tables are made before.
        finish(start(relais, world.configure(folder / "tables", state, folder / "tables" / "out", engine=False, fetch="concurrency = 1"), "run", "--source", "s0"))
        sql(name, "truncate source, source_state, entry cascade")
        world.visits.clear()
        begun = time.monotonic()
        for process in [start(relais, home, "run") for home in homes]:
            finish(process)
        took = time.monotonic() - begun
        assert sorted(world.visits) == list(range(160)), "each source is visited once"
        return took

    one, two = measure(1), measure(2)
    print(f"160 sources that answer after 0.3 s, 8 at a time: one worker {one:.1f} s, two {two:.1f} s ({one / two:.2f} ×)")


def main():
    relais = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        database = f"relais_pool_{os.getpid()}"
        sql(SERVER, f"create database {database}")
        process, url = bouncer(folder)
        try:
            direct = urlsplit(SERVER)._replace(path=f"/{database}").geturl()
            state = f"{url}/{database}?pool_mode=transaction"
            check_budget(relais, folder, state)
            if "--speed" in sys.argv:
                compare_speed(relais, folder, state, direct)
            held = sql(direct, "select count(*) from pg_locks where locktype = 'advisory'")
            assert held == "0", "a connection of the pool keeps a lock"
        finally:
            process.terminate()
            process.wait(10)
            sql(SERVER, f"drop database {database} with (force)")


main()
