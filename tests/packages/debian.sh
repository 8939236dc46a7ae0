#!/usr/bin/env bash
# Installs the package on a fresh Debian that systemd has booted, and uses it as an operator does.
#
#     tests/packages/debian.sh PACKAGE.deb FOLDER
#
# Makes Debian in FOLDER/root if it is not there. Each test begins with that root: what it writes is kept in memory and lost. The
# machine has no network but its loopback. Needs root, debootstrap and systemd-nspawn.
set -euo pipefail
package=$(realpath "$1")
folder=$(realpath -m "$2")
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
if [ ! -e "$folder/root/ready" ]; then
  rm -rf "$folder/root"
  debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,ca-certificates,curl,newsboat,python3 bookworm "$folder/root" > "$folder/debootstrap.log" ||
    { tail -n 20 "$folder/debootstrap.log"; exit 1; }
  touch "$folder/root/ready"
fi
rm -rf "$folder/result" && mkdir -p "$folder/result"
cat > "$folder/relais-test.service" <<'UNIT'
[Unit]
Description=The test of the package
After=dbus.service
[Service]
Type=oneshot
Environment=HOME=/root
ExecStart=/bin/sh -c '/bin/bash /test/inside.sh > /result/log 2>&1; echo $? > /result/code; systemctl exit 0'
UNIT
timeout --kill-after=20 300 systemd-nspawn --quiet --directory="$folder/root" --volatile=overlay --private-network --register=no --keep-unit \
  --machine="relais-test-$$" --bind="$folder/result:/result" --bind-ro="$here:/test" --bind-ro="$here/../../examples/demo/feeds:/feeds" --bind-ro="$here/../../docs:/docs" \
  --bind-ro="$package:/relais.deb" --bind-ro="$folder/relais-test.service:/etc/systemd/system/relais-test.service" \
  --boot systemd.wants=relais-test.service > "$folder/boot.log" 2>&1 < /dev/null || true
cat "$folder/result/log" 2>/dev/null || { echo "the machine did not boot:"; tail -n 30 "$folder/boot.log"; exit 1; }
code=$(cat "$folder/result/code" 2>/dev/null || echo "no end within five minutes")
[ "$code" = 0 ] || { echo "the package failed its test: $code"; exit 1; }
