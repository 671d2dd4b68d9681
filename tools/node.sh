#!/bin/sh
# Some tests run programs from npm. `node.sh FOLDER...` installs what each FOLDER/package-lock.json names, into its node_modules.
# Does nothing where that very lock was installed already; as root on Debian, installs Node.js where there is none.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- "" # which is no folder with a lock

fail() {
    echo "$1" >&2
    exit 1
}

for folder; do
    [ -f "$folder/package-lock.json" ] || fail "There is no $folder/package-lock.json: nothing says what to install."
done

found() {
    command -v node && command -v npm
}

install_node() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm
}

# Two set-ups at once wait for each other, where the system has flock; the lock is on this very script.
exec 9<tools/node.sh
if [ -n "$(command -v flock)" ]; then flock 9; fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! found >/dev/null; then
    [ -n "$(command -v apt-get)" ] ||
        fail "The tests need Node.js 18 or newer, with npm: install both and run make test again."
    [ "$(id -u)" = 0 ] ||
        fail "The tests need Node.js: run 'sudo apt-get install -y nodejs npm' and then make test again."
    echo "Installing Node.js for the tests"
    install_node >"$log" 2>&1 || { apt-get update -qq >>"$log" 2>&1 && install_node >>"$log" 2>&1; } || {
        tail -n 5 "$log" >&2
        fail "Node.js could not be installed: check the network, or run 'apt-get install -y nodejs npm' by hand."
    }
fi
node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' ||
    fail "The tests need Node.js 18 or newer, but 'node' is $(node --version): install a newer one and run make test again."

for folder; do
    installed=$folder/node_modules/.installed-lock # npm removes it, with all of node_modules, before it starts
    if cmp -s "$folder/package-lock.json" "$installed"; then continue; fi
    echo "Installing the npm packages of $folder"
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier) >"$log" 2>&1 || {
        tail -n 5 "$log" >&2
        fail "The npm packages of $folder could not be installed: check that this machine reaches its package index, and run make test again."
    }
    cp "$folder/package-lock.json" "$installed"
done
