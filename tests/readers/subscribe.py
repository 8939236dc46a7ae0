"""Whether programs that people subscribe with keep each entry once: newsboat, sfeed, rss2email and feedparser, over HTTP.

    python subscribe.py RELAIS

Publishes three French entries in an English edition while the engine is away, then their translations. Each program polls before that
until it should say what it knows, and once after it. A poll that says what is known must be answered with 304, and with the whole feed once
that has changed; and there must be three entries after each. Ends with 1 on a difference.
"""

import email.utils
import hashlib
import http.server
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading

import feedparser

ENTRIES = 3
WORDS = "there are many people who have seen the race and they will come again next year with their friends".split()
STORY = "Les nageurs ont salué le public après la course, et ils reviendront dans le bassin avec leurs amis"


def feed():
    items = "".join(
        f"<item><guid isPermaLink='false'>{n}</guid><link>https://a.example/{n}</link><title>Nouvelle numéro {n} de la course</title>"
        f"<description>{STORY} {n} fois.</description><pubDate>Mon, {n:02} Sep 2026 08:00:00 GMT</pubDate></item>"
        for n in range(1, ENTRIES + 1)
    )
    return f"<rss version='2.0'><channel><title>A</title><link>https://a.example/</link><description>A</description><language>fr</language>{items}</channel></rss>"


class Server(http.server.BaseHTTPRequestHandler):
    """The source, the engine, and the output with ETag and Last-Modified."""

    protocol_version = "HTTP/1.1"
    output = None
    is_engine_up = False
    log = []

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/source":
            return self.answer(200, feed().encode(), Content_Type="application/rss+xml; charset=utf-8")
        if self.path == "/engine/languages":
            return self.answer(200, b'[{"code": "fr", "targets": ["en"]}]', Content_Type="application/json")
        file = self.output / self.path.lstrip("/") if self.output else None
        if not file or not file.is_file():
            return self.answer(404)
        body = file.read_bytes()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        changed = email.utils.formatdate(file.stat().st_mtime, usegmt=True)
        known = self.headers.get("If-None-Match")
        is_known = etag in known if known else self.headers.get("If-Modified-Since") == changed
        is_conditional = bool(known or self.headers.get("If-Modified-Since"))
        self.log.append((is_conditional, 304 if is_known else 200))
        kind = "application/atom+xml" if file.suffix == ".atom" else "application/rss+xml"
        headers = {"Content_Type": f"{kind}; charset=utf-8", "ETag": etag, "Last_Modified": changed}
        return self.answer(304, **headers) if is_known else self.answer(200, body, **headers)

    do_HEAD = do_GET

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.is_engine_up:
            return self.answer(503)
        texts = json.loads(body)["q"]
        answer = [translate(text) for text in texts] if isinstance(texts, list) else translate(texts)
        return self.answer(200, json.dumps({"translatedText": answer}).encode(), Content_Type="application/json")

    def log_message(self, *_):
        pass


def translate(text):
    """Replaces each word in small letters by an English one; markup and numbers stay."""
    words = iter(WORDS * 20)
    return re.sub(r"<[^>]*>|[A-Za-zÀ-ÿ’']+", lambda word: word[0] if word[0][0] == "<" else next(words), text)


def by_feedparser(url, folder):
    state = folder / "state.json"
    known = json.loads(state.read_text()) if state.exists() else {"ids": {}}
    read = feedparser.parse(url, etag=known.get("etag"), modified=known.get("modified"))
    if read.status != 304:
        known["ids"].update({entry.id: entry.title for entry in read.entries})
        known.update(etag=read.get("etag"), modified=read.get("modified"))
        state.write_text(json.dumps(known))
    return list(known["ids"].values())


def by_newsboat(url, folder):
    (folder / "urls").write_text(f"{url}\n")
    (folder / "config").write_text("")
    run(["newsboat", "-q", "-u", folder / "urls", "-C", folder / "config", "-c", folder / "cache.db", "-x", "reload"], folder)
    with sqlite3.connect(folder / "cache.db") as database:
        return [title for (title,) in database.execute("select title from rss_item")]


def by_sfeed(url, folder):
    (folder / "sfeedrc").write_text(f'sfeedpath="$HOME/.sfeed/feeds"\nfeeds() {{ feed a "{url}"; }}\n{sfeed_functions()}')
    run(["sfeed_update", folder / "sfeedrc"], folder)
    return [line.split("\t")[1] for line in (folder / ".sfeed" / "feeds" / "a").read_text().splitlines()]


def sfeed_functions():
    """The functions that docs/GUIDE.md tells users of sfeed to write."""
    guide = (pathlib.Path(__file__).parents[2] / "docs" / "GUIDE.md").read_text()
    functions = re.search(r"(?ms)^    fetch\(\) \{\n.*?^    merge\(\) \{.*?\}\n", guide)
    return re.sub(r"(?m)^    ", "", functions[0])


def by_rss2email(url, folder):
    config, data, mails = folder / "r2e.cfg", folder / "r2e.json", folder / "mails"
    command = ["r2e", "-c", config, "-d", data]
    if not config.exists():
        for box in ("new", "cur", "tmp"):
            (mails / "inbox" / box).mkdir(parents=True)
        run([*command, "new", "reader@a.example"], folder)
        text = config.read_text()
        text = re.sub(r"(?m)^email-protocol.*$", "email-protocol = maildir", text)
        text = re.sub(r"(?m)^maildir-path.*$", f"maildir-path = {mails}", text)
        config.write_text(re.sub(r"(?m)^maildir-mailbox.*$", "maildir-mailbox = inbox", text))
        run([*command, "add", "a", url], folder)
    run([*command, "run"], folder)
    return [mail.name for mail in (mails / "inbox" / "new").iterdir()]


def run(command, folder):
    environment = {**os.environ, "HOME": str(folder), "LANG": "C.UTF-8", "XDG_DATA_HOME": str(folder)}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    if ended.returncode:
        sys.exit(f"{command[0]}: {ended.stdout}{ended.stderr}")


# The poll from which on a program says what it knows. newsboat 2.21 keeps the validators of an answer in the row of the feed in its cache, and
# makes that row at the end of the first poll: so its second poll is like its first.
READERS = {"feedparser": (by_feedparser, 2), "newsboat": (by_newsboat, 3), "sfeed": (by_sfeed, 2), "rss2email": (by_rss2email, 2)}


def publish(relais, folder):
    ended = subprocess.run([relais, "run", "--force"], cwd=folder, capture_output=True, text=True)
    if ended.returncode not in (0, 3):
        sys.exit(f"relais run ended with {ended.returncode}: {ended.stderr}")


def poll(read, url, place, times):
    """Polls so many times. Returns the numbers of entries, and what the last poll asked: whether with conditions, and the status."""
    counts = []
    for _ in range(times):
        begin = len(Server.log)
        counts.append(len(read(url, place)))
    return counts, Server.log[begin:]


def main(relais):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host = f"http://127.0.0.1:{server.server_port}"
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        Server.output = folder / "output"
        (folder / "feeds.toml").write_text(
            f'base_url = "{host}/"\n[fetch]\nallow_private = ["127.0.0.1/32"]\nhost_interval = "0s"\n'
            f'[engine.lt]\nkind = "libretranslate"\nurl = "{host}/engine"\n[source.a]\nurl = "{host}/source"\n'
            '[edition.jeux]\nlangs = ["en"]\nengines = ["lt"]\nuntranslated = "original"\n'
        )
        publish(relais, folder)
        polls = {}
        for kind in ("atom", "rss"):
            for program, (read, known_from) in READERS.items():
                place = folder / f"{program}-{kind}"
                place.mkdir()
                url = f"{host}/jeux.en.{kind}"
                counts, polled = poll(read, url, place, known_from)
                polls[program, kind] = (read, url, place)
                is_known = bool(polled) and all(answer == (True, 304) for answer in polled)
                failed |= not is_known or counts != [ENTRIES] * known_from
                print(f"  jeux.en.{kind} by {program}: {counts} entries, poll {known_from} {[status for _, status in polled]}")
        Server.is_engine_up = True
        before = (folder / "output" / "jeux.en.atom").read_text()
        # The engine rests after its failures: a run that follows asks it again.
        for _ in range(5):
            publish(relais, folder)
            subprocess.run([relais, "retranslate", "--edition", "jeux"], cwd=folder, capture_output=True)
        after = (folder / "output" / "jeux.en.atom").read_text()
        if "Machine translation from French" not in after or "Machine translation" in before:
            sys.exit("the translation did not arrive")
        for (program, kind), (read, url, place) in polls.items():
            counts, polled = poll(read, url, place, 1)
            failed |= counts != [ENTRIES] or not polled or any(answer != (True, 200) for answer in polled)
            print(f"  jeux.en.{kind} by {program}: {counts} entries once they are translated, {[status for _, status in polled]}")
    sys.exit(failed)


if __name__ == "__main__":
    main(str(pathlib.Path(sys.argv[1]).resolve()))
