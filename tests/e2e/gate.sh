# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# gate.sh - a test bed in which pam-jit stands before root; sourced after lib.sh:
#
#   gate sudo                  boots, installs, makes the people, puts pam_jit into /etc/pam.d/sudo
#   rules <<END                what approver.conf says from here on
#   …
#   END
#   fresh                      no grants, no requests, no cached passwords; the record begins here
#   ok '…' typed dev sudo id <<'END'
#   …
#   END
#   ok 'one was asked' count 1 request.created
#
# dev asks and has to type his password, dev2 asks and need not (NOPASSWD), bob and carol decide. The
# password of all is "pw", root's is "rootpw".

# shellcheck disable=SC2016  # code for the inside is quoted

MARK=0

gate() {
    begin
    install_product
    X 'for user in dev dev2 bob carol; do useradd -m -s /bin/bash "$user"; done
       printf "%s:pw\n" dev dev2 bob carol | chpasswd
       echo root:rootpw | chpasswd
       printf "%s\n" "dev ALL=(ALL:ALL) ALL" "dev2 ALL=(ALL:ALL) NOPASSWD: ALL" >/etc/sudoers.d/zz-test
       chmod 440 /etc/sudoers.d/zz-test
       mkdir -p /etc/jit-approver
       cd /usr/share/doc/pam-jit/examples/pam.d-examples
       for service; do
           cp "$service.example" "/etc/pam.d/$service"
           case $service in sudo) cp sudo.example /etc/pam.d/sudo-i ;; su) cp su.example /etc/pam.d/su-l ;; esac
       done' "$@"
    people | X 'cat >/etc/jit-approver/approver.conf'
    X 'systemctl start jit-approver.socket jit-approver-gateway.socket'
}

people() {
    printf '[approver %s]\nuser = %s\n' bob bob carol carol
    printf '[group oncall]\nmembers = bob, carol\n'
}

# rules <RULES: in force when it returns
rules() {
    { people; cat; } | X 'cat >/etc/jit-approver/approver.conf; jitctl check >&2; jitctl reload'
}

# ask NAME SERVICES USERS TARGETS [KEY = VALUE]...: a rule by which somebody is asked
ask() {
    printf '[rule %s]\nservices = %s\nusers = %s\ntargets = %s\naction = ask\napprovers = oncall\n' \
        "$1" "$2" "$3" "$4"
    printf '%s\n' "${@:5}"
}

fresh() {
    X 'jitctl revoke --all
       for id in $(runuser -u bob -- jitctl pending --json | grep -oE "\"id\":\"[^\"]*" | cut -d\" -f4); do jitctl cancel "$id"; done
       rm -rf /run/sudo/ts/*' >/dev/null 2>&1 || :
    MARK=$(X 'jitctl log --json' | wc -l)
}

# rows [REGEX]: what is in the record since then, as JSON, one a line
rows() { X 'jitctl log --json' | tail -n +$((MARK + 1)) | grep -E -- "${1:-}" || :; }

# count N EVENT [REGEX]: so many of them
count() {
    local found
    found=$(rows "\"event\":\"$2\"" | grep -E -- "${3:-}" || :)
    if [ "$(grep -c . <<<"$found")" != "$1" ]; then
        echo "not $1 $2 ${3:-}:"
        rows
        return 1
    fi
}

# within MS CMD...: CMD passes, in that time
within() {
    local begin=${EPOCHREALTIME/[.,]/} ms
    "${@:2}" || return
    ms=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
    if ((ms >= $1)); then
        echo "it took $ms ms"
        return 1
    fi
}

# refused REGEX CMD...: CMD fails, and says REGEX
refused() {
    local regex=$1 out
    shift
    if out=$("$@" 2>&1); then
        printf '%s\nit passed\n' "$out"
        return 1
    fi
    printf '%s\n' "$out"
    grep -Eq -- "$regex" <<<"$out"
}

# granted USER [REQUEST-OPTION...]: asked for and approved
granted() {
    local id
    id=$(as "$1" 'jitctl request --reason test --no-wait "$@" || [ $? = 4 ]' "${@:2}")
    as bob 'jitctl approve "$1"' "$id" >/dev/null
}

# can USER [SUDO-OPTION...]: runs something, without a question
can() { as "$1" 'sudo -n "$@" true' "${@:2}"; }

# refuses REGEX: dev2 gets that line within 5 s and no access; root passes at once.
refuses() {
    within 1000 X 'sudo -u dev true'
    within 5600 says "$1" typed dev2 sudo id <<'END'
status 1
absent uid=
END
    within 5600 refused "$1" as dev2 'sudo -n id'
    within 1000 X 'sudo -u dev true'
}
