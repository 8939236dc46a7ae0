#!/usr/bin/env python3
"""Compares the embedded engine with the engine in C++ that its models were made for.

usage: flores.py RELAIS FRENCH THEIRS [MODELS]

FRENCH has a sentence a line, THEIRS what Bergamot made of it with the same model (mozilla/firefox-translations-models, evaluation/). MODELS is a
folder of models (`relais models add fr-en`); without it, the model is fetched into a temporary folder. Standard library only. Prints how many
sentences are equal, the chrF of ours against theirs, the sentences that were left, and the first that differ. Exits with 1 if fewer than 90 % are
equal: the kernels round alike, but not always.
"""
import html
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

CONFIG = """
[engine.local]
kind = "firefox"
{models}
[source.none]
url = "https://none.example/"
lang = "fr"
[edition.none]
from = ["*"]
langs = ["en"]
engines = ["local"]
"""

PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.S)


def chrf(ours, theirs, longest=6, beta=2.0):
    """The character n-gram F-score of Popović (2015), over all sentences."""
    scores = []
    for n in range(1, longest + 1):
        common = own = other = 0
        for one, two in zip(ours, theirs):
            counts = [Counter(text[i : i + n] for i in range(len(text) - n + 1)) for text in (one.replace(" ", ""), two.replace(" ", ""))]
            common += sum((counts[0] & counts[1]).values())
            own += sum(counts[0].values())
            other += sum(counts[1].values())
        precision, recall = common / max(own, 1), common / max(other, 1)
        scores.append((1 + beta**2) * precision * recall / max(beta**2 * precision + recall, 1e-9))
    return 100 * sum(scores) / len(scores)


def plain(text):
    """Typography apart: relais sets quotation marks and spaces as the language has them."""
    text = html.unescape(re.sub(r"<[^>]*>", "", text))
    return " ".join(text.replace("’", "'").replace("“", '"').replace("”", '"').split())


def main(relais, french, theirs, models=None):
    sources = Path(french).read_text(encoding="utf-8").splitlines()
    theirs = [plain(line) for line in Path(theirs).read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "feeds.toml"
        config.write_text(CONFIG.format(models=f'models = "{Path(models).resolve()}"' if models else ""))
        run = [str(Path(relais).resolve()), "-c", str(config)]
        if not models:
            subprocess.run([*run, "models", "add", "fr-en"], check=True)
        page = "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in sources)
        command = [*run, "translate", "--from", "fr", "--to", "en", "--html", "-"]
        done = subprocess.run(command, input=page, capture_output=True, text=True)
        print(done.stderr.strip(), file=sys.stderr)
    ours = [plain(paragraph) for paragraph in PARAGRAPH.findall(done.stdout)]
    if len(ours) != len(sources) or len(theirs) != len(sources):
        print(f"{len(sources)} sentences, but {len(ours)} of ours and {len(theirs)} of theirs")
        return 1
    left = sum(one == plain(source) for one, source in zip(ours, sources))
    equal = sum(one == two for one, two in zip(ours, theirs))
    print(f"{equal} of {len(ours)} sentences equal, chrF {chrf(ours, theirs):.1f} against theirs, {left} left in French")
    for source, one, two in [row for row in zip(sources, ours, theirs) if row[1] != row[2]][:10]:
        print(f"\n  fr      {source}\n  ours    {one}\n  theirs  {two}")
    return int(equal < 0.9 * len(ours))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
