"""Whether another TMX tool (translate-toolkit) reads what relais writes, and relais what that tool writes.

    python roundtrip.py RELAIS

Fills a memory, exports it, reads the file by translate.storage.tmx, has it written anew, and imports that into another state.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

from translate.convert import po2tmx
from translate.storage import tmx

COUNT = 3000
FEEDS = """state = "sqlite:relais.db"
[source.a]
url = "https://a.example.org/feed"
[edition.jeux]
title = "Jeux"
from = ["*"]
"""

PO = """msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "Les Jeux d’hiver < ouverts > & clos"
msgstr "The winter Games < open > & closed"
"""


def rows():
    """Segments with pairs of marks, single marks, and signs that XML escapes."""
    for n in range(COUNT):
        marks = n % 3
        source = f"Le <x1>relais {n}</x1> &amp; l’équipe « bleue »\u00a0!" + "<x2/>" * (marks == 2)
        target = f"The “blue” team &lt;{n}&gt; &amp; the <x1>relay</x1>" + "<x2/>" * (marks == 2)
        if marks == 0:
            source, target = (re.sub(r"</?x\d/?>", "", text) for text in (source, target))
        yield {"from": "fr", "to": "en", "source": source, "target": target}


def plain(tagged):
    """The text of a segment without its marks."""
    text = re.sub(r"</?x\d+/?>", "", tagged)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def expect(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: {found!r} instead of {expected!r}")


def world(folder, name):
    path = pathlib.Path(folder) / name
    path.mkdir()
    (path / "feeds.toml").write_text(FEEDS)
    return path


def main(relais):
    def run(where, *args):
        return subprocess.run([relais, "memory", *args], cwd=where, check=True, capture_output=True, text=True).stdout

    def held(where):
        lines = [json.loads(line) for line in run(where, "export", "--format", "jsonl").splitlines()]
        return [(row["key"], row["from"], row["to"], row["source"], row["target"]) for row in lines]

    with tempfile.TemporaryDirectory() as folder:
        here, there = world(folder, "here"), world(folder, "there")
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows())
        (here / "rows.jsonl").write_text(lines)
        expect("import", run(here, "import", "rows.jsonl"), f"{COUNT} translations taken\n")
        run(here, "export", "ours.tmx")

        store = tmx.tmxfile.parsefile(str(here / "ours.tmx"))
        expect("units", len(store.units), COUNT)
        texts = {(str(unit.source), str(unit.target)) for unit in store.units}
        expect("texts", texts ^ {(plain(row["source"]), plain(row["target"])) for row in rows()}, set())

        store.savefile(str(there / "theirs.tmx"))
        expect("import of theirs", run(there, "import", "theirs.tmx"), f"{COUNT} translations taken\n")
        expect("what came back", held(there), held(here))

        # Units that the other tool makes itself.
        (there / "own.po").write_text(PO)
        po2tmx.main(["--progress=none", "-l", "en", "--source-language=fr", str(there / "own.po"), str(there / "own.tmx")])
        expect("import of its own", run(there, "import", "own.tmx"), "1 translations taken\n")
        found = [row for row in held(there) if "hiver" in row[3]]
        expect("its own", found[0][3:], ("Les Jeux d’hiver &lt; ouverts &gt; &amp; clos", "The winter Games &lt; open &gt; &amp; closed"))
    print(f"{COUNT} units: written by relais, read and written by translate-toolkit, read by relais")


main(str(pathlib.Path(sys.argv[1]).resolve()))
