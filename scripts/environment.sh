# Sourced by the other scripts: the one place that knows how .venv is made.
#
# Promises that after `ensure_environment run|test` the hash-locked dependencies and the project itself are in
# .venv, that a second call costs a fraction of a second, that two calls at once do not meet, and that a .venv
# which is broken, moved or of a wrong Python is made anew. Speaks on stderr; needs bash, flock and Python >= 3.11.

set -euo pipefail
# compiled files are kept even where an environment forbids it: each start of a command would compile everything anew
unset PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX
unset PYTHONHOME PYTHONPATH PIP_REQUIRE_VIRTUALENV PIP_USER PIP_TARGET PIP_PREFIX
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv
log=$root/var/set-up.log

say() { printf 'set-up: %s\n' "$*" >&2; }
die() {
    printf 'set-up: %s\n' "$*" >&2
    exit 1
}

# The newest of Python 3.13, 3.12, 3.11 that really runs: a name on PATH may be a shim of a version that is absent.
# Prints "path has_ensurepip" per usable interpreter, newest first.
usable_pythons() {
    local version name
    for version in 3.13 3.12 3.11; do
        for name in "python$version" python3 python "${PYENV_ROOT:-${HOME:-/root}/.pyenv}"/versions/"$version".*/bin/python; do
            command -v "$name" >/dev/null 2>&1 || continue
            "$name" -c "
import importlib.util as u, sys
if '%d.%d' % sys.version_info[:2] == '$version':
    print(sys.executable, int(u.find_spec('ensurepip') is not None and u.find_spec('venv') is not None))
" 2>/dev/null || true
        done
    done
}

apt_install() { # one apt-get update per script, and only when something is to be installed
    if [ -z "${apt_updated:-}" ]; then
        say "apt-get update"
        apt-get update -qq >>"$log" 2>&1 || say "apt-get update failed (see $log); trying with the lists at hand"
        apt_updated=1
    fi
    say "apt-get install $*"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >>"$log" 2>&1
}

can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

find_python() { # sets $python: the newest that can make a venv; where none can, python3-venv is installed or named
    python=$(usable_pythons | awk '$2 == 1 { print $1; exit }')
    [ -z "$python" ] || return 0
    local bare version packages
    bare=$(usable_pythons | awk '{ print $1; exit }')
    packages="python3 python3-venv"
    if [ -n "$bare" ]; then
        version=$("$bare" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        packages="python$version-venv"
    fi
    if can_apt; then
        # shellcheck disable=SC2086 # words are wanted
        apt_install $packages || apt_install python3-venv || true
        python=$(usable_pythons | awk '$2 == 1 { print $1; exit }')
    fi
    [ -n "$python" ] || die "no Python 3.11, 3.12 or 3.13 that can make a virtual environment; install one: apt-get install $packages"
}

venv_is_sound() { # right version, own pip, and made at this very place
    [ -x "$venv/bin/python" ] && [ -f "$venv/bin/pip" ] && head -n 3 "$venv/bin/pip" | grep -qF "$venv/bin/python" &&
        "$venv/bin/python" -c 'import sys, pip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

stamp_of() { # what an installation from lock file $1 depends on
    { "$venv/bin/python" -c 'import sys; print(sys.version, sys.prefix)' && cat "$1" "$root/pyproject.toml"; } | sha256sum | cut -d' ' -f1
}

stamp_is_current() { [ "$(cat "$venv/stamp-$1" 2>/dev/null)" = "$(stamp_of "$2")" ]; }

is_ready() { # $1 = run|test; the test environment contains everything that running needs
    venv_is_sound || return 1
    { [ "$1" = run ] && stamp_is_current run "$root/requirements.lock"; } || stamp_is_current test "$root/requirements-test.lock"
}

show_progress() { # pip's chatter on stdin -> a counter on a terminal, a line now and then elsewhere
    awk -v total="$1" -v tty="$([ -t 2 ] && echo 1 || echo 0)" '
        /^Collecting / { n++; if (tty) printf "\rset-up: %d of about %d packages ", n, total > "/dev/stderr"
                         else if (n % 20 == 0) printf "set-up: %d of about %d packages\n", n, total > "/dev/stderr" }
        /^Installing collected/ { printf "%sset-up: unpacking\n", tty ? "\r\033[K" : "" > "/dev/stderr" }'
}

install_locked() { # $1 = lock file. Wheels only: nothing of a package runs while it is installed
    local total
    total=$(grep -cE '^[A-Za-z0-9._-]+==' "$1")
    say "installing $(basename "$1") (versions and hashes pinned)"
    "$venv/bin/python" -m pip install --require-hashes --only-binary :all: --progress-bar off -r "$1" 2>>"$log" |
        tee -a "$log" | show_progress "$total" || {
        tail -n 15 "$log" >&2
        die "the dependencies could not be installed; the whole story is in $log"
    }
}

install_project() { # editable, from what is installed already, without network
    "$venv/bin/python" -m pip install --no-deps --no-build-isolation --no-index --quiet --root-user-action ignore -e "$root" >>"$log" 2>&1 || {
        tail -n 15 "$log" >&2
        die "the project itself could not be installed; the whole story is in $log"
    }
}

ensure_environment() { # $1 = run|test
    local kind=$1 lock=$root/requirements.lock
    [ "$kind" = run ] || lock=$root/requirements-test.lock
    cd "$root"
    is_ready "$kind" && return 0
    command -v flock >/dev/null 2>&1 || die "flock is missing; install it: apt-get install util-linux"
    mkdir -p "$root/var"
    exec 9>"$root/var/set-up.lock"
    flock -n 9 || { say "another set-up is at work here; waiting for it" && flock 9; }
    if ! is_ready "$kind"; then
        local began=$SECONDS
        : >"$log"
        if ! venv_is_sound; then
            find_python
            say "making .venv with Python $("$python" -c 'import platform; print(platform.python_version())') ($python)"
            "$python" -m venv --clear "$venv" >>"$log" 2>&1 || die "venv failed; see $log"
        fi
        install_locked "$lock"
        install_project
        stamp_of "$lock" >"$venv/stamp-$kind"
        say "ready after $((SECONDS - began)) s"
    fi
    exec 9>&-
}

use_compiled() { # for the command "$@" of camera-gateway: the compiled packages, where there are any of these sources
    local compiled
    case " $* " in
        *" --demo "*) return 0 ;; # its simulated cameras lie beside the sources
    esac
    if compiled=$(compiled_path); then
        export PYTHONPATH=$compiled PYTHONSAFEPATH=1 # before the directory that one stands in
    fi
}

copied_sources() { # the packages as a wheel has them, in directory $1
    (cd "$root" && find camera_gateway storage -type f ! -name '*.pyc' -print0 | xargs -0 cp --parents -t "$1")
    cp -r "$root/config" "$1/camera_gateway/_config"
}

compiled_stamp() { # what var/compiled depends on
    {
        "$venv/bin/python" -c 'import sys; print(sys.version, sys.prefix)'
        cat "$root/requirements-test.lock" "$root/scripts/compile_hot_path.py"
        cd "$root" && find camera_gateway storage config -type f ! -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum
    } | sha256sum | cut -d' ' -f1
}

compiled_path() { # prints where the compiled packages are; fails when there are none, or not of these sources
    [ -f "$root/var/compiled/stamp" ] && [ "$(cat "$root/var/compiled/stamp")" = "$(compiled_stamp)" ] && printf '%s\n' "$root/var/compiled"
}
