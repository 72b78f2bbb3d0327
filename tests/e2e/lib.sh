# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# lib.sh - what an e2e script needs. Sourcing it does nothing yet; a script goes like this:
#
#   . "$(dirname "$0")/lib.sh"
#   begin                                  boot a test bed for this script (options as `testbed up`)
#   install_product                        put pam-jit in it, as a package would
#   add_user dev
#   ok 'the approver answers' as dev 'jitctl status'
#   ok 'sudo asks for a reason' typed dev sudo id <<'END'
#   expect Reason:
#   key ^C
#   status 1
#   END
#   finish                                 the plan, and the exit status
#
# Output is TAP. The test bed goes away when the script ends, however it ends.

set -euo pipefail

E2E=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
TOP=$(cd "$E2E/../.." && pwd -P)
TB=$TOP/tests/testbed/testbed
BED=""          # the test bed's name, once there is one
FOLDERS=()      # what goes with it
COUNT=0 FAILED=0

# ------------------------------------------------------------------------------- TAP

ok() {          # ok WHAT CMD...: passes if CMD does; what CMD said is shown only if it failed
    local what=$1 out status
    shift
    COUNT=$((COUNT + 1))
    # not `out=$(...) || status=$?`: behind a || the shell forgets set -e, in functions too
    set +e
    out=$(set -e; "$@" 2>&1)
    status=$?
    set -e
    if [ "$status" = 0 ]; then
        echo "ok $COUNT - $what"
    else
        FAILED=$((FAILED + 1))
        echo "not ok $COUNT - $what"
        printf '%s\n' "${out:-(it said nothing)}" "status $status: $*" | sed 's/^/#   /'
    fi
}

not() { if "$@"; then return 1; fi; }       # for set -e a plain `! CMD` is never a failure

# says REGEX CMD...: CMD passes and REGEX is in what it said
says() {
    local regex=$1 out
    shift
    out=$("$@" 2>&1) || { printf '%s\n' "$out"; return 1; }
    printf '%s\n' "$out"
    grep -Eq -- "$regex" <<<"$out"
}

skip() {        # skip WHAT WHY: in CI a skip is a failure
    COUNT=$((COUNT + 1))
    echo "ok $COUNT - $1 # SKIP $2"
}

note() { printf '# %s\n' "$*"; }

begin() {
    local name
    name=$(basename "$0" .test)
    BED=$(tr -cd 'a-z0-9-' <<<"e2e-$name" | cut -c1-30)-$$
    trap 'stop_all' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    set -- --bind-ro "$E2E:/run/e2e" --cover /home --cover /root "$@"
    "$TB" up "$@" "$BED" || { echo "Bail out! no test bed"; exit 1; }
}

stop_all() {
    local status=$?
    if [ -n "$BED" ]; then "$TB" down --kill "$BED" || :; fi
    rm -rf -- "${FOLDERS[@]}"
    exit "$status"
}

finish() {
    echo "1..$COUNT"
    if [ "$FAILED" != 0 ] && "$TB" status "$BED" >/dev/null 2>&1; then
        note "the end of the journal inside:"
        X 'journalctl -b -n 60 -o short-precise --no-pager' 2>&1 | sed 's/^/#   /' || :
    fi
    [ "$FAILED" = 0 ]
    exit
}

# ------------------------------------------------------------------------------- inside

# X CODE [ARG...]: in a shell inside, as root; ARGs are $1... CODE may say `soon CMD...`: wait until CMD
# passes, 10 s at most; and `CMD | nothing`: it must find nothing.
# shellcheck disable=SC2016
SOON='soon() {
    local end=$((SECONDS + 10))
    until "$@" >/dev/null 2>&1; do
        if ((SECONDS > end)); then echo "not within 10 s: $*" >&2; return 1; fi
        sleep 0.02
    done
}
nothing() { if grep -a ""; then return 1; fi; }'
X() { "$TB" exec "$BED" -- bash -euc "$SOON"$'\n'"$1" - "${@:2}"; }

# as USER CODE [ARG...]: the same as a login of USER, without a terminal
as() { "$TB" exec --user "$1" "$BED" -- bash -euc "$2" - "${@:3}"; }

# typed USER CMD...: CMD on a terminal, driven by the pty.py script on stdin; PTY_OPTIONS for more
typed() {
    # shellcheck disable=SC2086
    "$TB" exec "$BED" -- python3 -I /run/e2e/pty.py --user "$1" ${PTY_OPTIONS:-} -- "${@:2}"
}

# until_true SECONDS CODE: CODE (as root inside) is tried every 50 ms. Where there is an event to
# wait for (journalctl -f, busctl wait, systemctl --wait, inotify), wait for that instead.
until_true() {
    # shellcheck disable=SC2016
    X 'end=$((${EPOCHREALTIME/[.,]/} + ${1%.*} * 1000000))
       until bash -euc "$2" >/dev/null 2>&1; do
           if ((${EPOCHREALTIME/[.,]/} > end)); then
               echo "not within $1 s: $2"; bash -euxc "$2"; exit 1
           fi
           sleep 0.05
       done' "$1" "$2"
}

# no_units PATTERN: systemd unloads a unit a moment after it has ended
no_units() {
    # shellcheck disable=SC2016
    X 'none() { [ -z "$(systemctl list-units --all --no-legend "$1")" ]; }; soon none "$1"' "$1"
}

# add_user NAME [PASSWORD] [USERADD-OPTION...]: PASSWORD is "pw" if none is given, none if empty
add_user() {
    # shellcheck disable=SC2016
    X 'useradd -m -s /bin/bash "${@:3}" "$1"; if [ -n "$2" ]; then echo "$1:$2" | chpasswd; fi' \
        "$1" "${2-pw}" "${@:3}"
}

# ssh_key USER: root inside may log in as USER with a key. ssh_in USER CMD... does it.
ssh_key() {
    # shellcheck disable=SC2016
    X '[ -e /root/.ssh/id_ed25519 ] || { mkdir -pm 700 /root/.ssh; ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id_ed25519; }
       home=$(getent passwd "$1" | cut -d: -f6)
       install -d -m 700 -o "$1" -g "$1" "$home/.ssh"
       install -m 600 -o "$1" -g "$1" /root/.ssh/id_ed25519.pub "$home/.ssh/authorized_keys"' "$1"
}
SSH_OPTIONS="-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes"
ssh_in() {
    # shellcheck disable=SC2086
    "$TB" exec "$BED" -- ssh $SSH_OPTIONS "$1@127.0.0.1" "${@:2}"
}

# ------------------------------------------------------------------------------- the product

# stage_product BUILDDIR DEST: what `meson install` puts on a machine, in the folder DEST.
stage_product() {
    configure "$1"
    meson compile -C "$1"
    DESTDIR=$2 meson install -C "$1" --no-rebuild --quiet
}

# configure BUILDDIR [OPTION...]: a build folder as a distribution would have it
configure() {
    local dir=$1
    shift
    if [ -e "$dir/build.ninja" ]; then return; fi
    meson setup --prefix=/usr --sysconfdir=/etc --localstatedir=/var "$@" "$dir" "$TOP"
}

# install_product: tests/run has staged it in $PAM_JIT_STAGING; a script run by hand stages its own.
install_product() {
    if [ -z "${PAM_JIT_STAGING:-}" ]; then
        PAM_JIT_STAGING=$(mktemp -d)
        FOLDERS+=("$PAM_JIT_STAGING")
        stage_product "$TOP/build-gcc" "$PAM_JIT_STAGING" >&2
    fi
    # tar keeps /lib the link it is on a merged /usr, and / its mode
    tar -C "$PAM_JIT_STAGING" -cf - . |
        "$TB" exec "$BED" -- tar -C / --keep-directory-symlink --no-overwrite-dir --no-same-owner -xf -
    # of what systemd-tmpfiles says about the rest of the system only a failure of ours matters
    X 'systemd-sysusers
       systemd-tmpfiles --create || [ $? = 73 ]
       journalctl --update-catalog
       systemctl daemon-reload'
}
