"""Judges the status page, as `relais serve` serves it, in a browser.

    python status.py RELAIS FOLDER NODE_MODULES CHROMIUM

Makes two worlds in FOLDER: a small one, with sources in every state of trouble, an engine and a budget; and one of 1,000 sources. Their
pages are left there as small.html and large.html for other judges.
"""

import http.server
import json
import pathlib
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from datetime import datetime, timedelta, timezone

NOW = datetime.now(timezone.utc)


def feed(name, number):
    dates = [(NOW - timedelta(minutes=90 * n)).strftime("%a, %d %b %Y %H:%M:%S +0000") for n in range(number)]
    items = "".join(
        f"<item><guid isPermaLink='false'>{name}-{n}</guid><link>https://{name}.example/{n}</link><title>La finale numéro {n} de {name}</title>"
        f"<description>Les deux équipes se retrouvent dimanche au stade pour la finale du tournoi numéro {n}.</description><pubDate>{date}</pubDate></item>"
        for n, date in enumerate(dates)
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>Le journal {name}</title><link>https://{name}.example/</link><language>fr</language>{items}</channel></rss>".encode()


class Server(http.server.BaseHTTPRequestHandler):
    """Answers with feeds; `500…` fails, `410…` is gone, `html…` is no feed; and translates as LibreTranslate does."""

    fails = False

    def answer(self, status, body, kind="application/rss+xml"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        name = self.path.strip("/").split("?")[0]
        if name == "languages":
            return self.answer(200, json.dumps([{"code": "fr", "name": "French", "targets": ["en", "fr"]}]).encode(), "application/json")
        if Server.fails and name.startswith("500"):
            return self.answer(500, b"", "text/plain")
        if Server.fails and name.startswith("410"):
            return self.answer(410, b"", "text/plain")
        if Server.fails and name.startswith("html"):
            return self.answer(200, b"<!doctype html><title>Bient\xc3\xb4t</title><p>Une page.", "text/html")
        self.answer(200, feed(name or "a", 12 if name else 3))

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        put = lambda text: text.replace("La finale numéro", "The final number").replace(" de ", " of ")
        texts = asked["q"]
        done = [put(text) for text in texts] if isinstance(texts, list) else put(texts)
        self.answer(200, json.dumps({"translatedText": done}).encode(), "application/json")

    def log_message(self, *_):
        pass


def world(folder, relais, tables, runs):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "feeds.toml").write_text('[fetch]\nallow_private = ["127.0.0.1/32"]\nhost_interval = "0s"\nper_host = 8\n' + tables, encoding="utf-8")
    Server.fails = False
    for _ in range(runs):
        subprocess.run([relais, "-q", "-c", str(folder / "feeds.toml"), "run", "--force"], capture_output=True, check=False)
        Server.fails = True


def serve(folder, relais):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    server = subprocess.Popen([relais, "-q", "-c", str(folder / "feeds.toml"), "serve", "--listen", address])
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://{address}/healthz")
            break
        except OSError:
            time.sleep(0.05)
    return server, f"http://{address}/"


def main(relais, folder, modules, chromium):
    folder, relais = pathlib.Path(folder), str(pathlib.Path(relais).resolve())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    source = lambda name: f'[source.s{name}]\nurl = "{base}/{name}"\nlang = "fr"\n'
    names = ["500-lequipe", "410-figaro", "html-monde", "ouest", "sud", "nord"]
    small = "".join(map(source, names)) + '[source.off]\nurl = "https://off.example/"\nenabled = false\n'
    small += f'[engine.mots]\nkind = "libretranslate"\nurl = "{base}"\nbudget = {{ characters = 900, per = "month" }}\n'
    small += '[edition.jeux]\ntitle = "Jeux"\nfrom = ["*"]\nlangs = ["fr", "en"]\nengines = ["mots"]\nuntranslated = "original"\n[edition.tout]\nfrom = ["*"]\n'
    world(folder / "small", relais, small, 5)
    large = "".join(f'[source.s{n}]\nurl = "{base}/?{n}"\n' for n in range(990)) + "".join(source(f"500-{n}") for n in range(10))
    world(folder / "large", relais, large + '[edition.jeux]\nfrom = ["*"]\n', 4)
    failed = False
    for name in ("small", "large"):
        serving, address = serve(folder / name, relais)
        try:
            (folder / f"{name}.html").write_bytes(urllib.request.urlopen(address + "status").read())
            judge = pathlib.Path(__file__).with_name("status.mjs")
            failed |= subprocess.run(["node", str(judge), modules, address + "status", chromium, str(folder / name)], check=False).returncode != 0
        finally:
            serving.terminate()
            serving.wait()
    sys.exit(failed)


main(*sys.argv[1:])
