#!/bin/sh
# The tests drive a real browser. Does nothing where there is one; as root on Debian, installs it.
set -eu

found() {
    [ -n "${TEST_CHROMIUM:-}" ] || command -v chromium || command -v chromium-browser || command -v google-chrome
}

install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
}

if found >/dev/null; then exit 0; fi
if [ -z "$(command -v apt-get)" ]; then
    echo "The tests need Chromium or Google Chrome: install one, or name it with TEST_CHROMIUM=/path/to/chrome." >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "The tests need a browser: run 'sudo apt-get install -y chromium' and then make test again." >&2
    exit 1
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "Installing Chromium for the browser tests"
install >"$log" 2>&1 || { apt-get update -qq >>"$log" 2>&1 && install >>"$log" 2>&1; } || {
    tail -n 5 "$log" >&2
    echo "Chromium could not be installed: check the network, or run 'apt-get install -y chromium' by hand." >&2
    exit 1
}
