"""Publishes the editions whose pages are judged.

    python publish.py RELAIS FEEDS FOLDER

Serves the feeds of the folder FEEDS on 127.0.0.1, and feeds made here: one in Arabic, one with 500 items, one with pictures, one with a
single item, one with nothing. An engine made here puts French into English word by word. The output is FOLDER/output; FOLDER/base
is the address at which it says that it will be reached, with a port that is free.
"""

import http.server
import json
import pathlib
import re
import socket
import subprocess
import sys
import threading
from datetime import datetime, timedelta, timezone

TYPES = {".json": "application/feed+json", ".html": "text/html"}
NEWEST = datetime(2026, 11, 22, 18, 0, tzinfo=timezone.utc)
SPORTS = ["Judo", "Ski alpin", "Biathlon", "Natation", "Escrime"]
TEXT = "Les deux équipes se retrouvent dimanche au stade pour la finale du tournoi, que le comité a déplacée à cause de la neige. "
ARABIC = [
    ("اللجنة الأولمبية الدولية تصوّت على موعد الألعاب", "صوّتت اللجنة مساء أمس على موعد الألعاب الشتوية المقبلة بعد نقاش طويل."),
    ("ذهبيتان في الجودو في بطولة العالم", "أحرز الفريق ميداليتين ذهبيتين في اليوم الأول من البطولة التي تقام في باريس 2026."),
    ("تأجيل سباق الانحدار بسبب الثلوج", "قرّر المنظمون تأجيل السباق إلى يوم الأحد."),
]


def rss(lang, title, items):
    entries = "".join(
        f"<item><guid isPermaLink='false'>{lang}-{title}-{n}</guid><link>https://journal.example/{n}</link><title>{head}</title>"
        f"<description><![CDATA[{text}]]></description><pubDate>{date.strftime('%a, %d %b %Y %H:%M:%S +0000')}</pubDate>{more}</item>"
        for n, (head, text, date, more) in enumerate(items)
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>{title}</title><link>https://journal.example/</link><language>{lang}</language>{entries}</channel></rss>".encode()


def made():
    at = lambda n: NEWEST - timedelta(minutes=37 * n)
    many = [(f"{SPORTS[n % 5]} : la finale numéro {n} est reportée", f"<p>{TEXT * (1 + n % 4)}</p><h2>Suite</h2><p>{TEXT}</p>", at(n), "") for n in range(500)]
    picture = lambda n: f"<enclosure url='https://img.example/{n}.jpg' type='image/jpeg' length='1000'/>"
    pictured = [(f"Ski : l’étape {n}", f"<p>{TEXT}</p>", at(n), picture(n)) for n in range(8)]
    long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
    return {
        "arabe": rss("ar", "الأخبار", [(head, f"<p>{text}</p>", at(n), "") for n, (head, text) in enumerate(ARABIC * 3)]),
        "beaucoup": rss("fr", "Le grand journal", many),
        "images": rss("fr", "L’agence photo", pictured),
        "un": rss("fr", "Le bulletin", [(f"Un mot : {long}", "<p>Un seul texte.</p>", at(0), "")]),
    }


class Server(http.server.BaseHTTPRequestHandler):
    """Answers with feeds by name, and translates as LibreTranslate does."""

    feeds = {}

    def answer(self, body, kind, status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/languages":
            return self.answer(json.dumps([{"code": "fr", "name": "French", "targets": ["en", "fr"]}]).encode(), "application/json")
        body, kind = self.feeds.get(self.path.strip("/"), (b"", "text/plain"))
        self.answer(body, kind, 200 if body else 404)

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        texts = asked["q"] if isinstance(asked["q"], list) else [asked["q"]]
        done = [english(text) for text in texts]
        self.answer(json.dumps({"translatedText": done if isinstance(asked["q"], list) else done[0]}).encode(), "application/json")

    def log_message(self, *_):
        pass


WORDS = {"les": "the", "le": "the", "la": "the", "deux": "two", "équipes": "teams", "se": "will", "retrouvent": "meet", "dimanche": "on Sunday", "au": "at the", "stade": "stadium", "pour": "for", "finale": "final", "du": "of the", "tournoi": "tournament", "que": "which", "comité": "committee", "a": "has", "déplacée": "moved", "à": "because", "cause": "of", "de": "the", "neige": "snow", "est": "is", "reportée": "postponed", "numéro": "number", "et": "and", "un": "a", "une": "a", "des": "of the", "étape": "stage"}


def english(text):
    """Puts French into English, word by word; markup stays."""
    word = lambda match: WORDS.get(match[0].lower(), match[0])
    parts = re.split(r"(<[^>]*>)", text)
    return "".join(part if part.startswith("<") else re.sub(r"[^\W\d_]+", word, part) for part in parts)


def main(relais, feeds, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in pathlib.Path(feeds).iterdir() if path.is_file() and path.suffix != ".html")
    Server.feeds = {str(n): (path.read_bytes(), TYPES.get(path.suffix, "application/xml")) for n, path in enumerate(files)}
    Server.feeds |= {name: (body, "application/rss+xml") for name, body in made().items()}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    source = lambda name, tag, lang: f'[source.{name}]\nurl = "{base}/{name.removeprefix("n")}"\nlang = "{lang}"\ntags = ["{tag}"]\n'
    edition = lambda name, tag, keys: f'[edition.{name}]\ntitle = "{name.title()}"\nfrom = ["tag:{tag}"]\nzone = "Europe/Paris"\n{keys}\n'
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/"
    (folder / "base").write_text(address, encoding="utf-8")
    plan = f'base_url = "{address}"\n[fetch]\nallow_private = ["127.0.0.1/32"]\nhost_interval = "0s"\nper_host = 8\n'
    plan += "".join(source(f"n{n}", "presse", "fr") for n in range(len(files)))
    plan += source("arabe", "arabe", "ar") + "".join(source(name, name, "fr") for name in ("beaucoup", "images", "un"))
    plan += f'[engine.mots]\nkind = "libretranslate"\nurl = "{base}"\n'
    plan += edition("presse", "presse", 'show = "full"\ndescription = "La presse de la démo, en français."')
    plan += edition("photos", "images", 'images = true\nshow = "full"')
    plan += edition("titres", "presse", 'show = "title"')
    plan += edition("games", "images", 'langs = ["fr", "en"]\nengines = ["mots"]\nshow = "full"\nbilingual = "paragraphs"\nuntranslated = "original"')
    plan += edition("arabe", "arabe", 'langs = ["ar"]\nshow = "full"\ndescription = "الأخبار الأولمبية"')
    plan += edition("beaucoup", "beaucoup", 'show = "full"\nlimit = 500\nwithin = "60d"\ndescription = "Cinq cents articles."')
    plan += edition("un", "un", "")
    plan += edition("vide", "un", "drop = \"'mot' in title\"")
    (folder / "feeds.toml").write_text(plan, encoding="utf-8")
    ended = subprocess.run([relais, "-c", str(folder / "feeds.toml"), "run"], capture_output=True, text=True)
    print(ended.stderr, end="", file=sys.stderr)
    if ended.returncode not in (0, 3):
        raise SystemExit(f"relais run ended with {ended.returncode}")


main(*sys.argv[1:])
