"""A WebSub hub that others wrote (Flask-WebSub), for the tests: hub.py PORT LONGEST_LEASE

It verifies, distributes and signs by itself; its tasks run in threads of their own instead of through a message broker.
POST / with hub.mode=publish tells it of something new.
"""
import sys
import tempfile
import threading

from celery import Celery
from flask import Flask
from flask_websub.hub import Hub, SQLite3HubStorage


class Threads(Celery):
    """Runs each task at once, in a thread."""

    def task(self, *args, **options):
        made = super().task(*args, **options)

        def wrap(task):
            task.delay = lambda *a, **k: threading.Thread(target=task, args=a, kwargs=k, daemon=True).start()
            return task

        return wrap(made) if not callable(made) or hasattr(made, "delay") else lambda function: wrap(made(function))


port, longest = int(sys.argv[1]), int(sys.argv[2])
app = Flask(__name__)
app.config.update(PUBLISH_SUPPORTED=True, HUB_MIN_LEASE_SECONDS=1, HUB_DEFAULT_LEASE_SECONDS=longest, HUB_MAX_LEASE_SECONDS=longest)
hub = Hub(SQLite3HubStorage(tempfile.mkdtemp() + "/hub.db"), Threads("hub", broker="memory://"), PUBLISH_SUPPORTED=True)
app.register_blueprint(hub.build_blueprint(url_prefix="/hub"))
app.run(port=port, threaded=True)
