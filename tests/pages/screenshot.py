"""Makes docs/front-page.png: the front page of the demo's edition, as Chromium shows it.

    cargo run --example demo && python3 tests/pages/screenshot.py output/demo/output docs/front-page.png

Needs chromium, and pngquant to keep the picture below 200 kB.
"""

import pathlib
import subprocess
import sys
import tempfile


def main(output, picture):
    page = (pathlib.Path(output) / "jeux.html").resolve()
    with tempfile.TemporaryDirectory() as folder:
        whole = pathlib.Path(folder) / "whole.png"
        browser = ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", "--force-device-scale-factor=1", f"--user-data-dir={folder}/profile"]
        subprocess.run([*browser, "--window-size=1200,900", f"--screenshot={whole}", page.as_uri()], check=True, capture_output=True)
        subprocess.run(["pngquant", "--force", "--strip", "--speed", "1", "--output", picture, "64", str(whole)], check=True)
    size = pathlib.Path(picture).stat().st_size
    print(f"{picture}: {size} bytes")
    if size > 200_000:
        raise SystemExit("the picture is larger than 200 kB")


main(*sys.argv[1:])
