#!/usr/bin/env python3
"""Measures the characters that Google or Azure bill in a week in which articles are edited, for each character that had to be translated.

    benches/audit/characters.py --relais target/release/relais --feeds FOLDER [--kind azure] [--days 7]

Serves the feeds; from one day to the next a sentence of each tenth entry is another. relais translates them by a server that speaks the
vendor's protocol and answers with words that the checks accept. The vendors bill every code point that is sent, markup too. A unique
character is one of a text that was sent for the first time, without its markup. It is not part of the tests: it needs feeds.
"""

import argparse
import functools
import html
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tokens"))
from measure import Files, english, serve  # noqa: E402


class Vendor(http.server.BaseHTTPRequestHandler):
    """A server of Google's or Azure's protocol that writes down what it is sent."""

    texts = []

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        is_google = isinstance(asked, dict)
        texts = asked["q"] if is_google else [item["Text"] for item in asked]
        self.texts.extend(texts)
        answers = [translate(text) for text in texts]
        if is_google:
            body = {"data": {"translations": [{"translatedText": answer} for answer in answers]}}
        else:
            body = [{"translations": [{"to": "en", "text": answer}]} for answer in answers]
        body = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def translate(text):
    """English of a sort; what must be left alone stays."""
    kept = re.split(r"(<(\w+)[^>]*(?:translate=no|notranslate)[^>]*>.*?</\2>)", text)
    return "".join(part if at % 3 == 1 else english(part) for at, part in enumerate(kept) if at % 3 != 2)


def plain(text):
    return html.unescape(re.sub(r"<[^>]*>", "", text))


def sentences(text):
    """The sentences of a text, or the whole: a paragraph that is sent again for one new sentence is not new."""
    return [part.strip() for part in re.split(r"(?<=[.!?…])\s+", plain(text)) if part.strip()]


def edit(feeds, day):
    """Makes the first full stop of each tenth entry the end of a new sentence."""
    for path in feeds:
        raw = path.read_bytes()
        marker = f". La rédaction a corrigé ce passage au jour numéro {day}. ".encode()
        items, place = re.split(rb"(<(?:item|entry)[ >])", raw), 0
        for at in range(2, len(items), 2):
            place += 1
            if (place + day) % 10 == 0:
                items[at] = re.sub(rb"(?<=[a-z])\. (?=[A-Z])", marker, items[at], count=1)
        path.write_bytes(b"".join(items))


def configuration(feeds, files, kind, vendor):
    lines = ["[fetch]", 'allow_private = ["127.0.0.1/32"]', 'every = "1h"']
    for number, feed in enumerate(feeds):
        lines += [f"[source.s{number}]", f'url = "{files}/{feed.name}"', 'lang = "fr"']
    lines += ["[engine.vendor]", f'kind = "{kind}"', f'url = "{vendor}"', 'key = { file = "key" }']
    lines += ["[edition.all]", 'langs = ["en"]', 'engines = ["vendor"]', "limit = 1000", "stories = false", 'show = "full"']
    return "\n".join(lines) + "\n"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--relais", required=True, type=pathlib.Path)
    arguments.add_argument("--feeds", required=True, type=pathlib.Path)
    arguments.add_argument("--kind", default="google", choices=("google", "azure"))
    arguments.add_argument("--days", default=7, type=int)
    arguments.add_argument("--log", type=pathlib.Path, help="a file for the texts as they were sent, one a line")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        here = pathlib.Path(folder)
        served = here / "feeds"
        shutil.copytree(given.feeds, served)
        feeds = sorted(path for path in served.iterdir() if path.suffix in (".xml", ".rss", ".atom", ".json"))
        (here / "key").write_text("key")
        files = serve(functools.partial(Files, directory=served))
        (here / "feeds.toml").write_text(configuration(feeds, files, given.kind, serve(Vendor)))
        counted, seen, unique = 0, set(), 0
        for day in range(given.days):
            if day:
                edit(feeds, day)
            before = len(Vendor.texts)
            done = subprocess.run([str(given.relais.resolve()), "run", "--force", "--json"], cwd=here, capture_output=True, text=True, check=False)
            if not done.stdout:
                sys.exit(done.stderr[-2000:])
            reported = json.loads(done.stdout)["translation"]
            counted += reported["characters_sent"]
            billed = sum(map(len, Vendor.texts[before:]))
            print(f"day {day + 1}: {billed} characters in {len(Vendor.texts) - before} texts; rejected {reported['rejected']}, left {reported['left']}")
    again = 0
    for text in Vendor.texts:
        new = [part for part in sentences(text) if part not in seen]
        again += 0 if new else len(text)
        for part in new:
            seen.add(part)
            unique += len(part) + 1
    billed, markup = sum(map(len, Vendor.texts)), sum(len(text) - len(plain(text)) for text in Vendor.texts)
    if given.log:
        given.log.write_text("".join(text.replace("\n", " ") + "\n" for text in Vendor.texts))
    print(f"billed {billed} (relais counts {counted}), unique {unique}: {billed / unique:.3f} for each; markup {100 * markup / billed:.1f} %")
    print(f"without texts of which nothing was new, such as second askings: {(billed - again) / unique:.3f} for each")


main()
