#!/usr/bin/env bash
# The commands of an operator on a fresh Debian, in the order in which they come. Each must succeed; what is said to hold is checked.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
say() { printf -- '-- %s (%ss)\n' "$*" "$SECONDS"; }
fail() { echo "failed: $*"; systemctl status --no-pager --lines=30 relais.service relais-run.service || true; exit 1; }
until_so() { # until_so WHAT COMMAND…: tries for a minute
  local what=$1 end=$((SECONDS + 60)); shift
  until "$@" > /dev/null 2>&1; do [ $SECONDS -lt $end ] || fail "$what"; sleep 0.2; done
}

say "a server of feeds"
(cd /feeds && exec python3 -m http.server --bind 127.0.0.1 8000 > /tmp/feeds.log 2>&1) &
until_so "the feeds are served" curl -fs http://127.0.0.1:8000/gazette.atom

say "install"
apt-get install -y /relais.deb > /tmp/apt.log 2>&1 || { cat /tmp/apt.log; fail "it can be installed"; }
grep "^relais: edit" /tmp/apt.log
[ "$(stat -c '%U %a' /var/lib/relais)" = "relais 755" ] || fail "the folder of the state"
[ "$(systemctl is-enabled relais.service || true)" = disabled ] || fail "nothing starts before it is configured"
for unit in relais.service relais-run.service relais.timer; do systemd-analyze verify --man=no "$unit" 2>&1 | tee /tmp/verify; [ ! -s /tmp/verify ] || fail "$unit"; done
for unit in relais relais-run; do systemd-analyze security --no-pager --threshold=20 "$unit.service" | tail -n 1; done
relais -c /etc/relais/feeds.toml check

say "edit: the address of one source, and that this machine may be read (the test has no other network)"
sed -i 's|^url = "https://rmcsport.*|url = "http://127.0.0.1:8000/gazette.atom"|; s|^# allow_private = .*|allow_private = ["127.0.0.1/32"]|' /etc/relais/feeds.toml

say "start the service"
systemctl enable --now relais
until_so "the service is alive" curl -fs http://127.0.0.1:8585/healthz
until_so "the edition is served" sh -c 'curl -fs http://127.0.0.1:8585/jeux.atom | grep -q "<entry"'
[ "$(stat -c %U "/proc/$(systemctl show -P MainPID relais)")" = relais ] || fail "it runs as its own user"
[ "$(stat -c '%U %a' /var/lib/relais/relais.db)" = "relais 600" ] || fail "the state is private"
[ "$(stat -c '%a' /var/lib/relais/output/jeux.atom)" = 644 ] || fail "a web server can read the output"

say "read the edition with newsboat"
mkdir -p /tmp/reader && echo http://127.0.0.1:8585/jeux.atom > /tmp/reader/urls
newsboat -u /tmp/reader/urls -c /tmp/reader/cache.db -x reload print-unread | tee /tmp/unread
grep -Eq '^[1-9][0-9]* unread' /tmp/unread || fail "newsboat shows articles"

say "reload, look, back up"
systemctl reload relais
systemctl is-active relais
runuser -u relais -- relais -c /etc/relais/feeds.toml status > /tmp/status || [ $? = 3 ] || fail "status"
runuser -u relais -- relais -c /etc/relais/feeds.toml backup /var/lib/relais/copy.db

say "install again, as an upgrade does: the configuration stays, and the daemon runs the new program"
before=$(systemctl show -P MainPID relais)
apt-get install -y --reinstall /relais.deb > /tmp/apt.log 2>&1 || { cat /tmp/apt.log; fail "it can be upgraded"; }
until_so "the service is alive again" curl -fs http://127.0.0.1:8585/healthz
[ "$(systemctl show -P MainPID relais)" != "$before" ] || fail "the daemon was restarted"
grep -q 127.0.0.1:8000 /etc/relais/feeds.toml || fail "the configuration stays"

say "the timer instead of the daemon"
systemctl disable relais
systemctl enable --now relais.timer
until_so "the daemon has made room" sh -c '! systemctl is-active relais'
[ "$(systemctl show -P Result relais)" = success ] || fail "the daemon ended in good order"
systemctl start relais-run
[ "$(systemctl show -P Result relais-run)" = success ] || fail "the run"

say "an invalid configuration fails, with its reason in the journal, and is not tried again"
systemctl stop relais.timer
echo 'evry = "1m"' >> /etc/relais/feeds.toml
! systemctl start relais || fail "it cannot start"
journalctl --no-pager -u relais | grep -q 'unknown key `evry`' || fail "the reason"
[ "$(systemctl show -P NRestarts relais)" = 0 ] || fail "no restart helps"

say "manual pages and completions"
ls /usr/share/man/man1/relais.1.gz /usr/share/man/man1/relais-memory-export.1.gz > /dev/null
bash -n /usr/share/bash-completion/completions/relais

say "the commands of docs/OPERATIONS.md that need systemd"
sed -i '/^evry = /d' /etc/relais/feeds.toml
cd /
awk '/^```/ { shown = ($0 == "```console debian"); next } shown' /docs/OPERATIONS.md | sed -n 's/^\$ //p' > /tmp/commands
[ "$(wc -l < /tmp/commands)" -ge 8 ] || fail "the page has commands"
while read -r command; do
  echo "\$ $command"
  sh -c "$command" < /dev/null > /tmp/said 2>&1 || case "$command $?" in
    *" status 3") ;; # sources that this machine cannot reach
    *) cat /tmp/said; fail "$command" ;;
  esac
done < /tmp/commands

say "remove: the state stays"
apt-get purge -y relais > /tmp/apt.log 2>&1 || { cat /tmp/apt.log; fail "it can be removed"; }
grep "^relais: /var/lib/relais was kept" /tmp/apt.log
[ ! -e /etc/relais/feeds.toml ] && [ -e /var/lib/relais/relais.db ] || fail "what stays"
[ ! -e /usr/bin/relais ] || fail "the program is gone"
say "done"
