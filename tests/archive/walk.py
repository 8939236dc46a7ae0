"""Reads a feed and the documents of its archive, as a reader that was away does: by the links (RFC 5005 section 4; JSON Feed 1.1, next_url).

    walk.py FEED BASE [DOCUMENT...]

FEED is a file of the output, and BASE the address at which the output is served. The walk ends before a DOCUMENT (a path below
BASE) that the reader has had, or where there is no further link. Prints JSON: the paths that were read, those of them that will not
change any more, those of these that name no newer one, and the ids of all entries, each once. Uses the standard library only, and nothing of
relais.
"""

import json
import pathlib
import sys
import urllib.parse
import xml.etree.ElementTree as ET

ATOM = "{http://www.w3.org/2005/Atom}"
HISTORY = "{http://purl.org/syndication/history/1.0}"


def read_xml(text, address):
    """Returns ids, previous document, own mark and the two other links of an Atom or RSS document."""
    root = ET.fromstring(text)
    root = root if root.find("channel") is None else root.find("channel")
    links = {link.get("rel"): urllib.parse.urljoin(address, link.get("href")) for link in root.findall(f"{ATOM}link")}
    ids = [entry.findtext(f"{ATOM}id") for entry in root.findall(f"{ATOM}entry")] + [item.findtext("guid") for item in root.findall("item")]
    return ids, links.get("prev-archive"), root.find(f"{HISTORY}archive") is not None, links


def read_json(text, address):
    feed = json.loads(text)
    following = feed.get("next_url")
    return [item["id"] for item in feed["items"]], following and urllib.parse.urljoin(address, following), False, {}


def main():
    feed, base, *known = sys.argv[1:]
    folder = pathlib.Path(feed).parent
    path = pathlib.Path(feed).name
    subscribed = base + path
    files, closed, unlinked, entries, newer = [], [], [], {}, None
    while path not in known:
        if path in files:
            sys.exit(f"{path} is linked twice")
        text = (folder / path).read_text(encoding="utf-8")
        read = read_json if path.endswith(".json") else read_xml
        ids, previous, is_closed, links = read(text, base + path)
        if len(set(ids)) != len(ids):
            sys.exit(f"{path} has an entry twice")
        if files and not path.endswith(".json"):
            if links.get("current") != subscribed:
                sys.exit(f"{path} does not link to {subscribed}, but to {links.get('current')}")
            if is_closed and not links.get("next-archive"):
                unlinked.append(path)
            elif is_closed and links["next-archive"] != base + newer:
                sys.exit(f"{path} does not link to {newer}, but to {links.get('next-archive')}")
        if is_closed:
            closed.append(path)
        files.append(path)
        for entry in ids:
            # What was read first is newer.
            entries.setdefault(entry, path)
        if not previous:
            break
        if not previous.startswith(base):
            sys.exit(f"{path} links to {previous}, which is not below {base}")
        newer, path = path, previous[len(base):]
    json.dump({"files": files, "closed": closed, "unlinked": unlinked, "entries": list(entries)}, sys.stdout)


main()
