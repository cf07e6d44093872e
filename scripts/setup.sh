# Sets up .venv of this checkout. Sourced by ./run and ./test with $root set; needs bash.
#   setup_venv run     what `sekisho` needs to run, as pinned in requirements-run.lock
#   setup_venv dev     that, and the tools, as pinned in requirements-dev.lock
# Quick when nothing changed: a stamp in .venv holds what it was made from.
# shellcheck shell=bash

: "${root:?}"
venv=$root/.venv

setup_fail() {
    printf '%s\n' "$@" >&2
    exit 2
}

# The first Python on this machine that is new enough; uv brings its own where it must.
setup_find_python() {
    local name
    for name in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11 python3 python; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

# A .venv that was copied, moved, or whose Python has gone does not run: it is made again.
setup_make_venv() {
    local base
    if [ -x "$venv/bin/python" ] && "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        return 0
    fi
    rm -rf "$venv"
    if command -v uv >/dev/null 2>&1; then
        uv venv --quiet --python '>=3.11' "$venv" || setup_fail "uv could not make $venv"
        return 0
    fi
    base=$(setup_find_python) || setup_fail \
        "sekisho needs Python 3.11 or newer, and none was found." \
        "  Install one, name it with PYTHON=/path/to/python3, or install uv (https://docs.astral.sh/uv/)."
    "$base" -m venv "$venv" || setup_fail \
        "$base could not make $venv" \
        "  On Debian and Ubuntu: apt-get install python3-venv"
}

setup_pip() {
    if command -v uv >/dev/null 2>&1; then
        uv pip install --quiet --python "$venv/bin/python" "$@"
    else
        "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip >/dev/null
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
    fi
}

# Half of a start would be spent on compiling where Python may not write what it compiled.
setup_compile() {
    "$venv/bin/python" -m compileall -q "$root/src" || true
}

setup_venv() {
    local want=$1 made_from stamp
    stamp=$venv/.set-up-$want
    made_from=$root$'\n'$(cat "$root/pyproject.toml" "$root/hatch_build.py" "$root"/requirements-{run,dev}.lock | cksum)
    if [ -x "$venv/bin/python" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$made_from" ]; then
        if [ -n "$(find "$root/src" -name '*.py' -newer "$stamp" -print -quit)" ]; then
            setup_compile
            touch "$stamp"
        fi
        return 0
    fi
    echo "setting up $venv ($want)" >&2
    setup_make_venv
    # Every file is checked against its hash; the project itself comes after, built with the pinned backend.
    setup_pip --require-hashes -r "$root/requirements-$want.lock" ||
        setup_fail "what requirements-$want.lock names could not be installed"
    setup_pip --no-deps --no-build-isolation -e "$root" || setup_fail "sekisho could not be installed into $venv"
    [ "$want" = run ] || printf '%s' "$made_from" >"$venv/.set-up-run"
    setup_compile
    printf '%s' "$made_from" >"$stamp"
}
