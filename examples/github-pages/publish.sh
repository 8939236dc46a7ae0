#!/usr/bin/env bash
# One run in a repository: takes the memory from it if there is no state, runs, and puts the memory back if it has grown.
# The exit code is that of the run; 3 (some source or engine fails, the output is whole) is success.
set -euo pipefail
if [ ! -e relais.db ] && [ -e memory.jsonl ]; then
  relais -q memory import memory.jsonl
fi
code=0
relais run || code=$?
relais -q memory export memory.new.jsonl
# No order is promised: only a change of content is a change.
if [ "$(sort memory.new.jsonl | sha256sum)" != "$(sort memory.jsonl 2>/dev/null | sha256sum)" ]; then
  mv memory.new.jsonl memory.jsonl
else
  rm memory.new.jsonl
fi
[ "$code" = 3 ] || exit "$code"
