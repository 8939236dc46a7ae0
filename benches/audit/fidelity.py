#!/usr/bin/env python3
"""Measures what readers of translated editions lose, over a folder of real feeds and a real engine.

    benches/audit/fidelity.py --relais target/release/relais --feeds FOLDER --apy http://127.0.0.1:2737 --to ca --to es [--left FILE]

Serves the feeds, and has relais publish every entry twice: as it is, and through an Apertium server. Compares both: tags, links and
images, numbers, and French common nouns that stand in a translated sentence as if they were names. Says which segments stay in their
language, and why. A noun counts as held if it has a capital, follows a determiner, is a common noun of French with a small letter, and is
no word of the target language: the dictionaries are those of Apertium (`lt-proc`). Those that the engine alone leaves are told apart. It is
not part of the tests: it needs a server and feeds.
"""

import argparse
import collections
import functools
import html.parser
import http.server
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import urllib.request

# The dictionaries of Debian's packages: French, and the language that is translated into.
FRENCH = "/usr/share/apertium/apertium-fra-cat/fra-cat.automorf.bin"
TARGETS = {
    "ca": "/usr/share/apertium/apertium-fra-cat/cat-fra.automorf.bin",
    "es": "/usr/share/apertium/apertium-fr-es/es-fr.automorf.bin",
}
DETERMINERS = {
    "ca": "el la els les un una uns unes del dels al als aquest aquesta aquests aquestes seu seva".split(),
    "es": "el la los las un una unos unas del al este esta estos estas su sus".split(),
}


class Files(http.server.SimpleHTTPRequestHandler):
    """A server of feeds."""

    def log_message(self, *_):
        pass


class Page(html.parser.HTMLParser):
    """The tags, addresses and texts of an entry. Texts in another language than the entry's are kept apart."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.images = collections.Counter(), collections.Counter(), collections.Counter()
        self.text, self.own, self.open = [], [], []
        self.feed(text or "")
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        # relais puts a `span` around a sentence that stays in its language.
        if not (tag == "span" and set(attributes) <= {"lang", "dir"}):
            self.tags[tag] += 1
        self.links.update([attributes["href"]] if "href" in attributes else [])
        self.images.update([attributes["src"]] if "src" in attributes else [])
        if tag not in ("br", "img", "hr", "wbr", "source", "track", "col"):
            self.open.append((tag, "lang" in attributes))
        if tag in ("p", "br", "li", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "div", "blockquote"):
            self.text.append(" \n ")
            self.own.append(" \n ")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if self.open and self.open[-1][0] == tag:
            self.open.pop()

    def handle_endtag(self, tag):
        for at in range(len(self.open) - 1, -1, -1):
            if self.open[at][0] == tag:
                del self.open[at:]
                return

    def handle_data(self, data):
        self.text.append(data)
        if not any(other for _, other in self.open):
            self.own.append(data)


def serve(folder):
    handler = functools.partial(Files, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


def configuration(feeds, files, given):
    lines = ["[fetch]", 'allow_private = ["127.0.0.1/32"]', 'every = "1h"']
    for number, feed in enumerate(feeds):
        lines += [f"[source.s{number}]", f'url = "{files}/{feed.name}"', f'lang = "{given.source}"']
    lines += ["[engine.apertium]", 'kind = "apertium"', f'url = "{given.apy}"', "in_flight = 2"]
    common = ["limit = 1000", "stories = false", 'show = "full"', 'formats = ["json"]']
    lines += ["[edition.plain]", *common]
    lines += ["[edition.other]", f"langs = {json.dumps(given.to)}", 'engines = ["apertium"]', 'untranslated = "original"', *common]
    return "\n".join(lines) + "\n"


def numbers(text):
    """The numbers of a text, whatever separates their groups."""
    joined = re.sub(r"(?<=\d)[\s.,\u00a0\u202f](?=\d{3}\b)", "", text)
    return collections.Counter(re.findall(r"\d+", joined))


def analyse(dictionary, words):
    """What a dictionary knows of each word: its tags; nothing for a word that it lacks."""
    words = sorted(words)
    done = subprocess.run(["lt-proc", "-w", dictionary], input="\n".join(words) + "\n", capture_output=True, text=True, check=True)
    known = {}
    for word, analyses in re.findall(r"\^([^/^$]*)/([^$]*)\$", done.stdout):
        known[word] = [] if analyses.startswith("*") else analyses.split("/")
    return known


def held_nouns(source_texts, texts, lang):
    """The capitalised words after a determiner that stand in the source as well, and are common nouns of French alone."""
    found = []
    pattern = re.compile(r"(?:\b(" + "|".join(DETERMINERS[lang]) + r")\s+|\b[ld]['’])([A-ZÀ-Ý][a-zà-ÿœ]{2,})\b", re.IGNORECASE)
    for source, text in zip(source_texts, texts):
        for match in pattern.finditer(text):
            word = match[2]
            before, after = text[: match.start()].rstrip(), text[match.end() :].lstrip()
            in_name = re.match(r"[A-ZÀ-Ý]", after) or re.search(r"[A-ZÀ-Ý][\w-]*$", before)
            if word[0].isupper() and not in_name and re.search(rf"\b{re.escape(word)}\b", source):
                found.append((word, text[max(0, match.start() - 30) : match.end() + 30].replace("\n", " ")))
    small = {word.lower() for word, _ in found}
    if not small:
        return []
    french, target = analyse(FRENCH, small), analyse(TARGETS[lang], small)
    is_noun = lambda word: any("<n>" in reading for reading in french.get(word, []))
    return [(word, where) for word, where in found if is_noun(word.lower()) and not target.get(word.lower())]


def bare(apy, lang, text):
    """What the engine makes of a text by itself."""
    query = urllib.parse.urlencode({"langpair": f"fr|{lang}", "q": text, "markUnknown": "no"})
    with urllib.request.urlopen(f"{apy}/translate?{query}", timeout=20) as answer:
        return json.load(answer)["responseData"]["translatedText"]


def compare(lang, plain, other, apy):
    """Compares the entries of two editions, and prints what the second one lacks."""
    pairs = [(plain[key], other[key]) for key in other if key in plain]
    lost, all_of = collections.Counter(), collections.Counter()
    missing, sources, texts = collections.Counter(), [], []
    for one, two in pairs:
        before, after = Page(one.get("content_html", "")), Page(two.get("content_html", ""))
        # Attributes hold text, too; the title is a line of its own.
        values = {
            "tags": (before.tags, after.tags),
            "links": (before.links, after.links),
            "images": (before.images, after.images),
            "numbers": (numbers(one["title"] + " \n " + "".join(before.text)), numbers(two["title"] + " \n " + "".join(after.text))),
        }
        for what, (had, has) in values.items():
            gone = had - has
            lost[what] += sum(gone.values())
            all_of[what] += sum(had.values())
            missing.update(f"{what[:-1]} {value}" for value in gone.elements())
        sources.append(one["title"] + " \n " + "".join(before.text))
        texts.append(two["title"] + " \n " + "".join(after.own))
    print(f"\n{lang}: {len(pairs)} entries")
    for what in ("tags", "links", "images", "numbers"):
        print(f"  {what:<8} lost {lost[what]:>5} of {all_of[what]:>6}")
    for value, count in missing.most_common(12):
        print(f"      {count} × {value[:110]}")
    if lang in TARGETS and pathlib.Path(TARGETS[lang]).exists():
        held = held_nouns(sources, texts, lang)
        alone = {word for word, _ in held if word in bare(apy, lang, f"le {word}")}
        own = [(word, where) for word, where in held if word not in alone]
        print(f"  French common nouns in translated sentences: {len(held)}; of these the engine alone leaves {len(held) - len(own)}")
        for word, where in own + [row for row in held if row not in own][: max(0, 10 - len(own))]:
            print(f"      {word}: …{where}…")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--relais", required=True, type=pathlib.Path)
    arguments.add_argument("--feeds", required=True, type=pathlib.Path)
    arguments.add_argument("--apy", required=True)
    arguments.add_argument("--source", default="fr", help="the language of the feeds")
    arguments.add_argument("--to", action="append", required=True)
    arguments.add_argument("--left", type=pathlib.Path, help="a file for the segments that stay, one a line")
    given = arguments.parse_args()
    feeds = sorted(path for path in given.feeds.iterdir() if path.suffix in (".xml", ".rss", ".rdf", ".atom", ".json"))
    with tempfile.TemporaryDirectory() as folder:
        here = pathlib.Path(folder)
        (here / "feeds.toml").write_text(configuration(feeds, serve(given.feeds), given))
        relais = [str(given.relais.resolve())]
        done = subprocess.run([*relais, "run", "--json"], cwd=here, capture_output=True, text=True, check=False)
        if not done.stdout:
            sys.exit(done.stderr[-2000:])
        counts = json.loads(done.stdout)["translation"]
        counts.pop("engines", None)
        print(f"{len(feeds)} feeds: {json.dumps(counts)}")
        entries = lambda name: {
            item["id"].split("entry/")[-1].split(":")[0]: item for item in json.loads((here / "output" / name).read_text())["items"]
        }
        plain = entries("plain.json")
        for lang in given.to:
            compare(lang, plain, entries(f"other.{lang}.json"), given.apy)
            rows = json.loads(subprocess.run([*relais, "review", "--lang", lang, "--json"], cwd=here, capture_output=True, text=True, check=True).stdout)
            reasons = collections.Counter((row["state"], ", ".join(row["reasons"])) for row in rows)
            print("  in the review: " + "; ".join(f"{state} ({why}) {count}" for (state, why), count in reasons.most_common()))
            if given.left:
                with given.left.open("a") as file:
                    file.writelines(f"{lang}\t{row['state']}\t{','.join(row['reasons'])}\t{row['source']}\t{row['target'] or ''}\n" for row in rows)


main()
