#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What packaging/try has beside pam-jit: a way in for a browser, bob's phone, and bob's finger.

    try.py forward SOCKET [PORT]     a port of 127.0.0.1 (any: 0) that leads to a Unix socket; says which
    try.py phone FOLDER PORT BOB     takes webhooks, checks their signatures with FOLDER/secret, and writes what
                                     BOB gets to FOLDER/messages; says its port (any: 0)
    try.py click FOLDER DECISION [NOTE]   opens the last link in FOLDER/messages as a browser does, and posts its form
"""

import base64
import hashlib
import hmac
import html
import http.server
import json
import re
import socket
import socketserver
import sys
import threading
import time
import urllib.parse
import urllib.request


# ---------------------------------------------------------------------- a way in

def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    try:
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Forward(socketserver.BaseRequestHandler):
    def handle(self):
        inner = socket.socket(socket.AF_UNIX)
        with inner:
            try:
                inner.connect(self.server.target)
            except OSError:
                return                          # it is just being restarted
            back = threading.Thread(target=pump, args=(inner, self.request), daemon=True)
            back.start()
            pump(self.request, inner)
            back.join()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def forward(target, port="0"):
    server = Server(("127.0.0.1", int(port)), Forward)
    server.target = target
    print(server.server_address[1], flush=True)
    server.serve_forever()


# ---------------------------------------------------------------------- bob's phone

def genuine(secret, headers, body):
    """As the Standard Webhooks specification has it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    want = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return (abs(time.time() - int(headers["webhook-timestamp"])) < 300
            and any(hmac.compare_digest(want, s) for s in headers["webhook-signature"].split(" ")))


def message(event, data):
    r, link = data["request"], data.get("link") or {}
    what = " ".join(r["command"]) if isinstance(r.get("command"), list) else r.get("command")
    if event == "request.created":
        return (f"{r['asker']} on {r.get('host', 'this host')} asks for {r['service']} as {r.get('target', '?')}: {what}\n"
                f"    \"{r.get('reason', '')}\"\n    {link['url']}\n")
    return f"{r['id']}: {event.split('.')[1].replace('_', ' ')}" + (f", {r['state']}\n" if event == "request.decided" else "\n")


class Phone(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            good = genuine(self.server.secret, self.headers, body)
            hook = json.loads(body)
        except (KeyError, TypeError, ValueError):
            good = False
        if not good:
            self.send_error(400, "no webhook of ours")
            return
        seen = self.headers["webhook-id"] in self.server.seen       # it may come twice
        self.server.seen.add(self.headers["webhook-id"])
        if not seen and (hook["data"].get("link") or {}).get("approver") == self.server.bob:
            with open(self.server.folder + "/messages", "a", encoding="utf-8") as f:
                f.write(message(hook["type"], hook["data"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def phone(folder, port, bob):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Phone)
    with open(folder + "/secret", encoding="ascii") as f:
        server.secret = f.read().strip()
    server.folder, server.bob, server.seen = folder, bob, set()
    print(server.server_address[1], flush=True)
    server.serve_forever()


# ---------------------------------------------------------------------- bob's finger

def last_link(folder):
    """His phone rings within half a minute."""
    end, clicked = time.monotonic() + 30, folder + "/clicked"
    while time.monotonic() < end:
        try:
            with open(folder + "/messages", encoding="utf-8") as f:
                links = re.findall(r"^ +(http://\S+)$", f.read(), re.M)
            try:
                with open(clicked, encoding="utf-8") as f:
                    before = f.read().split()
            except FileNotFoundError:
                before = []
            if links and links[-1] not in before:
                with open(clicked, "a", encoding="utf-8") as f:
                    f.write(links[-1] + "\n")
                return links[-1]
        except FileNotFoundError:
            pass
        time.sleep(0.05)
    sys.exit("bob's phone did not ring")


def said(page):
    """The outcome, as text."""
    found = re.search(r'<p class="outcome[^>]*>(.*?)</p>', page, re.S) or re.search(r"<main[^>]*>(.*?)</main>", page, re.S)
    text = re.sub(r"<[^>]*>", "", found.group(1) if found else page)
    return " ".join(html.unescape(text).split())


def click(folder, decision, note=""):
    link = last_link(folder)
    web = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with web.open(link, timeout=30) as answer:
        page = answer.read().decode()
    print(f"GET {link}")
    form = html.unescape(re.search(r'name="form" value="([^"]*)"', page).group(1))
    fields = {"decision": decision, "note": note, "form": form}
    origin = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(link))
    post = urllib.request.Request(link, urllib.parse.urlencode(fields).encode(), {"Origin": origin})
    with web.open(post, timeout=30) as answer:
        print(f"POST decision={decision}" + (f", note={note}" if note else ""))
        print(said(answer.read().decode()))


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("forward", "phone", "click"):
        sys.exit(__doc__)
    {"forward": forward, "phone": phone, "click": click}[sys.argv[1]](*sys.argv[2:])
