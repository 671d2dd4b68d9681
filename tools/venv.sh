#!/bin/sh
# Makes or completes .venv. `venv.sh uv` installs the installer, `run` what the server needs, `dev` the tests' tools too,
# `mutation` mutmut, `bench` what the benchmarks compare us with.
# A stamp is a copy of the lock that was installed: where nothing changed, a call only compares files.
set -eu
cd "$(dirname "$0")/.."
here=$(pwd -P)
python=${PYTHON:-python3}
stamps=.venv/stamps
unfinished=.venv/unfinished

fail() {
    echo "$1" >&2
    exit 1
}

make_venv() {
    [ -n "$(command -v "$python")" ] ||
        fail "Python 3.11 or newer is needed, but there is no '$python': install it (Debian: apt-get install python3 python3-venv) or name one with PYTHON=/path/to/python3."
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "Python 3.11 or newer is needed, but '$python' is $("$python" -V 2>&1): install a newer one and name it with PYTHON=/path/to/python3."
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "Python's venv module is missing: install it (Debian: apt-get install python3-venv) and run make again."
    echo "Making .venv with $("$python" -V)"
    rm -rf .venv
    mkdir -p "$stamps"
    : >"$unfinished"
    "$python" -m venv .venv >.venv/setup.log 2>&1 ||
        fail "Python could not make .venv: the reason is in .venv/setup.log (Debian: apt-get install python3-venv often cures it)."
    rm "$unfinished" .venv/setup.log
}

# A set-up that was cut short, or one whose checkout was moved (its scripts name the old place), starts over.
usable() {
    [ ! -e "$unfinished" ] && .venv/bin/python -c '' 2>/dev/null &&
        { [ ! -e "$stamps/place" ] || [ "$(cat "$stamps/place")" = "$here" ]; }
}

# step NAME LOCK CURE COMMAND...: runs the command, unless it already ran with this very lock.
step() {
    name=$1 lock=$2 cure=$3
    shift 3
    if cmp -s "$lock" "$stamps/$name"; then return; fi
    echo "Installing $name"
    : >"$unfinished"
    if ! "$@" >.venv/setup.log 2>&1; then
        rm "$unfinished" # the installers fetch everything before they change anything
        fail "$cure"
    fi
    cp "$lock" "$stamps/$name"
    rm "$unfinished" .venv/setup.log
}

online="The Python packages could not be fetched: check that this machine reaches its package index (details: .venv/setup.log) and run make again."
broken="The project could not be installed into .venv: the reason is in .venv/setup.log."
# Compiled now, so that no start has to: a machine that writes no bytecode would compile 2,000 files each time.
export UV_COMPILE_BYTECODE=1 UV_CACHE_DIR="${UV_CACHE_DIR:-$here/.venv/cache}" UV_PYTHON_DOWNLOADS=never
install=".venv/bin/uv pip install --python .venv/bin/python"

# Two set-ups at once wait for each other, where the system has flock; the lock is on this very script.
exec 9<tools/venv.sh
if [ -n "$(command -v flock)" ]; then flock 9; fi

usable || make_venv
mkdir -p "$stamps"
[ -e "$stamps/place" ] || echo "$here" >"$stamps/place"
step installer requirements-uv.txt "$online" \
    .venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-uv.txt
case ${1:-run} in
run) step packages requirements.txt "$online" $install --require-hashes -r requirements.txt ;;
dev) step tools requirements-dev.txt "$online" $install --require-hashes -r requirements-dev.txt ;;
mutation) step mutation requirements-mutation.txt "$online" $install --require-hashes -r requirements-mutation.txt ;;
bench) step benchmarks requirements-bench.txt "$online" $install --require-hashes -r requirements-bench.txt ;;
*) exit 0 ;;
esac
# "compat" puts the checkout itself on the path, so a new package needs no new installation.
step project pyproject.toml "$broken" $install --no-deps --no-build-isolation -C editable_mode=compat --editable .
# Our own code too, where it has changed: a hundred processes start in a test run, and each would compile it anew.
.venv/bin/python -m compileall -q common schemas keys sso identity dossier website services
