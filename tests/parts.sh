#!/usr/bin/env bash
# The Debian packages behind the Makefile: `parts.sh venv|build|real` installs those of a group that are missing,
# as root or by a sudo that asks nothing, and names the command to type where it may not.
# A missing real part leaves its tests out, loudly; with CI=true it is a failure. The other groups cannot be done without.
set -euo pipefail

readonly group=${1:?usage: parts.sh venv|build|real}
readonly python=${PYTHON:-python3}
case $group in venv | build | real) ;; *) echo "parts.sh: '$group' is no group: venv, build or real" >&2 && exit 2 ;; esac
PATH=$PATH:/usr/sbin:/sbin

has_venv() { "$python" -c 'import ensurepip, venv' 2>/dev/null; }
has_python_headers() {
    "$python" -c 'import pathlib, sysconfig; (pathlib.Path(sysconfig.get_path("include")) / "Python.h").stat()' 2>/dev/null
}
has_program() { command -v "$1" >/dev/null; }
has_file() { compgen -G "$1" >/dev/null; }

# Prints the packages of a group whose part is not on this machine.
missing() {
    case $1 in
    venv)
        has_venv || echo python3-venv
        ;;
    build) # pyscard has no wheel for Linux
        has_program gcc || echo gcc libc6-dev
        has_program swig || echo swig
        has_file '/usr/include/PCSC/winscard.h' || echo libpcsclite-dev
        has_python_headers || echo python3-dev
        ;;
    real)
        has_program pcscd || echo pcscd
        has_file '/usr/lib/pcsc/drivers/serial/libifdvpcd.so*' || echo vsmartcard-vpcd
        has_program mosquitto || echo mosquitto
        has_program mosquitto_pub || echo mosquitto-clients
        has_file '/usr/lib/postgresql/*/bin/initdb' || echo postgresql
        has_file '/usr/lib/softhsm/libsofthsm2.so' || echo softhsm2
        has_program chromium || echo chromium
        has_program ip || echo iproute2
        has_program unshare || echo util-linux
        ;;
    esac
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
    has_program apt-get && as_root true 2>/dev/null
}

# Packages would start their services; the tests start their own, on their own ports, so a policy forbids it meanwhile.
install_packages() {
    local policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
        trap "as_root rm -f $policy" EXIT
    fi
    as_root apt-get -qq -o DPkg::Lock::Timeout=300 update
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends "$@" >/dev/null
}

report() {
    echo "======================================================================" >&2
    echo "MISSING: $*" >&2
    echo "to install:  sudo apt-get install --no-install-recommends $*" >&2
    echo "======================================================================" >&2
}

mapfile -t packages < <(missing "$group" | tr ' ' '\n')
[ ${#packages[@]} -gt 0 ] || exit 0
if may_install; then
    echo "installing Debian packages: ${packages[*]}" >&2
    install_packages "${packages[@]}" || echo "parts.sh: apt-get failed" >&2
fi
mapfile -t packages < <(missing "$group" | tr ' ' '\n')
[ ${#packages[@]} -gt 0 ] || exit 0

report "${packages[@]}"
if [ "$group" = real ] && [ "${CI:-}" != true ]; then
    echo "tests that need them are left out" >&2
    exit 0
fi
exit 1
