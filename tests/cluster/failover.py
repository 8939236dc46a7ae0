#!/usr/bin/env python3
"""Two workers on a Patroni cluster of two PostgreSQL nodes whose primary is killed in mid-run, and a server of a replica.

    failover.py RELAIS

Debian's packages patroni, etcd-server and postgresql. Everything must be published once, no budget passed, and the replica must serve all
the time. Prints how long writes were away. Ends with 1 if something is not as it must be.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from world import World, as_postgres, free_port, sql, start, until

SOURCES, STORIES = 12, 8
BUDGET = 60_000
TTL = 20  # the least that Patroni takes, in seconds


def postgres_binaries():
    return sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parts[-2]))[-1]


class Cluster:
    """etcd, and two nodes of Patroni."""

    def __init__(self, folder):
        self.folder = folder
        self.log = open(folder / "cluster.log", "w")
        client, peer = free_port(), free_port()
        self.etcd = self.run(
            ["etcd", "--name", "one", "--data-dir", str(folder / "etcd"), "--unsafe-no-fsync"]
            + [f"--listen-client-urls=http://127.0.0.1:{client}", f"--advertise-client-urls=http://127.0.0.1:{client}"]
            + [f"--listen-peer-urls=http://127.0.0.1:{peer}", f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}"]
            + [f"--initial-cluster=one=http://127.0.0.1:{peer}"]
        )
        self.etcd_port = client
        self.ports = [free_port(), free_port()]
        self.rest = [free_port(), free_port()]
        self.nodes = [None, None]

    def run(self, command):
        return subprocess.Popen(command, stdout=self.log, stderr=self.log, cwd=self.folder, start_new_session=True, **as_postgres())

    def start_node(self, n):
        config = {
            "scope": "relais",
            "name": f"node{n}",
            "restapi": {"listen": f"127.0.0.1:{self.rest[n]}", "connect_address": f"127.0.0.1:{self.rest[n]}"},
            "etcd3": {"hosts": f"127.0.0.1:{self.etcd_port}"},
            "bootstrap": {
                # Without synchronous replication, a fail-over may lose the last transactions.
                "dcs": {"ttl": TTL, "loop_wait": 1, "retry_timeout": 3, "synchronous_mode": True, "maximum_lag_on_failover": 1048576},
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, {"auth": "trust"}],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{self.ports[n]}",
                "connect_address": f"127.0.0.1:{self.ports[n]}",
                "data_dir": str(self.folder / f"node{n}"),
                "bin_dir": str(postgres_binaries()),
                "pgpass": str(self.folder / f"pgpass{n}"),
                "pg_hba": ["local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"],
                "authentication": {"superuser": {"username": "postgres"}, "replication": {"username": "postgres"}},
                "parameters": {"unix_socket_directories": str(self.folder), "fsync": "off", "max_connections": "60"},
            },
        }
        path = self.folder / f"node{n}.yml"
        path.write_text(json.dumps(config))  # JSON is YAML
        os.chmod(path, 0o644)
        self.nodes[n] = self.run(["patroni", str(path)])

    def role(self, n):
        """`primary`, `replica`, or nothing if the node does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.rest[n]}/patroni", timeout=1) as answer:
                state = json.load(answer)
        except urllib.error.HTTPError as error:
            state = json.load(error)
        except OSError:
            return None
        role = "primary" if state.get("role") in ("master", "primary") else state.get("role")
        return role if state.get("state") == "running" else None

    def is_synchronous(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.etcd_port}/version", timeout=1):
                pass
            primary = self.primary()
            return primary is not None and sql(self.url(primary), "select count(*) from pg_stat_replication where sync_state = 'sync'") == "1"
        except (OSError, subprocess.SubprocessError):
            return False

    def primary(self):
        return next((n for n in (0, 1) if self.nodes[n] and self.role(n) == "primary"), None)

    def url(self, n):
        return f"postgres://postgres@127.0.0.1:{self.ports[n]}/postgres"

    def kill(self, n):
        """Kills a node as a power cut does: Patroni, and PostgreSQL with all its processes."""
        pid = int((self.folder / f"node{n}" / "postmaster.pid").read_text().split()[0])
        os.kill(self.nodes[n].pid, signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)
        self.nodes[n].wait()

    def stop(self):
        for n in (0, 1):
            if self.nodes[n] and self.nodes[n].poll() is None:
                self.nodes[n].terminate()
        for node in self.nodes:
            if node:
                try:
                    node.wait(15)
                except subprocess.TimeoutExpired:
                    node.kill()
        self.etcd.terminate()
        self.etcd.wait(10)


class Reader(threading.Thread):
    """Reads a feed from a server again and again, and counts what is not as it must be."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address, self.read, self.wrong, self.goes_on = address, 0, [], True

    def run(self):
        while self.goes_on:
            try:
                with urllib.request.urlopen(self.address, timeout=5) as answer:
                    json.load(answer)
                self.read += 1
            except (OSError, ValueError) as error:
                self.wrong.append(str(error))
            time.sleep(0.1)


def main():
    relais = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        os.chmod(folder, 0o777)
        begun = time.monotonic()
        cluster = Cluster(folder)
        daemons, reader = [], None
        try:
            cluster.start_node(0)
            until("the first node is primary", lambda: cluster.primary() == 0)
            cluster.start_node(1)
            until("the second node follows, synchronously", lambda: cluster.role(1) is not None and cluster.is_synchronous())
            print(f"the cluster is up after {time.monotonic() - begun:.0f} s")
            sql(cluster.url(0), "create database relais")
            hosts = ",".join(f"127.0.0.1:{port}" for port in cluster.ports)
            state = f"postgres://postgres@{hosts}/relais?target_session_attrs=prefer-standby"
            run(relais, folder, cluster, state, daemons)
        finally:
            for daemon in daemons:
                daemon.terminate()
            for daemon in daemons:
                try:
                    daemon.wait(20)
                except subprocess.TimeoutExpired:
                    daemon.kill()
            cluster.stop()


def run(relais, folder, cluster, state, daemons):
    world = World(SOURCES, STORIES, feed_delay=0.2, engine_delay=0.5)
    output = folder / "output"
    budget = f'budget = {{ characters = {BUDGET}, per = "month" }}'
    homes = [world.configure(folder / f"w{n}", state, output, budget=budget, every="1m") for n in range(2)]
    daemons.extend(start(relais, home, "-v", "daemon") for home in homes)
    until("something is published", lambda: len(world.items(output)) > 0)
    port = free_port()
    server = world.configure(folder / "server", state, output)
    daemons.append(start(relais, server, "serve", "--listen", f"127.0.0.1:{port}"))
    reader = Reader(f"http://127.0.0.1:{port}/jeux.en.json")
    until("the server answers", lambda: is_served(reader.address))
    reader.start()
    until("translations are in flight", lambda: world.characters() > 0)
    killed = time.monotonic()
    cluster.kill(0)
    until("the second node is primary", lambda: cluster.role(1) == "primary")
    promoted = time.monotonic() - killed
    world.stories += 4  # there is news after the fail-over
    expected = SOURCES * world.stories
    until("all is published and translated", lambda: is_done(world, output, expected), 240)
    print(f"promoted {promoted:.0f} s after the primary was killed; all published {time.monotonic() - killed:.0f} s after")
    items = world.items(output)
    assert len({item["id"] for item in items}) == len(items) == expected, f"{len(items)} items"
    assert world.characters() <= BUDGET, f"{world.characters()} characters were sent of {BUDGET}"
    print(f"{len(world.sent)} texts were sent, {len(world.doubled())} of them twice: in flight when the primary died")
    reader.goes_on = False
    reader.join(10)
    assert reader.read > 50 and not reader.wrong, f"{reader.read} answers; {reader.wrong[:3]}"
    print(f"readers were answered {reader.read} times, and never in vain")
    cluster.start_node(0)
    until("the old primary follows", lambda: cluster.role(0) == "replica")
    # It may answer before it has what the other has written meanwhile.
    until("the standby knows all entries", lambda: entries_of_status(relais, homes[0]) == expected)


def entries_of_status(relais, home):
    status = subprocess.run([relais, "status", "--json"], cwd=home, capture_output=True, text=True, timeout=60)
    assert status.returncode in (0, 3), status
    return json.loads(status.stdout)["store"]["entries"]


def is_served(address):
    try:
        with urllib.request.urlopen(address, timeout=2):
            return True
    except OSError:
        return False


def is_done(world, output, expected):
    items = world.items(output)
    return len(items) == expected and all(item["title"].startswith("The club") for item in items)


main()
