#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What receiver.mjs heard.

    heard.py FILE [--from LINE] [--wait SECS] [--count N] [--genuine] EVENT [KEY=VALUE...] [print KEY...]

waits (30 s) until there are N (1) deliveries of that event (* is any), from that line of FILE on, of which
every KEY is that VALUE, and prints of each the values of these keys on a line. Keys: answer, genuine, id,
at, text, type, approver, url, code of what was heard, and any other is one of the request's. Exit: 0 if there are
that many; 1 if not, and says what there is. --count 0: there is none now. --genuine: and the reference
package found nothing to say against any from there on.
"""

import argparse
import json
import sys
import time


def read(path, start):
    try:
        with open(path, encoding="utf-8") as f:
            return [json.loads(line) for line in f.read().split("\n")[start:-1]]
    except FileNotFoundError:
        return []


def value(heard, key):
    body = heard["body"] or {}
    data = body.get("data", {})
    if key in ("answer", "genuine", "id", "at", "text", "path"):
        return heard[key]
    if key in ("type", "timestamp"):
        return body.get(key)
    if key in ("approver", "url"):
        return (data.get("link") or {}).get(key)
    if key in ("link", "head"):
        return data.get(key)
    return (data.get("request") or {}).get("id" if key == "request" else key)


def text(v):
    return v if isinstance(v, str) else json.dumps(v)


def main():
    p = argparse.ArgumentParser(add_help=False)
    p.add_argument("file")
    p.add_argument("--from", dest="start", type=int, default=0)
    p.add_argument("--wait", type=float, default=30)
    p.add_argument("--count", type=int, default=1)
    p.add_argument("--genuine", action="store_true")
    p.add_argument("event")
    p.add_argument("rest", nargs="*")
    args = p.parse_args()
    keys, conditions = [], args.rest
    if "print" in args.rest:
        n = args.rest.index("print")
        conditions, keys = args.rest[:n], args.rest[n + 1:]
    conditions = [c.split("=", 1) for c in conditions]
    end = time.monotonic() + args.wait
    while True:
        lines = read(args.file, args.start)
        found = [h for h in lines if args.event in ("*", value(h, "type"))
                 and all(text(value(h, k)) == v for k, v in conditions)]
        if len(found) >= args.count or time.monotonic() > end:
            break
        time.sleep(0.05)
    for h in found:
        print(" ".join(text(value(h, k)) for k in keys))
    good = len(found) == 0 if args.count == 0 else len(found) >= args.count
    if args.genuine:
        good = good and all(h["genuine"] for h in lines)
    if not good:
        print(f"heard {len(found)} of {args.event} {conditions}, among these:", file=sys.stderr)
        for h in lines:
            print(" ", h["answer"], h["genuine"], h.get("why", ""), h["text"][:500], file=sys.stderr)
    return 0 if good else 1


sys.exit(main())
