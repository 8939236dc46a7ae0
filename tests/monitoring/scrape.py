"""Has Prometheus scrape relais, and asks it everything that the alert rules and the dashboard ask.

    python scrape.py RELAIS FOLDER

Needs `prometheus` and `promtool`. Everything listens on 127.0.0.1.
"""

import http.server
import json
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

FEED = b"<?xml version='1.0'?><rss version='2.0'><channel><title>A</title><link>https://a.example/</link><language>fr</language><item><guid>1</guid><link>https://a.example/1</link><title>La finale du tournoi</title><description>Les deux \xc3\xa9quipes se retrouvent.</description></item></channel></rss>"
ROOT = pathlib.Path(__file__).parents[2]


class Server(http.server.BaseHTTPRequestHandler):
    """A feed, a failure, and an engine."""

    def answer(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/languages":
            return self.answer(200, json.dumps([{"code": "fr", "name": "French", "targets": ["en", "fr"]}]).encode(), "application/json")
        self.answer(*((200, FEED) if self.path == "/a" else (500, b"")), "application/rss+xml")

    def do_POST(self):
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["q"]
        put = lambda text: "The final of the tournament" if "finale" in text else "The two teams meet."
        done = [put(text) for text in texts] if isinstance(texts, list) else put(texts)
        self.answer(200, json.dumps({"translatedText": done}).encode(), "application/json")

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def get(url, tries=150):
    for left in reversed(range(tries)):
        try:
            return urllib.request.urlopen(url).read()
        except OSError:
            if left == 0:
                raise
            time.sleep(0.1)


def expressions():
    dashboard = json.loads((ROOT / "docs/monitoring/grafana.json").read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield f"panel {panel['title']!r}", target["expr"].replace('instance=~"$instance"', 'instance=~".+"')


def main(relais, folder):
    folder, relais = pathlib.Path(folder), str(pathlib.Path(relais).resolve())
    folder.mkdir(parents=True, exist_ok=True)
    origin = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=origin.serve_forever, daemon=True).start()
    base, port, own = f"http://127.0.0.1:{origin.server_port}", free_port(), free_port()
    (folder / "feeds.toml").write_text(
        '[fetch]\nallow_private = ["127.0.0.1/32"]\nhost_interval = "0s"\n'
        f'[source.a]\nurl = "{base}/a"\nlang = "fr"\n[source.b]\nurl = "{base}/b"\nlang = "fr"\n'
        f'[engine.mots]\nkind = "libretranslate"\nurl = "{base}"\nbudget = {{ characters = 10_000, per = "month" }}\nprice = {{ per_million_characters = 20.0, currency = "EUR" }}\n'
        '[edition.jeux]\nfrom = ["*"]\nlangs = ["fr", "en"]\nengines = ["mots"]\n', encoding="utf-8")
    for _ in range(2):
        subprocess.run([relais, "-q", "-c", str(folder / "feeds.toml"), "run", "--force"], capture_output=True, check=False)
    (folder / "prometheus.yml").write_text(json.dumps({
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(ROOT / "docs/monitoring/alerts.yml")],
        "scrape_configs": [{"job_name": "relais", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}],
    }), encoding="utf-8")
    failures = []
    running = [subprocess.Popen([relais, "-q", "-c", str(folder / "feeds.toml"), "serve", "--listen", f"127.0.0.1:{port}"])]
    try:
        text = get(f"http://127.0.0.1:{port}/metrics")
        get(f"http://127.0.0.1:{port}/jeux.en.atom")
        lint = subprocess.run(["promtool", "check", "metrics"], input=get(f"http://127.0.0.1:{port}/metrics"), capture_output=True, check=False)
        if lint.returncode or lint.stderr:
            failures.append(f"promtool check metrics: {lint.stderr.decode()}{lint.stdout.decode()}")
        running.append(subprocess.Popen([
            "prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{own}", "--log.level=error"]))
        api = f"http://127.0.0.1:{own}/api/v1/"
        ask = lambda expression: json.loads(get(api + "query?" + urllib.parse.urlencode({"query": expression})))["data"]["result"]
        get(api + "status/buildinfo", 300)
        for _ in range(150):
            if ask('up{job="relais"} == 1') and ask("rate(relais_http_responses_total[1m])"):
                break
            time.sleep(0.2)
        else:
            failures.append("Prometheus has scraped nothing")
        names = set(re.findall(r"^# TYPE (relais_\w+) ", text.decode(), re.M))
        for name in sorted(names):
            if not ask(name):
                failures.append(f"Prometheus has no series of {name}")
        for what, expression in expressions():
            # Only the source that fails is left of this one.
            if not ask(expression):
                failures.append(f"{what}: {expression} finds nothing")
        rules = json.loads(get(api + "rules"))["data"]["groups"][0]["rules"]
        failures += [f"{rule['name']}: {rule['health']} {rule.get('lastError')}" for rule in rules if rule["health"] == "err"]
        print(f"Prometheus: {len(names)} metrics, {len(list(expressions()))} expressions of the dashboard, {len(rules)} alert rules")
    finally:
        for process in running:
            process.terminate()
            process.wait()
    if failures:
        sys.exit("\n".join(failures))


main(*sys.argv[1:])
