# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# click.sh - a test bed with the gateway in it, who receives its webhooks, and a browser; sourced after
# gate.sh:
#
#   clickable                  gate sudo, the gateway, a receiver that says 200
#   rules <<END                as in gate.sh, with [web] and the channel ops-hook
#   $(ask root sudo dev2 root 'notify = ops-hook')
#   END
#   dev_asks <<END             dev2 types `sudo id` and a reason, in the background; what he sees then
#   expect ^Approved by bob
#   END
#   browse <<END               somebody in front of Chromium: see browser.mjs. $ID and $LINK are bob's
#   open $LINK
#   click decision=approve
#   END
#   dev_saw                    how it went for him
#
# The browser is on the machine, the gateway in the bed, whose network is its own: it listens on a Unix
# socket in a folder that both see, to which forward.mjs leads from a port of 127.0.0.1. The receiver is
# in the bed; what it heard is in $HOOK/heard.

# shellcheck disable=SC2016,SC2034  # code for the inside is quoted; what is set here is used elsewhere
# shellcheck source=SCRIPTDIR/node.sh
. "$E2E/node.sh"

SECRET=whsec_$(head -c 24 /dev/urandom | base64)
HEARD=0         # lines of what was heard that are of no interest any more
ID="" LINK="" FORM="" ASKER=""

clickable() {
    export PAM_JIT_NODE=${PAM_JIT_NODE:-$TOP/build-node}
    export PAM_JIT_SCREENSHOTS=${PAM_JIT_SCREENSHOTS:-$TOP/build-gcc/screenshots}
    node_packages "$PAM_JIT_NODE" || { echo "Bail out! not without npm's packages"; exit 1; }
    SHARED=$(mktemp -d)
    FOLDERS+=("$SHARED")
    WEB=$SHARED/web HOOK=$SHARED/hook
    chmod 755 "$SHARED"
    mkdir -m 755 "$WEB" "$HOOK"
    # it ends with this script, which holds its standard input
    coproc FORWARD { exec node "$E2E/forward.mjs" "$WEB/web.sock"; }
    read -r PORT <&"${FORWARD[0]}"
    URL=http://127.0.0.1:$PORT
    BED_OPTIONS=(--bind "$WEB:/run/jit-gateway" --bind "$HOOK:/run/hook" --bind-ro "$PAM_JIT_NODE:/run/node")
    gate sudo
    receiver
    channel 'url = http://127.0.0.1:8990/hook'
    X 'systemctl enable -q --now jit-gateway.service'
}

# What every rule file begins with here.
people() {
    printf '[web]\nurl = %s\n[channel ops-hook]\n%s\n' "$URL" "${CHANNEL:-}"
    printf '[approver %s]\nuser = %s\n' bob bob carol carol
    printf '[group oncall]\nmembers = bob, carol\n'
}

# channel LINE...: gateway.conf from here on, with these lines for the channel; the gateway is not told
channel() {
    printf '%s\n' '[web]' 'listen = /run/jit-gateway/web.sock' '[channel ops-hook]' 'type = webhook' \
        'secret-credential = ops-hook' "$@" | X 'umask 022; cat >/etc/jit-approver/gateway.conf'
    X 'mkdir -p /etc/systemd/system/jit-gateway.service.d
       (umask 077; echo "$1" >/etc/jit-approver/ops-hook)
       printf "[Service]\nLoadCredential=ops-hook:/etc/jit-approver/ops-hook\n" \
           >/etc/systemd/system/jit-gateway.service.d/ops-hook.conf
       systemctl daemon-reload' "$SECRET"
}

# ------------------------------------------------------------------------------- the receiver

receiver() {    # receiver: starts it
    local name
    echo "$SECRET" >"$HOOK/secret"
    if [ ! -e "$HOOK/ca.crt" ]; then
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test-ca -keyout "$HOOK/ca.key" -out "$HOOK/ca.crt" 2>/dev/null
        openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$HOOK/tls.key" -out "$HOOK/tls.csr" 2>/dev/null
        openssl x509 -req -in "$HOOK/tls.csr" -CA "$HOOK/ca.crt" -CAkey "$HOOK/ca.key" -CAcreateserial -days 2 \
            -extfile <(echo subjectAltName=DNS:localhost) -out "$HOOK/tls.crt" 2>/dev/null
    fi
    rm -f "$HOOK/listening"
    X 'systemd-run -q --unit=receiver --collect -E PAM_JIT_NODE=/run/node -p Restart=no \
           node /run/e2e/receiver.mjs /run/hook 8990 8991
       soon test -e /run/hook/listening'
}
no_receiver() { X 'systemctl stop receiver.service'; }
answers() { echo "$*" >"$HOOK/mode.new"; mv "$HOOK/mode.new" "$HOOK/mode"; }    # see receiver.mjs
heard() { python3 -I "$E2E/heard.py" "$HOOK/heard" --from "$HEARD" "$@"; }
heard_lines() { if [ -e "$HOOK/heard" ]; then wc -l <"$HOOK/heard"; else echo 0; fi; }
forget() { HEARD=$(heard_lines); }

# channel_shows KEY: what jitctl says of the channel; channel_is STATE, owes N, settled: wait for it
channel_shows() {
    X 'jitctl status --json' | python3 -Ic '
import json, sys
[channel] = [c for c in json.load(sys.stdin)["channels"] if c["name"] == "ops-hook"]
print(channel.get(sys.argv[1]))' "$1"
}
shows() { local is; is=$(channel_shows "$1"); echo "$1 is $is"; [ "$is" = "$2" ]; }
eventually() {      # eventually CMD...: within a minute
    local end=$((SECONDS + 60)) out
    until out=$("$@" 2>&1); do
        if ((SECONDS > end)); then printf '%s\nnot within a minute: %s\n' "$out" "$*"; return 1; fi
        sleep 0.1
    done
}
channel_is() { eventually shows state "$1"; }
owes() { eventually shows owed "$1"; }
settled() { owes 0; }

# ------------------------------------------------------------------------------- people

# dev_asks [CMD...] <SCRIPT: $ID, $LINK and $ASKER
dev_asks() {
    local script
    [ $# -gt 0 ] || set -- sudo id
    script=$(printf '%s\n' 'expect "^Reason: "' "send ${REASON:-deploy hotfix OPS-1423}\\n" 'expect Request (....-....)\.'; cat)
    forget
    PTY_OPTIONS='--timeout 120' typed dev2 "$@" <<<"$script" >"$SHARED/typed" 2>&1 &
    ASKER=$!
    read -r ID LINK < <(heard request.created approver=bob print request url)
}
dev_saw() {
    local status=0
    wait "$ASKER" || status=$?
    cat "$SHARED/typed"
    return "$status"
}
# asked: a request that nobody waits for; of_dev2 makes it and does not wait for its message
of_dev2() {
    forget
    ID=$(as dev2 'jitctl request --reason "$1" --no-wait -- id || [ $? = 4 ]' "${REASON:-deploy hotfix OPS-1423}")
    echo "$ID" >"$SHARED/asked"
}
asked() {
    of_dev2
    LINK=$(link_of bob)
}
before() { ID=$(<"$SHARED/asked"); }    # what another test asked for: each is a shell of its own
# link_of APPROVER
link_of() { heard request.created "approver=$1" "request=$ID" print url | head -n 1; }

browse() { timeout 300 node "$E2E/browser.mjs"; }

# ------------------------------------------------------------------------------- by curl

# http STATUS CURL-ARG...: passes if that is the answer's status; says the answer
http() {
    local want=$1 got
    shift
    got=$(curl -sS --noproxy '*' -m 60 -o "$SHARED/answer" -D "$SHARED/headers" -w '%{http_code}' "$@") || return 1
    cat "$SHARED/headers" "$SHARED/answer"
    if [ "$got" != "$want" ]; then
        echo "it was $got, not $want"
        return 1
    fi
}
# form_of LINK: the anti-forgery value of its page
form_of() {
    http 200 "$1" >/dev/null
    sed -n 's/.*name="form" value="\([^"]*\)".*/\1/p' "$SHARED/answer"
}
# decides STATUS LINK KEY=VALUE... [-- CURL-ARG...]: a browser's form, as it is posted
decides() {
    local want=$1 link=$2 args=()
    shift 2
    while [ $# -gt 0 ] && [ "$1" != -- ]; do args+=(--data-urlencode "$1"); shift; done
    if [ $# -gt 0 ]; then shift; fi
    http "$want" "$link" -H "Origin: $URL" -H 'Sec-Fetch-Site: same-origin' "${args[@]}" "$@"
}
