"""Whether the feeds of a run are what their formats demand, as judges say that others wrote.

    python judge.py RELAIS FEEDS NODE_MODULES

Runs the program over the files of the folder FEEDS, in several languages and shapes. Each Atom file is judged by jing with the grammar
atom.rnc, each JSON Feed by a JSON Schema validator with jsonfeed.schema.json and by the TypeScript types of @json-feed-types/1_1, and each
RSS file by the validating parser of Ruby. Ends with 1 on an error.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "readers"))
import agree  # noqa: E402

EDITIONS = {
    "full": 'show = "full"\nicon = "https://relais.example.org/icon.png"\nrights = "CC0 & others"\nhub = "https://hub.invalid/"',
    "short": 'langs = ["fr", "en"]\nuntranslated = "original"',
    "heads": 'show = "title"',
}


def by_jing(path):
    ended = subprocess.run(["jing", "-c", HERE / "atom.rnc", path], capture_output=True, text=True)
    return ended.stdout.splitlines() if ended.returncode else []


def by_schema(path, validator=jsonschema.Draft202012Validator(json.loads((HERE / "jsonfeed.schema.json").read_text()))):
    return [f"{list(error.absolute_path)}: {error.message[:200]}" for error in validator.iter_errors(json.loads(path.read_text()))]


def without_extensions(value):
    """The feed without what begins with an underscore, which the format leaves to everyone, and the types do not."""
    if isinstance(value, list):
        return [without_extensions(inner) for inner in value]
    if isinstance(value, dict):
        return {name: without_extensions(inner) for name, inner in value.items() if not name.startswith("_")}
    return value


def by_types(path, modules):
    """Compiles the feed as a TypeScript value of the type JSONFeed."""
    feed = json.dumps(without_extensions(json.loads(path.read_text())))
    with tempfile.TemporaryDirectory(dir=modules) as folder:
        script = pathlib.Path(folder) / "feed.ts"
        script.write_text(f'import type JSONFeed from "@json-feed-types/1_1";\nexport const feed: JSONFeed = {feed};\n')
        options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--moduleResolution", "nodenext"]
        ended = subprocess.run([modules / ".bin" / "tsc", *options, script], capture_output=True, text=True)
        return (ended.stdout + ended.stderr).splitlines() if ended.returncode else []


def by_ruby(path):
    script = 'require "rss"; RSS::Parser.parse(File.read(ARGV[0], encoding: "UTF-8"), true) or abort "no feed"'
    ended = subprocess.run(["ruby", "-e", script, path], capture_output=True, text=True)
    return ended.stderr.splitlines() if ended.returncode else []


def main(relais, feeds, modules):
    modules = pathlib.Path(modules).resolve()
    judges = {
        ".atom": {"jing": by_jing},
        ".json": {"JSON Schema": by_schema, "@json-feed-types": lambda path: by_types(path, modules)},
        ".rss": {"ruby rss": by_ruby},
    }
    agree.EDITIONS = EDITIONS
    errors = 0
    with tempfile.TemporaryDirectory() as folder:
        output = agree.publish(relais, feeds, pathlib.Path(folder))
        paths = sorted(path for path in output.iterdir() if path.suffix in judges and path.name != "manifest.json")
        if len(paths) < 3 * (len(EDITIONS) + 1):
            sys.exit(f"only {len(paths)} feeds were written")
        for path in paths:
            for name, judge in judges[path.suffix].items():
                found = judge(path)
                errors += len(found)
                print(f"  {path.name} by {name}: {len(found)} errors")
                print("".join(f"    {line}\n" for line in found[:5]), end="")
    sys.exit(bool(errors))


if __name__ == "__main__":
    main(str(pathlib.Path(sys.argv[1]).resolve()), sys.argv[2], sys.argv[3])
