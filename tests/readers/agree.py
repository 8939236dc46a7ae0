"""Whether feed readers that others wrote find the same in the files of a run: feedparser, rss-parser, Ruby's rss, XML::Feed.

    python agree.py RELAIS FEEDS NODE_MODULES

Serves the files of the folder FEEDS on 127.0.0.1, runs the program over them, and has each reader read the Atom and the RSS file. Count,
ids, links, dates, enclosures and plain headlines must be those of the JSON Feed. Prints what was compared; ends with 1 on a difference.
"""

import calendar
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
from datetime import datetime

import feedparser

HERE = pathlib.Path(__file__).parent
TYPES = {".json": "application/feed+json", ".html": "text/html", ".gz": "application/gzip"}
EDITIONS = {"full": 'show = "full"', "short": 'show = "summary"'}
LEAST_ITEMS = 20


class Server(http.server.BaseHTTPRequestHandler):
    """Answers with the files of a folder, by number."""

    files = []

    def do_GET(self):
        path = self.files[int(self.path.strip("/"))] if self.path.strip("/").isdigit() else None
        body = path.read_bytes() if path else b""
        self.send_response(200 if path else 404)
        self.send_header("Content-Type", TYPES.get(path.suffix, "application/xml") if path else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def publish(relais, feeds, folder):
    """Runs the program over the files of a folder. Returns the output folder."""
    Server.files = sorted(path for path in pathlib.Path(feeds).rglob("*") if path.suffix in {".xml", ".atom", ".rdf", ".json", ".gz"})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host = f"127.0.0.1:{server.server_port}"
    text = 'base_url = "https://relais.example.org/"\n[fetch]\nallow_private = ["127.0.0.1/32"]\nhost_interval = "0s"\nper_host = 8\n'
    text += "".join(f'[source.s{number}]\nurl = "http://{host}/{number}"\n' for number in range(len(Server.files)))
    text += "".join(f'[edition.{name}]\ntitle = "Tous"\nlimit = 1000\n{show}\n' for name, show in EDITIONS.items())
    (folder / "feeds.toml").write_text(text)
    ended = subprocess.run([relais, "run"], cwd=folder, capture_output=True, text=True)
    server.shutdown()
    # Among the files are some that are no feeds.
    if ended.returncode not in (0, 3):
        sys.exit(f"relais run ended with {ended.returncode}: {ended.stderr}")
    return folder / "output"


def seconds(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def main_enclosure(files):
    """The one that an RSS item has: audio or video, any other file, a picture."""
    rank = {"audio": 0, "video": 0, "image": 2}
    return min(files, key=lambda file: rank.get(file["mime_type"].split("/")[0], 1))["url"]


def expected(item, kind):
    """What a reader must find of an item of the JSON Feed."""
    files = item.get("attachments", [])
    if kind == "rss":
        enclosures = [main_enclosure(files)] if files else []
    else:
        enclosures = [file["url"] for file in files]
    return {"id": item["id"], "link": item.get("url"), "date": seconds(item["date_published"]), "title": item["title"], "enclosures": enclosures}


def by_feedparser(path, _):
    feed = feedparser.parse(path.read_bytes())
    if feed.bozo:
        sys.exit(f"feedparser: {path.name}: {feed.bozo_exception}")
    for entry in feed.entries:
        yield {
            "id": entry.id,
            "link": entry.get("link"),
            "date": calendar.timegm(entry.published_parsed),
            "title": entry.title,
            "enclosures": [link.href for link in entry.get("links", []) if link.rel == "enclosure"],
        }


def by_program(*command):
    def read(path, environment):
        ended = subprocess.run([*command, path], env=environment, capture_output=True, text=True)
        if ended.returncode:
            sys.exit(f"{command[0]}: {path.name}: {ended.stderr}")
        return json.loads(ended.stdout)

    return read


READERS = {
    "feedparser": by_feedparser,
    "rss-parser": by_program("node", HERE / "read.js"),
    "ruby rss": by_program("ruby", HERE / "read.rb"),
    "XML::Feed": by_program("perl", HERE / "read.pl"),
}


def differences(found, wanted):
    """The ids and fields in which two lists of items differ. What a reader does not tell is not compared."""
    if len(found) != len(wanted):
        yield f"{len(found)} items instead of {len(wanted)}"
    for ours, theirs in zip(wanted, found):
        for field, value in theirs.items():
            # Readers differ in what they make of markup in a headline.
            is_plain = field != "title" or not set("<&") & set(ours["title"])
            ours_value = " ".join(ours[field].split()) if field == "title" else ours[field]
            theirs_value = " ".join(value.split()) if field == "title" and value else value
            if is_plain and theirs_value != ours_value:
                yield f"{ours['id']} {field}: {theirs_value!r} instead of {ours_value!r}"


def main(relais, feeds, modules):
    environment = {**os.environ, "NODE_PATH": str(pathlib.Path(modules).resolve()), "LANG": "C.UTF-8"}
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        output = publish(relais, feeds, pathlib.Path(folder))
        for edition in EDITIONS:
            items = json.loads((output / f"{edition}.json").read_text())["items"]
            if len(items) < LEAST_ITEMS:
                sys.exit(f"{edition}.json has only {len(items)} items")
            has = lambda test: sum(1 for item in items if test(item))
            print(
                f"{edition}: {len(items)} items, {has(lambda item: 'image' in item)} with a picture,"
                f" {has(lambda item: 'content_html' in item)} with content_html,"
                f" {has(lambda item: 'attachments' in item)} with files,"
                f" {has(lambda item: {'credit', 'caption'} & set(item['_relais'].get('image', {})))} with a caption or credit"
            )
            for kind in ("atom", "rss"):
                wanted = [expected(item, kind) for item in items]
                for name, read in READERS.items():
                    found = list(read(output / f"{edition}.{kind}", environment))
                    wrong = list(differences(found, wanted))
                    failed |= bool(wrong)
                    print(f"  {edition}.{kind} by {name}: {len(found)} items, {len(wrong)} differences")
                    print("".join(f"    {line}\n" for line in wrong[:5]), end="")
    sys.exit(failed)


if __name__ == "__main__":
    main(str(pathlib.Path(sys.argv[1]).resolve()), sys.argv[2], sys.argv[3])
