"""Whether the XLIFF of `relais review` keeps to the published schema, and another tool (translate-toolkit) can work on it.

    python roundtrip.py RELAIS XLIFF-CORE-2.0.XSD

Has a feed translated by a server that spoils one text in five, and checks the review against the schema of OASIS: that of the core
is the same in 2.0 and 2.1. Then translate-toolkit reads the file, translates what is left, marks it as reviewed and writes it anew. That
file keeps to the schema, too; relais takes the corrections, and the next run publishes them with their markup.
"""

import copy
import functools
import http.server
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

from lxml import etree
from translate.storage import xliff2

COUNT = 40
MARK = "{urn:oasis:names:tc:xliff:document:2.0}"


ENGLISH = {"Le": "The", "relais": "relay", "gagne": "wins", "gagnent": "win", "la": "the", "course": "race", "devant": "before"}
ENGLISH |= {"public": "crowd", "a": "has", "salué": "greeted", "nageurs": "swimmers", "et": "and", "l": "the", "équipe": "team"}
ENGLISH |= {"son": "its", "fois": "times", "personnes": "people", "bleue": "blue"}


def in_english(text):
    return re.sub(r"\w+", lambda word: ENGLISH.get(word[0], word[0]), text)


def feed():
    """Entries with markup inside of sentences, signs that XML escapes, and characters that XML does not have in every form."""
    items = []
    for n in range(COUNT):
        html = (
            f'<p>Le relais {n} gagne <a href="https://a.example/{n}?a=1&amp;b=2">la course &lt;{n}&gt;</a> devant {100 + n} personnes.</p>'
            f"<p>Le public a salué {200 + n} nageurs<br>et l’équipe « bleue »\u00a0!</p>"
        )
        items.append(
            f"<item><guid>{n}</guid><title>Le relais {n} &amp; son équipe gagnent {300 + n} fois</title>"
            f"<link>https://a.example/{n}?x=1&amp;y=2</link><pubDate>Fri, 27 Nov 2026 08:{n:02}:00 GMT</pubDate>"
            f"<description><![CDATA[{html}]]></description></item>"
        )
    return f'<rss version="2.0"><channel><title>a</title><language>fr</language>{"".join(items)}</channel></rss>'


class Server(http.server.BaseHTTPRequestHandler):
    """The feed, and a LibreTranslate server of which one text in five has other numbers."""

    feed_text = feed().encode()

    def answer(self, body, kind):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path != "/feed":
            return self.send_error(404)
        return self.answer(self.feed_text, "application/rss+xml")

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answers = []
        for text in asked["q"]:
            english = in_english(text)
            answers.append(re.sub(r"(?<!x)\d", "9", english) if re.search(r"[05]\b", text) else english)
        return self.answer(json.dumps({"translatedText": answers}).encode(), "application/json")

    def log_message(self, *_):
        pass


class Beside(etree.Resolver):
    """Finds the schema of the `xml:` attributes, which that of XLIFF imports, beside it."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def resolve(self, url, _, context):
        copy = self.folder / url.rsplit("/", 1)[-1]
        return self.resolve_filename(str(copy), context) if copy.exists() else None


def read_schema(path):
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Beside(path.parent))
    return etree.XMLSchema(etree.parse(str(path), parser))


def expect(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: {found!r} instead of {expected!r}")


def validate(what, path, schema):
    document = etree.parse(str(path))
    if not schema.validate(document):
        sys.exit(f"{what} breaks the schema:\n{schema.error_log}")
    return document


def plain(element):
    """The text of a source or target, without its marks."""
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


def corrected(text):
    """What the translator writes, with a word that the server does not use."""
    return in_english(text).replace("relay", "squad")


def translate(unit):
    """Translates a unit as a tool for translators does: the text between the marks, which stay."""
    source = unit.xmlelement.find(f"{MARK}source")
    target = unit.xmlelement.find(f"{MARK}target")
    if target is not None:
        unit.xmlelement.remove(target)
    target = etree.SubElement(unit.xmlelement, f"{MARK}target")
    for part in source:
        target.append(copy.deepcopy(part))
    target.text = source.text
    for part in [target, *target.iterdescendants()]:
        part.text = part.text and corrected(part.text)
        part.tail = part.tail and corrected(part.tail) if part is not target else None
    unit.markapproved()


def main(relais, schema):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_address[1]}"
    schema = read_schema(pathlib.Path(schema))
    with tempfile.TemporaryDirectory() as folder:
        here = pathlib.Path(folder)
        (here / "feeds.toml").write_text(
            f"""[fetch]
allow_private = ["127.0.0.1/32"]
[source.a]
url = "{origin}/feed"
lang = "fr"
[engine.lt]
kind = "libretranslate"
url = "{origin}"
[edition.jeux]
title = "The Games"
langs = ["en"]
engines = ["lt"]
show = "full"
limit = 100
stories = false
untranslated = "original"
"""
        )
        run = functools.partial(subprocess.run, cwd=here, check=True, capture_output=True, text=True)
        run([relais, "run"])
        (here / "ours.xlf").write_text(run([relais, "review", "--lang", "en", "--format", "xliff"]).stdout)
        ours = validate("the review", here / "ours.xlf", schema)
        rows = json.loads(run([relais, "review", "--lang", "en", "--json"]).stdout)
        if len(rows) < COUNT // 5:
            sys.exit(f"only {len(rows)} segments are left: this shows nothing")

        store = xliff2.Xliff2File.parsefile(str(here / "ours.xlf"))
        expect("units", len(store.units), len(rows))
        expect("languages", (store.getsourcelanguage(), store.gettargetlanguage()), ("fr", "en"))
        written = {plain(source) for source in ours.iter(f"{MARK}source")}
        expect("texts", {re.sub(r"\s+", " ", str(unit.source)).strip() for unit in store.units} ^ written, set())
        reasons = [plain(unit.getunitelement().find(f".//{MARK}note[@category='reason']")) for unit in store.units]
        if not all("stands on one side only" in reason for reason in reasons):
            sys.exit(f"a reason is missing: {reasons}")
        marks = sum(len(list(source)) for source in ours.iter(f"{MARK}source"))
        if not marks:
            sys.exit("no unit has a mark: this shows nothing")
        for unit in store.units:
            translate(unit)
        store.savefile(str(here / "theirs.xlf"))
        validate("what translate-toolkit wrote", here / "theirs.xlf", schema)

        taken = run([relais, "review", "import", "theirs.xlf"])
        if not (taken.stdout + taken.stderr).startswith(f"{len(rows)} corrections taken"):
            sys.exit(f"not all were taken: {taken}")
        run([relais, "run", "--force"])
        items = json.loads((here / "output/jeux.en.json").read_text())["items"]
        expect("items", len(items), COUNT)
        text = "".join(item["title"] + item["content_html"] for item in items)
        expect("links", len(set(re.findall(r"https://a\.example/\d+\?a=1&amp;b=2", text))), COUNT)
        published = re.sub(r"<[^>]*>", "", text)
        for unit in store.units:
            number = re.search(r"\d+", str(unit.source))[0]
            if not re.search(rf"squad {number}\b|greeted {number}\b", published):
                sys.exit(f"the correction of {unit.source!r} is not published")
        expect("what is left", [row["target"] for row in json.loads(run([relais, "review", "--lang", "en", "--json"]).stdout)], [])
    print(f"{len(rows)} units with {marks} marks: valid as relais and as translate-toolkit write them, taken and published")


main(str(pathlib.Path(sys.argv[1]).resolve()), sys.argv[2])
