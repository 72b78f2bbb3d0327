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
BED_OPTIONS=()  # for `testbed up`

gate() {
    begin "${BED_OPTIONS[@]}"
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
       done
       cat >/usr/local/bin/took <<-"END"
	#!/bin/bash
	# took CMD...: says how long that took, without what it took us to get there
	at=${EPOCHREALTIME/[.,]/}
	"$@"
	status=$?
	echo "took $(((${EPOCHREALTIME/[.,]/} - at) / 1000)) ms" >&2
	exit $status
	END
       chmod 755 /usr/local/bin/took' "$@"
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

# ask NAME SERVICES USERS TARGETS [KEY = VALUE]...: a rule by which somebody is asked, as often as he likes
ask() {
    printf '[rule %s]\nservices = %s\nusers = %s\ntargets = %s\naction = ask\napprovers = oncall\n' \
        "$1" "$2" "$3" "$4"
    printf 'rate = no\ncool-down = 0\n'     # a test asks often, and is often denied
    printf '%s\n' "${@:5}"
}

fresh() {
    X 'jitctl revoke --all
       for who in bob carol; do    # who has said yes is not told any more
           for id in $(runuser -u "$who" -- jitctl pending --json | grep -oE "\"id\":\"[^\"]*" | cut -d\" -f4); do jitctl cancel "$id"; done
       done
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

# within MS CMD...: CMD passes, in that time (its own, if `took` says it). A busy machine may hold up whatever
# it likes. So what was late has as much again as ten commands that do nothing take now, and is tried again,
# twice: CMD must be such that it can be, and has to pass each time.
within() {
    local begin out ms idle try
    for try in 1 2 3; do
        begin=${EPOCHREALTIME/[.,]/}
        out=$("${@:2}" 2>&1) || { printf '%s\n' "$out"; return 1; }
        ms=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
        printf '%s\n' "$out"
        if [[ $out =~ (^|$'\n')"took "([0-9]+)" ms" ]]; then ms=${BASH_REMATCH[2]}; fi
        if ((ms < $1)); then return; fi
        begin=${EPOCHREALTIME/[.,]/}
        X true
        idle=$(((${EPOCHREALTIME/[.,]/} - begin) / 100))
        echo "try $try: $ms ms, where doing nothing ten times takes $idle ms"
        if ((ms < $1 + idle)); then return; fi
    done
    return 1
}

# soon CMD...: CMD passes before 10 s are over (X has one like it for what is inside)
soon() {
    local end=$((SECONDS + 10)) out
    until out=$("$@" 2>&1); do
        if ((SECONDS > end)); then
            printf '%s\nnot within 10 s\n' "$out"
            return 1
        fi
        sleep 0.05
    done
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

in_vain() {
    typed dev2 took sudo id <<'END'
status 1
absent uid=
END
}

# refuses REGEX: dev2 gets that line within 5 s and no access; root passes at once.
refuses() {
    within 1000 X 'sudo -u dev true'
    within 5600 says "$1" in_vain
    within 5600 refused "$1" as dev2 'took sudo -n id'
    within 1000 X 'sudo -u dev true'
}
