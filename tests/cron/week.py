#!/usr/bin/env python3
"""Simulates a week of cron: the program is run every five minutes of simulated time, and each run that prints is a mail.

    week.py RELAIS [FAKETIME_LIBRARY]

The clock of each run is set by libfaketime (Debian's package `faketime`). Feeds and the translation server are scripted servers on
127.0.0.1. What happens in the week, and the mails that must be sent, stand in `EVENTS` and `MAILS`; every other mail, and every
one that is missing, is a failure. Ends with 1 if there is one.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BEGIN = datetime(2026, 11, 30, tzinfo=timezone.utc)
STEP = timedelta(minutes=5)
SOURCES = ["aviron", "boxe", "escrime", "judo", "natation", "voile"]
# The minutes between two visits: mostly one source is due at a time, and in some runs several are.
EVERY = [20, 25, 30, 30, 35, 45]
LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


def at(day, hour, minute=0):
    """The time on a day of the week, counted from 1."""
    return BEGIN + timedelta(days=day - 1, hours=hour, minutes=minute)


EVENTS = {
    "network": (at(2, 10), at(2, 13)),  # no host can be reached
    "source": (at(3, 6), at(5, 6)),  # judo answers 500
    "engine": (at(4, 9), at(4, 15)),  # the translation server answers 500
    "budget": (at(6, 8), None),  # from here on there is more to translate than the budget allows
}

# From when, until when, and what the mail says. Each must be sent once.
MAILS = [
    (at(1, 0), at(1, 0, 10), r"warning.*unused"),
    (at(2, 10), at(2, 11), r"the network is away"),
    (at(2, 13), at(2, 14), r"network.*(back|again)"),
    (at(3, 6), at(3, 9), r"source judo.*500"),
    (at(4, 9), at(4, 13), r"engine libre.*500"),
    (at(4, 15), at(4, 18), r"engine libre.*again"),
    (at(5, 6), at(5, 16), r"source judo.*again"),
    (at(6, 8), at(6, 12), r"engine libre.*budget"),
]


class World:
    """The servers, and the time that they show."""

    now = BEGIN
    spoken = {}

    @classmethod
    def during(cls, event):
        begin, end = EVENTS[event]
        return begin <= cls.now and (end is None or cls.now < end)


def stories(name):
    """The newest stories of a source: one every four hours, and one every ten minutes once the budget is to run out."""
    number = SOURCES.index(name)
    times = [BEGIN - timedelta(hours=4 * back, minutes=7 * number) for back in range(6)]
    next_time = BEGIN + timedelta(hours=4, minutes=7 * number)
    while next_time <= World.now:
        times.append(next_time)
        next_time += timedelta(minutes=10) if next_time >= EVENTS["budget"][0] else timedelta(hours=4)
    for when in sorted(times, reverse=True)[:20]:
        mark = int(when.timestamp()) // 60
        french = f"Le club de {name} gagne la course numéro {mark} devant un grand public."
        World.spoken[french] = f"The club of {name} wins race number {mark} before a large crowd."
        yield when, mark, french


class Feed(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        name = self.server.name
        if not self.path.startswith("/feed"):
            return self.answer(404, "text/plain", "")
        if name == "judo" and World.during("source"):
            return self.answer(500, "text/plain", "broken")
        items = "".join(
            f"<item><guid>{name}-{mark}</guid><link>http://127.0.0.1:{self.server.server_port}/{mark}</link>"
            f"<title>{french}</title><pubDate>{format_datetime(when)}</pubDate></item>"
            for when, mark, french in stories(name)
        )
        self.answer(200, "application/rss+xml", f'<rss version="2.0"><channel><title>{name}</title>{items}</channel></rss>')

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["q"]
        if World.during("engine"):
            return self.answer(500, "text/plain", "broken")
        texts = [World.spoken.get(text, text) for text in ([asked] if isinstance(asked, str) else asked)]
        self.answer(200, "application/json", json.dumps({"translatedText": texts[0] if isinstance(asked, str) else texts}))

    def answer(self, status, media_type, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, name, port=0):
        self.name = name
        super().__init__(("127.0.0.1", port), Feed)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


def write_plan(folder, servers, engine):
    tables = "".join(
        f'[source.{server.name}]\nurl = "http://127.0.0.1:{server.server_port}/feed"\nlang = "fr"\ntags = ["olympic"]\nevery = "{minutes}m"\n'
        for server, minutes in zip(servers, EVERY)
    )
    (folder / "feeds.toml").write_text(
        f"""base_url = "https://relais.example/"
[fetch]
allow_private = ["127.0.0.1/32"]
host_interval = "0s"
timeout = "5s"
[engine.libre]
kind = "libretranslate"
url = "http://127.0.0.1:{engine.server_port}/"
budget = {{ characters = 30_000, per = "month" }}
{tables}[source.unused]
url = "http://127.0.0.1:{servers[0].server_port}/feed?unused"
enabled = true
lang = "fr"
[edition.jeux]
title = "Jeux"
from = ["tag:olympic"]
langs = ["en"]
engines = ["libre"]
formats = ["atom"]
""",
        "utf-8",
    )


def run(relais, library, folder):
    """Runs the program once, as cron does. Returns what cron would mail."""
    environment = {
        "PATH": os.environ["PATH"],
        "LD_PRELOAD": library,
        "FAKETIME": World.now.strftime("@%Y-%m-%d %H:%M:%S"),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "TZ": "UTC",
    }
    done = subprocess.run([relais, "run"], cwd=folder, env=environment, capture_output=True, timeout=120)
    return done.returncode, (done.stdout + done.stderr).decode().strip()


def week(relais, library, folder):
    servers = [Server(name) for name in SOURCES]
    engine = Server("engine")
    ports = [server.server_port for server in servers]
    write_plan(folder, servers, engine)
    is_up, mails = True, []
    while World.now < at(8, 0):
        if is_up == World.during("network"):
            is_up = not is_up
            if is_up:
                servers = [Server(name, port) for name, port in zip(SOURCES, ports)]
            else:
                for server in servers:
                    server.close()
        code, text = run(relais, library, folder)
        if code not in (0, 3) or text:
            mails.append((World.now, code, text))
            print(f"{World.now:%a %H:%M}  exit {code}  {text}", flush=True)
        World.now += STEP
    return mails


def judge(mails):
    """Returns what is wrong with the mails."""
    wrong, left = [], list(mails)
    for begin, end, pattern in MAILS:
        found = [mail for mail in left if begin <= mail[0] <= end and re.search(pattern, mail[2], re.S)]
        if len(found) != 1:
            wrong.append(f"{len(found)} mails instead of one between {begin:%a %H:%M} and {end:%a %H:%M}: {pattern}")
        left = [mail for mail in left if mail not in found]
    return wrong + [f"nobody wants the mail of {when:%a %H:%M}: {text}" for when, _, text in left]


def main():
    relais = os.path.abspath(sys.argv[1])
    library = sys.argv[2] if len(sys.argv) > 2 else LIBRARY
    with tempfile.TemporaryDirectory() as folder:
        mails = week(relais, library, Path(folder))
    wrong = judge(mails)
    print(*wrong, f"{len(mails)} mails in 2,016 runs; {len(wrong)} of them wrong or missing", sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
