#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""receiver.py FOLDER - receivers of webhooks, good and bad; each listens on a port of 127.0.0.1.

Makes its keys and certificates in FOLDER, prints a line "NAME PORT" for each receiver and then "ready 0", serves
until its standard input ends. What the path says is what is done:

    /echo           200, and the request's head and body come back
    /status/NUMBER  that status
    /retry/VALUE    429 with Retry-After: VALUE
    /redirect       302 to /elsewhere
    /endless        200, and a body without end
    /headers        200, and headers without end
    /slow           a byte of the head a second
    /slow-body      200, and a byte of the body a second
    /silent         nothing
    /garbage        no HTTP
    /half           a body shorter than was said
    /hang-up        the connection is closed
    /flaky/N        500 for the first N requests of this path, then 200
    /counts         200, and how often each path was asked for, as "path number" lines
    /log            200, and every /flaky and /status request so far, head and body, ended by "--" lines
"""

import collections
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import warnings

counts = collections.Counter()
log = []
lock = threading.Lock()


def make(folder, name, names, days):
    key, cert = os.path.join(folder, name + ".key"), os.path.join(folder, name + ".pem")
    asked = os.path.join(folder, name + ".csr")
    subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", asked, "-subj", "/CN=" + name, "-addext", "subjectAltName=" + names],
                   check=True, stderr=subprocess.DEVNULL)
    # x509 alone takes a number of days below 0
    subprocess.run(["openssl", "x509", "-req", "-in", asked, "-signkey", key, "-out", cert, "-days", str(days),
                    "-copy_extensions", "copy"], check=True, stderr=subprocess.DEVNULL)
    return key, cert


def read_request(peer):
    data = b""
    while b"\r\n\r\n" not in data:
        got = peer.recv(65536)
        if not got:
            return None
        data += got
    head, body = data.split(b"\r\n\r\n", 1)
    size = 0
    for line in head.split(b"\r\n")[1:]:
        name, value = line.split(b":", 1)
        if name.lower() == b"content-length":
            size = int(value)
    while len(body) < size:
        got = peer.recv(65536)
        if not got:
            return None
        body += got
    return head, body


def reply(peer, status, body=b"", headers=b""):
    peer.sendall(b"HTTP/1.1 %d X\r\n%sContent-Length: %d\r\n\r\n%s" % (status, headers, len(body), body))


def slowly(peer, data):
    for i in range(len(data)):
        peer.sendall(data[i:i + 1])
        time.sleep(1)


def forever(peer, data):
    while True:
        peer.sendall(data)


def answer(peer, head, body):
    """False: close."""
    path = head.split(b" ")[1].decode()
    words = path.split("/")[1:]
    with lock:
        counts[path] += 1
        n = counts[path]
        if words[0] in ("flaky", "status"):
            log.append(head + b"\r\n\r\n" + body + b"\n--\n")
    ok = b"HTTP/1.1 200 OK\r\n"
    if words[0] == "echo":
        reply(peer, 200, head + b"\r\n\r\n" + body)
    elif words[0] == "status":
        reply(peer, int(words[1]))
    elif words[0] == "retry":
        reply(peer, 429, b"", b"Retry-After: %s\r\n" % words[1].replace("_", " ").encode())
    elif words[0] == "redirect":
        reply(peer, 302, b"", b"Location: /elsewhere\r\n")
    elif words[0] == "flaky":
        reply(peer, 500 if n <= int(words[1]) else 200)
    elif words[0] == "counts":
        reply(peer, 200, "".join(f"{p} {n}\n" for p, n in sorted(counts.items())).encode())
    elif words[0] == "log":
        reply(peer, 200, b"".join(log))
    elif words[0] == "endless":
        peer.sendall(ok + b"\r\n")
        forever(peer, b"x" * 1024)
    elif words[0] == "headers":
        peer.sendall(ok)
        forever(peer, b"X-More: " + b"x" * 1000 + b"\r\n")
    elif words[0] == "slow":
        slowly(peer, ok)
    elif words[0] == "slow-body":
        peer.sendall(ok + b"Content-Length: 100\r\n\r\n")
        slowly(peer, b"x" * 100)
    elif words[0] == "silent":
        peer.recv(1)
    elif words[0] == "garbage":
        peer.sendall(b"\x00\x01\x02 no HTTP at all\r\n\r\n")
        return False
    elif words[0] == "half":
        peer.sendall(ok + b"Content-Length: 100\r\n\r\nhalf")
        return False
    else:
        return False
    return True


def serve(peer, context):
    try:
        if context:
            peer = context.wrap_socket(peer, server_side=True)
        while True:
            request = read_request(peer)
            if not request or not answer(peer, *request):
                break
    except (OSError, ValueError):
        pass
    finally:
        peer.close()


def listen(name, context=None):
    server = socket.create_server(("127.0.0.1", 0))
    print(name, server.getsockname()[1], flush=True)

    def accept():
        while True:
            peer, _ = server.accept()
            threading.Thread(target=serve, args=(peer, context), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()


def tls(folder, name, names, days=2, most=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    key, cert = make(folder, name, names, days)
    if most:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.maximum_version = most
    context.load_cert_chain(cert, key)
    listen(name, context)


def main():
    folder = sys.argv[1]
    listen("http")
    tls(folder, "https", "DNS:localhost,IP:127.0.0.1")
    tls(folder, "wrong-name", "DNS:other.example")
    tls(folder, "expired", "DNS:localhost", days=-1)
    tls(folder, "old-tls", "DNS:localhost", most=ssl.TLSVersion.TLSv1_1)
    print("ready 0", flush=True)
    sys.stdin.read()


main()
