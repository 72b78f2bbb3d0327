#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What no browser does, to the gateway's Unix socket.

    post.py gets SOCKET PATH N            N times GET or HEAD, in all guises; exit 0 if each was 200
    post.py race SOCKET PATH FORM [PATH FORM]...   all at the same moment; their statuses in order, one a line
    post.py pipe SOCKET PATH FORM [PATH FORM]...   one behind the other without waiting, on one connection
    post.py raw SOCKET <BYTES             the status that comes for them, or "closed"
    post.py slow SOCKET PATH N            N connections, a byte a second; says "holding" once all are there, and in the end
                                          (no more standard input, all dropped, 90 s) how many are still kept
    post.py park SOCKET N                 N connections that say nothing; the same
"""

import http.client
import select
import socket
import sys
import threading
import time

GUISES = [{}, {"User-Agent": "Slackbot-LinkExpanding 1.0"}, {"Purpose": "prefetch", "Sec-Purpose": "prefetch"},
          {"X-Forwarded-For": "203.0.113.7"}, {"Authorization": "Bearer x"}, {"Accept": "application/json"},
          {"Cookie": "decision=approve"}, {"Range": "bytes=0-"}, {"X-HTTP-Method-Override": "POST"}]


def connect(path):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(30)
    end = time.monotonic() + 30
    while True:
        try:
            s.connect(path)
            return s
        except BlockingIOError:                 # its backlog is full just now
            if time.monotonic() > end:
                raise
            time.sleep(0.005)


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = connect(self.path)


def post_bytes(path, form, close):
    body = form.encode()
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n{'Connection: close' if close else 'X-N: 1'}\r\n\r\n").encode() + body


def status_of(reader):
    response = http.client.HTTPResponse(reader)
    try:
        response.begin()
        response.read()
        return str(response.status)
    except (http.client.HTTPException, OSError):
        return "closed"


def gets(path, where, n):
    connection, bad, kept = Connection(path), 0, 0
    for i in range(int(n)):
        guise = GUISES[i % len(GUISES)]
        url = where + ["", "?decision=approve", "?decision=approve&form=x#y"][i % 3]
        try:
            connection.request("HEAD" if i % 2 else "GET", url, headers=guise,
                               body="decision=approve" if i % 7 == 0 else None)
            response = connection.getresponse()
            response.read()
            bad += response.status != 200
            if response.will_close:
                connection.close()
            kept += 1
        except (http.client.HTTPException, OSError):
            connection.close()
            bad += 1
    print(f"{kept} answered, {bad} not with 200")
    return 1 if bad else 0


def pairs(rest):
    return list(zip(rest[::2], rest[1::2]))


def race(path, *rest):
    all_there = threading.Barrier(len(rest) // 2)
    statuses = {}

    def one(n, where, form):
        s = connect(path)
        data = post_bytes(where, form, True)
        s.sendall(data[:-1])
        all_there.wait()
        s.sendall(data[-1:])
        statuses[n] = status_of(s)

    threads = [threading.Thread(target=one, args=(n, *p)) for n, p in enumerate(pairs(rest))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print("\n".join(statuses.get(n, "closed") for n in range(len(threads))))
    return 0


class Once:
    """http.client reads a response from what makefile() gives; all of one connection share one."""

    def __init__(self, s):
        self.file = s.makefile("rb")

    def makefile(self, *_args, **_more):
        return self

    def __getattr__(self, name):
        return getattr(self.file, name)

    def close(self):
        pass

    def flush(self):
        pass


def pipe(path, *rest):
    s = connect(path)
    s.sendall(b"".join(post_bytes(where, form, False) for where, form in pairs(rest)))
    reader = Once(s)
    for _ in pairs(rest):
        print(status_of(reader))
    return 0


def raw(path):
    s = connect(path)
    try:
        s.sendall(sys.stdin.buffer.read())
    except OSError:
        pass
    print(status_of(s))
    return 0


def hold(path, n, head, rest):
    held = []
    for _ in range(n):
        s = connect(path)
        if head:
            s.sendall(head)
        s.setblocking(False)
        held.append(s)
    began, at = time.monotonic(), 0
    print("holding", flush=True)
    longest = 0
    while not select.select([sys.stdin], [], [], 1)[0]:
        at += 1
        for s in list(held):
            try:
                if select.select([s], [], [], 0)[0] and not s.recv(4096):
                    raise ConnectionResetError
                if at <= len(rest):
                    s.send(rest[at - 1:at])
            except BlockingIOError:
                pass
            except OSError:
                held.remove(s)
                longest = time.monotonic() - began
        if not held or time.monotonic() - began > 90:
            break
    print(f"{len(held)} still there; the last that was dropped had {longest:.0f} s", flush=True)
    return 1 if held and time.monotonic() - began > 90 else 0


def slow(path, where, n):
    data = post_bytes(where, "decision=approve&note=" + "x" * 200, True)
    return hold(path, int(n), data[:20], data[20:])


def park(path, n):
    return hold(path, int(n), b"", b"")


sys.exit({"gets": gets, "race": race, "pipe": pipe, "raw": raw, "slow": slow, "park": park}[sys.argv[1]](*sys.argv[2:]))
