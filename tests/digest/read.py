"""Reads a mail with Python's library and prints what a mail reader sees, as JSON.

    read.py FILE

Uses the standard library only, and nothing of relais.
"""

import email
import email.policy
import email.utils
import json
import sys

raw = open(sys.argv[1], "rb").read()
mail = email.message_from_bytes(raw, policy=email.policy.default)
parts = list(mail.walk())


def people(name):
    return email.utils.getaddresses([str(mail[name])]) if mail[name] else None


defects = [repr(defect) for part in parts for defect in part.defects]
defects += [f"{name}: {defect!r}" for name in mail.keys() for defect in getattr(mail[name], "defects", [])]
json.dump({
    "subject": mail["subject"],
    "from": people("from"),
    "to": people("to"),
    "language": mail["content-language"],
    "date": mail["date"].datetime.isoformat(),
    "id": mail["message-id"],
    "types": [part.get_content_type() for part in parts],
    "plain": mail.get_body(("plain",)).get_content(),
    "html": mail.get_body(("html",)).get_content(),
    "defects": defects,
    "longest": max(len(line) for line in raw.split(b"\r\n")),
    "ascii": all(byte < 128 for byte in raw),
}, sys.stdout)
