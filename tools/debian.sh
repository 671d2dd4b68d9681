#!/bin/sh
# `debian.sh PACKAGE PURPOSE PROGRAM...`: does nothing where one of the programs is on this machine; as root on Debian,
# installs the package that has it.
set -eu
package=$1 purpose=$2
shift 2
PATH=$PATH:/usr/sbin:/sbin

for program in "$@"; do
    if command -v "$program" >/dev/null; then exit 0; fi
done

install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package"
}

if [ -z "$(command -v apt-get)" ]; then
    echo "$purpose needs one of these programs: $*. Install one." >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "$purpose needs $package: run 'sudo apt-get install -y $package' and then make again." >&2
    exit 1
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "Installing $package"
install >"$log" 2>&1 || { apt-get update -qq >>"$log" 2>&1 && install >>"$log" 2>&1; } || {
    tail -n 5 "$log" >&2
    echo "$package could not be installed: check the network, or run 'apt-get install -y $package' by hand." >&2
    exit 1
}
