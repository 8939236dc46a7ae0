"""Servers on 127.0.0.1 for the tests of clusters: feeds that answer after a while, and a translation server that counts what it is sent."""

import json
import os
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PATIENCE = 120  # seconds; nothing here takes nearly as long


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(what, is_so, patience=PATIENCE):
    """Waits until something is so. Returns the seconds that it took."""
    begun = time.monotonic()
    while not is_so():
        if time.monotonic() - begun > patience:
            raise SystemExit(f"waited in vain until {what}")
        time.sleep(0.05)
    return time.monotonic() - begun


def as_postgres():
    """Arguments of Popen for servers that refuse to run as root."""
    return {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}


def sql(url, statement):
    """Runs a statement, and returns what psql prints."""
    command = ["psql", "-qAt", "-v", "ON_ERROR_STOP=1", url, "-c", statement]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.strip()


class World:
    """Feeds, a translation server, and what they have seen."""

    def __init__(self, sources, stories, feed_delay=0.0, engine_delay=0.0):
        self.sources, self.stories = sources, stories
        self.feed_delay, self.engine_delay = feed_delay, engine_delay
        self.sent = []
        self.visits = []
        self.lock = threading.Lock()
        world = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                if not self.path.startswith("/feed/"):
                    return self.answer(404, "text/plain", "")
                number = int(self.path.rsplit("/", 1)[1])
                with world.lock:
                    world.visits.append(number)
                time.sleep(world.feed_delay)
                self.answer(200, "application/atom+xml", world.feed(number))

            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["q"]
                texts = [asked] if isinstance(asked, str) else asked
                with world.lock:
                    world.sent.extend(texts)
                time.sleep(world.engine_delay)
                answers = [text.replace("Le club", "The club").replace("gagne la course", "wins the race") for text in texts]
                self.answer(200, "application/json", json.dumps({"translatedText": answers if isinstance(asked, list) else answers[0]}))

            def answer(self, status, media_type, text):
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", media_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def feed(self, number):
        stamp = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(time.time() - 7200))
        entries = "".join(
            f"<entry><id>urn:{number}:{story}</id><link href='https://s{number}.example.org/{story}'/><updated>{stamp}</updated>"
            f"<title>Le club {number} gagne la course {story} devant {1000 + 100 * number + story} spectateurs</title></entry>"
            for story in range(self.stories)
        )
        return (
            f"<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='fr'><id>urn:{number}</id><title>Le journal {number}</title>"
            f"<updated>{stamp}</updated>{entries}</feed>"
        )

    def characters(self):
        with self.lock:
            return sum(len(text) for text in self.sent)

    def doubled(self):
        """Texts that were sent more than once."""
        with self.lock:
            return sorted(text for text in set(self.sent) if self.sent.count(text) > 1)

    def configure(self, folder, state, output, *, engine=True, budget="", fetch="", every="1h"):
        """Writes the feeds.toml of a worker."""
        folder.mkdir(parents=True, exist_ok=True)
        text = f'state = "{state}"\noutput = "{output}"\nbase_url = "https://relais.example.org/"\n'
        text += f'[fetch]\nallow_private = ["127.0.0.1/32"]\nhost_interval = "0s"\nper_host = 64\n{fetch}\n'
        for number in range(self.sources):
            text += f'[source.s{number}]\nurl = "{self.address}/feed/{number}"\nlang = "fr"\nevery = "{every}"\n'
        text += '[edition.jeux]\nformats = ["json"]\nstories = false\nlimit = 1000\n'
        if engine:
            text += 'langs = ["en"]\nengines = ["lt"]\nuntranslated = "original"\n'
            text += f'[engine.lt]\nkind = "libretranslate"\nurl = "{self.address}"\n{budget}\n'
        (folder / "feeds.toml").write_text(text)
        return folder

    def items(self, output, name="jeux.en.json"):
        """The items that are published."""
        try:
            return json.loads((Path(output) / name).read_text())["items"]
        except (FileNotFoundError, json.JSONDecodeError):
            return []


def start(relais, folder, *args):
    """Starts relais in a folder; its log is `log` there."""
    with open(folder / "log", "a") as log:
        return subprocess.Popen([relais, *args], cwd=folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


def finish(process, codes=(0,)):
    """Waits for the end of a worker."""
    code = process.wait(PATIENCE)
    if code not in codes:
        raise SystemExit(f"relais ended with {code}")
    return code
