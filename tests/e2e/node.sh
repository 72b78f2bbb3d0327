# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# node.sh - the npm packages of package.json, in exactly the versions it names:
#
#   node_packages DIR      fetches them into DIR unless they are there already; says by name which cannot be had
#
# No lock file is kept: it would carry the hosts that they came from.

node_wanted() { sed -n 's/^    "\([^"]*\)": "\([0-9.]*\)",\{0,1\}$/\1 \2/p' "$E2E/package.json"; }

node_lacks() {      # node_lacks DIR: what of it is not there in that version, one a line
    local name version
    while read -r name version; do
        if ! grep -qF "\"version\": \"$version\"" "$1/node_modules/$name/package.json" 2>/dev/null; then
            echo "$name $version"
        fi
    done < <(node_wanted)
}

node_packages() {
    local lacks
    if [ -n "$(node_lacks "$1")" ]; then
        mkdir -p "$1"
        cp "$E2E/package.json" "$1/package.json"
        (cd "$1" && npm install --no-audit --no-fund --no-package-lock --ignore-scripts) </dev/null >"$1/log" 2>&1 || :
    fi
    lacks=$(node_lacks "$1")
    [ -n "$lacks" ] || return 0
    tail -n 20 "$1/log"
    while read -r lacks; do echo "$lacks could not be fetched"; done <<<"$lacks"
    return 1
}
