#!/usr/bin/env python3
"""Measures the tokens that a language model reads for each token of the texts that are to be translated.

    pip install quicktok-v1       # a tokeniser that ships its vocabularies
    benches/tokens/measure.py --relais target/debug/relais --feeds FOLDER [--edition 'show = "full"']

Serves the feeds of a folder, lets relais translate them by a server that speaks the chat completions API and answers with words that the
checks accept, and counts the tokens of every request. A useful token is one of a text that was asked for the first time, without its
marks. It is not part of the tests: it needs a tokeniser and feeds.
"""

import argparse
import functools
import http.server
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

# Words that no check of meaning looks at, short and long ones.
SMALL = "that this was were is are on by they it there said but yet still you".split()
LARGE = (
    "athlete stadium village together training building garden window kitchen bridge river mountain computer picture table paper music "
    "library market station engine bottle pencil carpet mirror basket forest candle ladder blanket running swimming"
).split()
# What a translation must not lose.
NEGATIONS = {"pas": "not", "non": "not", "jamais": "never", "sans": "without", "aucun": "no", "aucune": "no", "rien": "nothing", "ni": "nor"}
# The frame of two messages.
FRAME = 11


def english(text):
    """Returns English of a sort: names, numbers and marks stay, each other word becomes another."""
    first = True
    out = []
    for part in re.split(r"(<[^>]*>|&[a-z]+;|\S+[./@]\S*\w|\w+)", text):
        if part.lower() in NEGATIONS:
            out.append(NEGATIONS[part.lower()])
            continue
        is_word = part[:1].isalpha() and part.isalpha()
        if not is_word or (part[0].isupper() and not first):
            out.append(re.sub(r"(?<=\d),(?=\d)", ".", part))
        else:
            words = SMALL if len(part) <= 4 else LARGE
            number = functools.reduce(lambda sum, byte: (sum * 33 ^ byte) & 0xFFFFFFFF, part.lower().encode(), 5381)
            word = words[number % len(words)]
            out.append(word.capitalize() if part[0].isupper() else word)
        first = first and not is_word
    return "".join(out)


class Model(http.server.BaseHTTPRequestHandler):
    """A server of a language model that writes down what it is asked."""

    requests = []

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        system, user = (message["content"] for message in asked["messages"])
        items = json.loads(user)["items"]
        self.requests.append((system, user, [item["text"] for item in items]))
        answers = [
            {"id": item["id"], "begins": " ".join(re.sub(r"<[^>]*>", "", item["text"]).split()[:4]), "text": english(item["text"])}
            for item in items
        ]
        content = json.dumps({"items": answers}, ensure_ascii=False)
        usage = {"prompt_tokens": len(user) // 3, "completion_tokens": len(content) // 3}
        message = {"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
        body = json.dumps({"choices": [message], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Files(http.server.SimpleHTTPRequestHandler):
    """A server of feeds."""

    def log_message(self, *_):
        pass


def serve(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


def counter(encoding):
    """Returns a function that counts the tokens of a text."""
    import quicktok

    tokeniser = quicktok.get_encoding(encoding)
    return lambda text: len(tokeniser.encode(text))


def configuration(feeds, files, model, edition):
    lines = ["[fetch]", 'allow_private = ["127.0.0.1/32"]', 'every = "1h"']
    for number, feed in enumerate(feeds):
        lines += [f"[source.s{number}]", f'url = "{files}/{feed.name}"', 'lang = "fr"']
    lines += ["[engine.model]", 'kind = "openai"', 'model = "m"', f'url = "{model}"', 'key = { file = "key" }']
    lines += ["[edition.all]", 'langs = ["en"]', 'engines = ["model"]', "limit = 1000", "stories = false", edition]
    return "\n".join(lines) + "\n"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--relais", required=True, type=pathlib.Path)
    arguments.add_argument("--feeds", required=True, type=pathlib.Path)
    arguments.add_argument("--edition", default='show = "full"', help="further keys of the edition")
    arguments.add_argument("--encoding", default="o200k_base")
    arguments.add_argument("--log", type=pathlib.Path, help="a file for the requests, one a line: instructions, material, texts")
    given = arguments.parse_args()
    feeds = sorted(path for path in given.feeds.iterdir() if path.suffix in (".xml", ".rss", ".atom", ".json"))
    files, model = serve(functools.partial(Files, directory=given.feeds)), serve(Model)
    with tempfile.TemporaryDirectory() as folder:
        plan = pathlib.Path(folder, "feeds.toml")
        pathlib.Path(folder, "key").write_text("key")
        plan.write_text(configuration(feeds, files, model, given.edition))
        run = [str(given.relais.resolve()), "run", "--json"]
        done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=False)
    count = counter(given.encoding)
    seen, useful, read, instructions, asked, again = set(), 0, 0, 0, 0, 0
    second = 0
    for system, user, texts in Model.requests:
        if sum(text in seen for text in texts) * 2 > len(texts):
            second += count(system) + count(user) + FRAME
        instructions += count(system)
        read += count(system) + count(user) + FRAME
        for text in texts:
            asked += 1
            again += text in seen
            if text not in seen:
                seen.add(text)
                useful += count(re.sub(r"<[^>]*>", "", text).replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))
    if not useful:
        sys.exit(f"nothing was asked: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    if given.log:
        given.log.write_text("".join(json.dumps(request, ensure_ascii=False) + "\n" for request in Model.requests))
    prefixes = {system for system, _, _ in Model.requests}
    print(f"{len(Model.requests)} requests, {asked} texts ({again} again), {len(prefixes)} prefix(es)")
    print(f"tokens read {read} (instructions {instructions}), useful {useful}: {read / useful:.2f} for each")
    print(f"without requests of mostly texts that were asked for before: {(read - second) / useful:.2f}")
    print({key: value for key, value in json.loads(done.stdout)["translation"].items() if key != "engines"})


if __name__ == "__main__":
    main()
