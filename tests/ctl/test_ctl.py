#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""jitctl against a scripted approver: exit codes, JSON, talk and questions.

    test_ctl.py JITCTL [TEST...]
"""

import hashlib
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import unittest

from server import CLOSE, Server, error, more, reply

JITCTL = None
ESC = "\x1b"

GRANT = {"id": "G7QF-2M9D", "request": "K7QF-2M9D", "asker": "dev", "asker_uid": 1000,
         "target": "root", "target_uid": 0, "service": "sudo", "rule": "prod", "reason": "why",
         "scope": "service", "on_expiry": "end-sessions", "from": "2026-11-21T14:34:00Z",
         "until": "2069-11-21T15:04:00Z", "state": "active"}
REQUEST = {"id": "K7QF-2M9D", "state": "pending", "asker": "dev", "asker_uid": 1000,
           "service": "sudo", "target": "root", "target_uid": 0, "command": "apt upgrade",
           "reason": "deploy OPS-1423", "host": "web1", "tty": "pts/0", "rule": "prod",
           "approvals": 2, "approvers": ["bob", "carol"], "duration": "30m",
           "max_duration": "4h", "created": "2026-11-21T14:34:00Z",
           "deadline": "2069-11-21T15:04:00Z", "digest": "ab", "votes": []}
VOTE = {"approver": "bob", "decision": "approve", "note": "go ahead",
        "time": "2026-11-21T14:35:00Z"}
APPROVED = REQUEST | {"state": "approved", "votes": [VOTE, VOTE | {"approver": "carol"}],
                      "grant": GRANT}
DENIED = REQUEST | {"state": "denied", "votes": [VOTE | {"decision": "deny", "note": "no"}]}
CHAIN = REQUEST | {
    "approvals": 1, "approvers": ["sue", "sam"], "kind": "access", "scope": "once",
    "login_session": 12, "end_when_done": True, "match_code": True, "votes": [VOTE],
    "created": "2069-11-21T14:34:00Z", "deadline": "2069-11-21T15:34:00Z",
    "stages": [{"approvers": ["oncall"], "approved": ["bob"], "state": "done"},
               {"approvers": ["security"], "approved": [], "state": "open"},
               {"approvers": ["cto", "@board"], "approved": [], "state": "later"}],
    "escalations": [{"at": "2026-11-21T14:40:00Z", "approvers": ["leads", "dan"]}]}
EXTENSION = REQUEST | {"kind": "extension", "extends": "G7QF-2M9D", "scope": "service"}
BROKEN = REQUEST | {"kind": "break-glass", "scope": "service", "state": "approved",
                    "grant": GRANT | {"kind": "break-glass"}}
STATUS = {"version": "0.1.0", "protocol": 1, "uptime_usec": 3600000000, "host": "web1",
          "rules_loaded": True, "problems": [], "store": "ok", "bus": "ok", "clock": "ok",
          "pending": 1, "grants": 1, "waiting": 0, "connections": 1, "owed": 0,
          "head": "0" * 64, "roles": ["admin"]}
EVIL = f"x{ESC}]0;pwn\x07\u202e\ny"
ODD = "\x7f\x85\u200b\U000e0041\ud7ff\u65e5e\u0301"


def paged(member, *pages):
    """Turns of a paged list; the call's `after` must be the last `next`."""
    turns = []
    for i, page in enumerate(pages):
        def turn(parameters, i=i, page=page):
            if parameters.get("after", 0) != 10 * i:
                return error("org.varlink.service.InvalidParameter", parameter="after")
            last = {"next": 10 * (i + 1)} if i + 1 < len(pages) else {}
            return reply(**{member: page}, **last)
        turns.append([turn])
    return turns


def chain(*facts):
    rows, before = [], "0" * 64
    for i, data in enumerate(facts):
        row = {"seq": i + 1, "time": "2026-11-21T15:04:05Z", "event": "request.created",
               "request": "K7QF-2M9D", "data": data}
        canonical = json.dumps(row, separators=(",", ":"), ensure_ascii=False)
        before = hashlib.sha256((before + canonical).encode()).hexdigest()
        rows.append(row | {"hash": before, "canonical": canonical})
    return rows


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.server = None

    def tearDown(self):
        if self.server:
            self.server.close()
        self.folder.cleanup()

    def serve(self, **script):
        if self.server:
            self.server.close()
        self.server = Server(self.folder.name, script)
        return self.server

    def command(self, *args):
        path = self.server.path if self.server else self.folder.name + "/none"
        return [JITCTL, "--socket", path, *args]

    def environment(self, **more_of_it):
        return os.environ | {"TZ": "UTC", "LANG": "C.UTF-8", "TERM": "xterm"} | more_of_it

    def jitctl(self, *args, exit=0, stdin="", **environment):
        done = subprocess.run(self.command(*args), input=stdin, text=True, timeout=30,
                              capture_output=True, env=self.environment(**environment))
        said = f"{args}\nstdout: {done.stdout}\nstderr: {done.stderr}"
        self.assertEqual(done.returncode, exit, said)
        for stream in (done.stdout, done.stderr):
            self.assertIsNone(re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", stream), said)
        return done

    def document(self, *args, exit=0, stdin=""):
        return json.loads(self.jitctl(*args, "--json", exit=exit, stdin=stdin).stdout)

    def terminal(self, *args, typed=(), exit=0, **environment):
        """On a terminal; typed: pairs of what to wait for and what to type then."""
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(JITCTL, self.command(*args), self.environment(**environment))
        shown = ""
        steps = list(typed)
        while select.select([fd], [], [], 20)[0]:
            try:
                data = os.read(fd, 4096)
            except OSError:
                break
            if not data:
                break
            shown += data.decode()
            if steps and steps[0][0] in shown:
                os.write(fd, steps.pop(0)[1].encode())
        os.close(fd)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        self.assertEqual(status, exit, shown)
        self.assertEqual(steps, [], shown)
        return shown


class Errors(Case):
    def test_exit_codes(self):
        for name, parameters, code, words in [
                ("NotPermitted", {"message": "Not you."}, 5, "Not you."),
                ("NotFound", {"message": "None."}, 3, "None."),
                ("Ambiguous", {"message": "Several."}, 2, "Several."),
                ("Over", {"message": "Over.", "state": "denied"}, 3, "Over."),
                ("Refused", {"message": "No rule.", "code": "no-rule"}, 3, "No rule."),
                ("Refused", {"message": "Broken.", "code": "internal"}, 1, "Broken."),
                ("StoreUnavailable", {"message": "Full."}, 1, "Full."),
                ("NamesUnavailable", {"message": "Later."}, 1, "Later."),
                ("Busy", {"message": "Busy."}, 1, "Busy."),
                ("BadVersion", {"oldest": 3, "newest": 4}, 1, "protocol 1, the approver 3 to 4"),
                ("org.varlink.service.InvalidParameter", {"parameter": "id"}, 2, "given as 'id'."),
                ("org.varlink.service.MethodNotFound", {"method": "x"}, 1, "older"),
                ("org.example.New", {}, 1, "org.example.New"),
                ("NotFound", {}, 3, "No such"),
                ("NotFound", {"message": "there is none"}, 3, "jitctl: There is none.\n"),
                ("NotFound", {"message": EVIL}, 3, "X\\x1b]0;pwn\\x07\\u{202e}\\x0ay")]:
            for args in (("show", "K7QF"), ("show", "K7QF", "--json")):
                self.serve(Show=[[error(name, **parameters)]])
                done = self.jitctl(*args, exit=code)
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stdout, "")

    def test_unreachable(self):
        self.jitctl("status", exit=6)
        self.serve(GetStatus=[[CLOSE]])
        self.jitctl("status", exit=6)

    def test_garbage(self):
        for bad in (b"hello\0", b"{}{}\0", b'{"parameters":[]}\0', b"\0", b'{"parameters":{}}\0',
                    b'{"parameters":{"request":1,"grant":[]}}\0', b"[" * 70000):
            self.serve(Show=[[bad]])
            self.assertEqual(self.jitctl("show", "K7QF", exit=1).stdout, "")

    def test_usage(self):
        for args in (("frob",), (), ("show",), ("show", "a", "b"), ("show", "--frob", "x"),
                     ("request", "--for", "x"), ("grant", "dev"), ("revoke",),
                     ("revoke", "K7QF", "--all"), ("log", "--anchor", "x"),
                     ("log", "--verify", "--since", "today"), ("log", "--since", "some day"),
                     ("log", "--verify", "--anchor", "ABC"), ("run",), ("show", b"\xff"),
                     ("--socket", "relative", "status"), ("run", "--json", "--", "id")):
            done = subprocess.run([JITCTL, *args], capture_output=True, timeout=30,
                                  stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, 2, (args, done))
            self.assertEqual(done.stdout, b"")
        self.assertIn("did you mean approve?", self.jitctl("aprove", exit=2).stderr)
        self.assertIn("\\x1b", self.jitctl("x" + ESC, exit=2).stderr)

    def test_help(self):
        shown = self.jitctl("--help").stdout
        for verb in re.findall(r"^  ([a-z]+) ", shown, re.M):
            if verb != "jitctl":
                self.assertIn("jitctl " + verb, self.jitctl(verb, "--help").stdout)
        self.assertNotIn("expire", shown)
        self.assertIn("Internal", self.jitctl("expire", "--help").stdout)
        self.assertRegex(self.jitctl("--version").stdout, r"^jitctl \d+\.\d+")


class Requests(Case):
    def test_approved(self):
        self.serve(Show=[[reply(request=APPROVED)]], Request=[[
            more(verdict="pending", request="K7QF-2M9D", wait_usec=300000000, lines=["Asked."]),
            more(verdict="pending", request="K7QF-2M9D", lines=["1 of 2: approved by bob."]),
            reply(verdict="granted-by-the-approver", request="K7QF-2M9D", grant="G7QF-2M9D",
                  lines=["Approved by carol."])]])
        done = self.jitctl("request", "--for", "30m", "--reason", "why", "--", "apt", "--yes")
        self.assertEqual(done.stderr, "Asked.\n1 of 2: approved by bob.\nApproved by carol.\n")
        self.assertRegex(done.stdout, r"^Request K7QF-2M9D: approved by bob, carol until "
                                      r"2069-11-21 15:04 \(in \d+ d.*\): \"go ahead\"\n$")
        call = self.server.called("Request")[0]
        self.assertEqual(call["ask"] | {"tty": None}, {
            "service": "sudo", "target": "root", "mode": "run", "command": ["apt", "--yes"],
            "tty": None})
        self.assertEqual([call["version"], call["reason"], call["duration"], call["detached"],
                          call["more"]], [1, "why", "30m", False, True])
        self.assertGreater(call["wait_usec"], 0)
        self.assertEqual(self.document("request"), APPROVED)
        self.assertEqual(self.server.called("Request")[1]["ask"]["mode"], "shell")

    def test_verdicts(self):
        for verdict, code, exit, shown in [
                ("deny", "denied", 3, DENIED), ("deny", "no-rule", 3, None),
                ("deny", "withdrawn", 3, REQUEST | {"state": "withdrawn"}),
                ("deny", "timed-out", 4, REQUEST | {"state": "timed-out"}),
                ("pending", "detached", 4, REQUEST), ("deny", "store", 1, None),
                ("granted-by-the-approver", None, 0, APPROVED),
                ("not-gated-by-rule", None, 0, None),
                ("yes", None, 3, None)]:
            ids = {"request": "K7QF-2M9D"} if shown else {}
            self.serve(Request=[[reply(verdict=verdict, code=code, lines=["Line."], **ids)]],
                       Show=[[reply(request=shown)]])
            done = self.jitctl("request", exit=exit)
            self.assertEqual(done.stderr, "Line.\n")
            self.assertEqual(bool(done.stdout), bool(shown))

    def test_wire_is_closed_to_withdraw(self):
        self.serve(Request=[[more(verdict="pending", request="K7QF-2M9D", lines=["Asked."])]])
        child = subprocess.Popen(self.command("request"), stderr=subprocess.PIPE, text=True)
        self.assertEqual(child.stderr.readline(), "Asked.\n")
        child.send_signal(signal.SIGINT)
        self.assertTrue(self.server.ended.acquire(timeout=10))
        self.assertEqual(child.wait(), -signal.SIGINT)
        child.stderr.close()
        self.assertEqual(self.server.called("Detach"), [])

    def test_wait_is_over(self):
        self.serve(Show=[[reply(request=REQUEST)]],
                   Request=[[more(verdict="pending", request="K7QF-2M9D", wait_usec=1)]],
                   Detach=[[reply(verdict="pending", code="detached", request="K7QF-2M9D",
                                  lines=["It stays open."])]])
        done = self.jitctl("request", exit=4)
        self.assertEqual(done.stderr, "It stays open.\n")
        self.assertTrue(self.server.called("Detach")[0]["oneway"])

    def test_no_wait(self):
        self.serve(Request=[[reply(verdict="pending", code="detached", request="K7QF-2M9D",
                                   lines=["Left open."])]], Show=[[reply(request=REQUEST)]])
        done = self.jitctl("request", "--no-wait", "--service", "su", "--target", "ops", exit=4)
        self.assertEqual([done.stdout, done.stderr], ["K7QF-2M9D\n", "Left open.\n"])
        call = self.server.called("Request")[0]
        self.assertEqual([call["detached"], call.get("more"), call["wait_usec"]], [True, None, 0])
        self.assertEqual([call["ask"]["service"], call["ask"]["target"]], ["su", "ops"])
        self.assertEqual(self.document("request", "--no-wait", exit=4), REQUEST)
        self.serve(Request=[[reply(verdict="granted-by-the-approver", grant="G7QF-2M9D")]],
                   Show=[[reply(grant=GRANT)]])
        self.assertIn("G7QF-2M9D", self.jitctl("request", "--no-wait").stdout)

    def test_a_login_is_into_the_own_account(self):
        self.serve(Request=[[reply(verdict="deny", code="no-rule")]])
        self.jitctl("request", "--service", "sshd", exit=3)
        self.assertNotIn("target", self.server.called("Request")[0]["ask"])

    def test_reason(self):
        ask = [reply(verdict="ask-for-it", reason_mode="required")]
        self.serve(Request=[ask])
        self.assertIn("--reason", self.jitctl("request", exit=2).stderr)
        granted = [reply(verdict="granted-by-the-approver", request="K7QF-2M9D")]
        self.serve(Request=[ask, granted], Show=[[reply(request=APPROVED)]])
        shown = self.terminal("request", typed=[("Reason:", "OPS-1\n")])
        self.assertIn("approved", shown)
        self.assertEqual(self.server.called("Request")[1]["reason"], "OPS-1")
        self.serve(Request=[ask])
        self.terminal("request", typed=[("Reason:", "\n")], exit=2)
        # Asked for although one was given: no loop.
        self.jitctl("request", "--reason", "x", exit=1)

    def test_reason_again(self):
        must = "The reason must match (OPS|INC)-[0-9]+"
        ask = [reply(verdict="ask-for-it", reason_mode="required")]
        again = [reply(verdict="ask-for-it", reason_mode="required", lines=[must])]
        granted = [reply(verdict="granted-by-the-approver", request="K7QF-2M9D")]
        self.serve(Request=[ask, again, again, granted], Show=[[reply(request=APPROVED)]])
        shown = self.terminal("request", typed=[("Reason:", "a\n"), ("Reason:", "b\n"),
                                                ("Reason:", "OPS-1\n")])
        self.assertEqual(shown.count(must), 2)
        self.assertEqual([c.get("reason") for c in self.server.called("Request")],
                         [None, "a", "b", "OPS-1"])
        # No fourth time, and one given as an option counts.
        self.serve(Request=[again, again, again, granted])
        shown = self.terminal("request", "--reason", "x", typed=[("Reason:", "a\n"), ("Reason:", "b\n")],
                              exit=3)
        self.assertEqual(shown.count(must), 3)
        self.assertEqual(len(self.server.called("Request")), 3)
        # Nobody there to be asked.
        self.serve(Request=[again])
        self.assertIn(must, self.jitctl("request", "--reason", "x", exit=3).stderr)
        self.terminal("request", "--reason", "x", typed=[("Reason:", "\n")], exit=3)

    CONFIRM = "Type BREAK to open root now; bob and carol will be alarmed: "

    def breaks(self, *answers):
        check = reply(verdict="ask-for-it", reason_mode="required", confirm=self.CONFIRM)
        self.serve(Check=[[check]], Request=[[a] for a in answers], Show=[[reply(request=APPROVED)]])

    def test_break_glass(self):
        opened = reply(verdict="granted-by-the-approver", request="K7QF-2M9D", lines=["Opened."])
        no = reply(verdict="deny", code="not-confirmed", lines=["Not confirmed."])
        self.breaks(opened)
        shown = self.terminal("break-glass", "--reason", "down", typed=[(self.CONFIRM, "BREAK\n")])
        self.assertIn("Opened.", shown)
        self.assertIn("approved", shown)
        sent = self.server.called("Request")[0]
        self.assertEqual((sent["confirm"], sent["reason"]), ("BREAK", "down"))
        self.assertEqual(sent["ask"]["target"], "root")
        # what was typed is sent as it is, and nothing is sent in its place
        for typed in ("break", "BREAK ", " BREAK", ""):
            self.breaks(no)
            self.terminal("break-glass", "--reason", "down", typed=[(self.CONFIRM, typed + "\n")], exit=3)
            self.assertEqual(self.server.called("Request")[0].get("confirm"), typed)
        # the reason, too
        self.breaks(opened)
        self.terminal("break-glass", "--", "id", typed=[("Reason:", "down\n"), (self.CONFIRM, "BREAK\n")])
        self.assertEqual(self.server.called("Request")[0]["ask"]["command"], ["id"])
        # no terminal: the word is the first line of stdin, and its absence is none
        self.breaks(opened)
        self.assertIn(self.CONFIRM, self.jitctl("break-glass", "--reason", "down", stdin="BREAK\n").stderr)
        self.assertEqual(self.server.called("Request")[0]["confirm"], "BREAK")
        self.breaks(no)
        self.jitctl("break-glass", "--reason", "down", exit=3)
        self.assertEqual(self.server.called("Request")[0].get("confirm"), "")
        self.breaks(no)
        self.jitctl("break-glass", stdin="BREAK\n", exit=2)
        self.assertEqual(self.server.called("Request"), [])
        for option in ("--yes", "--confirm", "--confirm=BREAK", "--force"):
            self.jitctl("break-glass", option, "--reason", "down", exit=2)

    def test_break_glass_is_not_there(self):
        for code, answer in ((0, reply(verdict="granted-by-the-approver", grant="G7QF-2M9D")),
                             (0, reply(verdict="not-gated-by-rule")),
                             (3, reply(verdict="ask-for-it", reason_mode="required")),
                             (3, reply(verdict="deny", code="no-rule", lines=["No rule."])),
                             (1, reply(verdict="deny", code="store", lines=["Full."]))):
            self.serve(Check=[[answer]], Show=[[reply(grant=GRANT)]])
            self.jitctl("break-glass", "--reason", "x", exit=code)
            self.assertEqual(self.server.called("Request"), [])
        # who asks as usual is told of it, and opens nothing
        self.breaks(reply(verdict="ask-for-it", reason_mode="required", confirm=self.CONFIRM))
        for args in (["request"], ["request", "--reason", "x"], ["run", "--reason", "x", "--", "id"]):
            self.assertIn("jitctl break-glass", self.jitctl(*args, exit=3).stderr)

    def test_rescue(self):
        code = "K7QF-2M9D-ABCD-EFGH-JKMN"
        opened = reply(verdict="granted-by-the-approver", request="K7QF-2M9D", lines=["Opened."])
        self.serve(Rescue=[[opened]], Show=[[reply(request=APPROVED)]])
        shown = self.terminal("rescue", "--reason", "x", "--", "id", typed=[("Rescue code:", code + "\n")])
        self.assertNotIn(code, shown)
        self.assertIn("approved", shown)
        sent = self.server.called("Rescue")[0]
        self.assertEqual((sent["code"], sent["reason"], sent["ask"]["command"]), (code, "x", ["id"]))
        self.serve(Rescue=[[reply(verdict="deny", code="wrong-code", lines=["No."])]])
        self.assertNotIn(code, self.jitctl("rescue", stdin=code + "\n", exit=3).stderr)
        self.assertEqual(self.server.called("Rescue")[0]["code"], code)
        self.jitctl("rescue", exit=2)
        self.jitctl("rescue", stdin="x" * 200 + "\n", exit=2)
        self.jitctl("rescue", "--code", code, exit=2)
        self.assertEqual(len(self.server.called("Rescue")), 1)
        # ^C leaves the terminal as it was: what is typed shows again
        shown = self.terminal("rescue", typed=[("Rescue code:", "\x03")], exit=-signal.SIGINT)

    def test_rescue_codes(self):
        codes = ["K7QF-2M9D-ABCD-EFGH-JKMN", "K7QF-2M9D-ABCD-EFGH-JKMP"]
        self.serve(RescueCodes=[[reply(codes=codes, left=2)]])
        self.assertEqual(self.jitctl("rescue-codes").stdout, "\n".join(codes) + "\n")
        self.assertEqual(self.server.calls[0][1], {"version": 1, "count": 10, "add": False})
        self.assertEqual(self.document("rescue-codes", "--count", "2", "--add"), {"codes": codes, "left": 2})
        self.assertEqual(self.server.calls[1][1], {"version": 1, "count": 2, "add": True})
        for count in ("0", "101", "x", "-1", ""):
            self.jitctl("rescue-codes", "--count", count, exit=2)

    def test_approver_restarts(self):
        pending = more(verdict="pending", request="K7QF-2M9D")
        granted = reply(verdict="granted-by-the-approver", request="K7QF-2M9D")
        # Still open: asking again joins it.
        self.serve(Request=[[pending, CLOSE], [granted]],
                   Show=[[CLOSE], [reply(request=REQUEST)], [reply(request=APPROVED)]])
        self.jitctl("request", "--reason", "r", "--", "ls")
        first, second = self.server.called("Request")
        self.assertEqual(first, second)
        # Decided meanwhile: asking again would open another.
        self.serve(Request=[[pending, CLOSE]], Show=[[reply(request=DENIED)]],
                   Wait=[[reply(verdict="deny", code="denied", request="K7QF-2M9D")]])
        self.jitctl("request", exit=3)
        call = self.server.called("Wait")[0]
        self.assertEqual([call["request"], call["ask"]["service"]], ["K7QF-2M9D", "sudo"])
        # Nothing to come back to.
        self.serve(Request=[[CLOSE]])
        self.jitctl("request", exit=6)

    def test_run(self):
        sudo = os.path.join(self.folder.name, "sudo")
        with open(sudo, "w") as f:
            f.write('#!/bin/sh\necho "$@"\nexit 7\n')
        os.chmod(sudo, 0o755)
        path = self.folder.name + ":" + os.environ["PATH"]
        self.serve(Request=[[reply(verdict="granted-by-the-approver", grant="G7QF-2M9D")]])
        done = self.jitctl("run", "--reason", "r", "--", "ls", "-l", exit=7, PATH=path)
        self.assertEqual(done.stdout, "-- ls -l\n")
        done = self.jitctl("run", "--target", "ops", "ls", "--json", exit=7, PATH=path)
        self.assertEqual(done.stdout, "-u ops -- ls --json\n")
        self.serve(Request=[[reply(verdict="deny", code="denied")]])
        self.assertEqual(self.jitctl("run", "--", "ls", exit=3, PATH=path).stdout, "")

    def test_wait(self):
        self.serve(Wait=[[more(verdict="pending", request="K7QF-2M9D"),
                          reply(verdict="deny", code="denied", request="K7QF-2M9D",
                                lines=["Denied by bob."])]], Show=[[reply(request=DENIED)]])
        done = self.jitctl("wait", "k7qf", exit=3)
        self.assertIn('denied by bob: "no"', done.stdout)
        self.assertEqual(self.server.called("Show")[0]["id"], "k7qf")
        self.assertEqual(self.server.called("Wait")[0]["request"], "K7QF-2M9D")
        self.assertEqual(self.document("wait", "k7qf", exit=3), DENIED)
        self.serve(Wait=[[more(verdict="pending", request="K7QF-2M9D")]],
                   Show=[[reply(request=REQUEST)]])
        self.assertIn("pending", self.jitctl("wait", "--timeout", "1ms", "k7qf", exit=4).stdout)
        self.assertEqual(self.server.called("Detach"), [])
        self.serve(Show=[[error("NotFound")]])
        self.jitctl("wait", "k7qf", exit=3)
        self.serve(Show=[[reply(grant=GRANT)]])
        self.jitctl("wait", "g7qf", exit=2)

    def test_cancel_end_expire(self):
        self.serve(Cancel=[[reply(request=REQUEST | {"state": "withdrawn"})]],
                   End=[[reply(grant=GRANT | {"state": "ended"})]],
                   Expire=[[reply(state="expired")]])
        self.assertEqual(self.jitctl("cancel", "k7qf").stdout, "Request K7QF-2M9D: withdrawn\n")
        self.assertEqual(self.document("cancel", "k7qf")["state"], "withdrawn")
        self.assertEqual(self.jitctl("end", "g7qf").stdout,
                         "Grant G7QF-2M9D: ended, sudo as root for dev\n")
        self.assertEqual(self.document("end", "g7qf")["state"], "ended")
        self.assertEqual(self.jitctl("expire", "g7qf").stdout, "expired\n")
        self.assertEqual(self.document("expire", "g7qf"), {"state": "expired"})


class Approvers(Case):
    def test_pending(self):
        second = REQUEST | {"id": "M7QF-2M9D", "reason": EVIL, "command": EVIL, "asker": EVIL}
        self.serve(ListRequests=paged("requests", [REQUEST], [], [second]))
        shown = self.jitctl("pending").stdout
        self.assertEqual(len(shown.splitlines()), 3, shown)
        self.assertRegex(shown.splitlines()[1], r"^K7QF-2M9D  dev +sudo  root  30 min  in \d+ d")
        self.assertEqual(self.server.called("ListRequests")[0]["which"], "pending")
        self.serve(ListRequests=paged("requests", [REQUEST], [], [second]))
        self.assertEqual(self.document("pending"), {"requests": [REQUEST, second], "reviews": [], "unsigned": []})
        self.serve(ListRequests=[[reply(requests=[])]])
        self.assertEqual(self.jitctl("pending").stdout, "")
        self.assertEqual(self.document("pending"), {"requests": [], "reviews": [], "unsigned": []})
        self.serve(ListRequests=[[reply(requests=[REQUEST], next=0)]])
        self.jitctl("pending", exit=1)
        # The second page fails: no half document.
        self.serve(ListRequests=[[reply(requests=[REQUEST], next=1)], [error("Busy")]])
        self.assertEqual(self.jitctl("pending", "--json", exit=1).stdout, "")

    def test_reviews(self):
        review = {"state": "open", "reviewers": ["carol", "@sec"], "time": "2026-11-21T14:34:00Z"}
        opened = APPROVED | {"kind": "break-glass", "votes": [], "review": review}

        def lists(parameters):
            return reply(requests=[opened] if parameters["which"] == "reviews" else [])
        self.serve(ListRequests=[[lists]])
        shown = self.jitctl("pending").stdout
        self.assertIn("to be reviewed", shown)
        self.assertIn("K7QF-2M9D  dev", shown)
        self.assertRegex(shown, r"FOR +OPENED +WHY")
        self.assertRegex(shown, r"30 min +(in )?[0-9]")
        self.assertEqual(self.document("pending"), {"requests": [], "reviews": [opened], "unsigned": []})

        def others(parameters):
            return reply(requests=[opened] if parameters["which"] == "unsigned" else [])
        self.serve(ListRequests=[[others]])
        shown = self.jitctl("pending").stdout
        self.assertIn("for others to review", shown)
        self.assertNotIn("to be reviewed", shown)
        self.assertEqual(self.document("pending"), {"requests": [], "reviews": [], "unsigned": [opened]})
        # an approver of before there were any
        self.serve(ListRequests=[[reply(requests=[REQUEST])],
                                 [error("org.varlink.service.InvalidParameter", parameter="which")]])
        self.assertIn("K7QF", self.jitctl("pending").stdout)
        self.serve(Show=[[reply(request=opened)]])
        shown = self.jitctl("show", "K7QF").stdout
        self.assertIn("break-glass: nobody was asked", shown)
        self.assertRegex(shown, "Review of K7QF-2M9D: open since .* ago, to be signed by carol, @sec\n")
        signed = opened | {"review": review | {"state": "signed", "by": "carol", "note": EVIL}}
        self.serve(Review=[[reply(request=signed)]])
        shown = self.jitctl("review", "k7qf", "--note", "a cable").stdout
        self.assertRegex(shown, "^Review of K7QF-2M9D: signed by carol .* ago: \"x")
        self.assertEqual(self.server.calls, [("Review", {
            "version": 1, "request": "k7qf", "note": "a cable"})])
        self.assertEqual(self.document("review", "k7qf"), signed)
        self.jitctl("review", exit=2)
        for code, name in ((5, "NotPermitted"), (3, "NotFound"), (3, "Over"), (1, "StoreUnavailable")):
            self.serve(Review=[[error(name, message="no", state="signed")]])
            self.jitctl("review", "k7qf", exit=code)

    def test_big_document(self):
        pages = [[REQUEST | {"reason": "x" * 40000}] for _ in range(5)]
        self.serve(ListRequests=paged("requests", *pages))
        self.assertEqual(len(self.document("pending")["requests"]), 5)

    def test_show(self):
        evil = REQUEST | {"reason": EVIL, "login": "bob", "origin": EVIL, "approvers": [EVIL, ODD],
                          "votes": [VOTE | {"note": EVIL, "login": EVIL, "duration": "5m"}], "rule": EVIL}
        self.serve(Show=[[reply(request=evil)]])
        shown = self.jitctl("show", "K7QF").stdout
        for part in ("1 of 2 approved by bob", "bob: approve for 5 min ", "dev (uid 1000)", "logged in as bob",
                     "sudo as root", "apt upgrade (as typed, not verified)", "web1",
                     "30 min (at most 4 h)", "(2 must approve)", "(claimed)"):
            self.assertIn(part, shown)
        self.assertEqual(self.document("show", "K7QF"), evil)
        self.serve(Show=[[reply(grant=GRANT)]])
        self.assertIn("Grant G7QF-2M9D: active, sudo as root for dev, until",
                      self.jitctl("show", "G7QF").stdout)
        self.assertEqual(self.document("show", "G7QF"), GRANT)

    def shown(self, request):
        self.serve(Show=[[reply(request=request)]])
        shown = self.jitctl("show", "K7QF").stdout
        self.assertEqual(self.document("show", "K7QF"), request)
        return re.sub(r"\((in \d+ d|[0-9]+ (d|min) ago).*?\)", "(…)", shown)

    def test_show_stages(self):
        at = "2026-11-21 "
        shown = self.shown(CHAIN)
        self.assertTrue(shown.startswith(
            "Request K7QF-2M9D: pending, stage 2 of 3, approved by bob, open until 2069-11-21 15:34 "
            "(…): \"go ahead\"\n"), shown)
        self.assertIn(f"""\
  opens     exactly this command, once, in login session 12 only, until the last session under it closes
""", shown)
        self.assertIn(f"""\
  stages    1. oncall: bob said yes {at}14:35
            2. security (sue, sam): open since {at}14:35, escalates {at}14:40 to leads, dan
            3. cto, @board: later
  code      approve with --code NN: the two digits on dev's screen
""", shown)
        self.assertNotIn("deciders", shown)
        # Two in each stage; one has said yes, and nobody else is to come.
        stages = [CHAIN["stages"][1] | {"approved": ["bob"]}, CHAIN["stages"][2]]
        shown = self.shown(CHAIN | {"approvals": 2, "stages": stages, "escalations": []})
        self.assertIn(f"1. security (sue, sam): open, 1 of 2 approved, bob said yes {at}14:35\n",
                      shown)
        # Over: what was not asked for was not, and no code is of use.
        shown = self.shown(CHAIN | {"state": "denied", "votes": [VOTE, VOTE | {
            "approver": "sue", "decision": "deny"}]})
        self.assertIn("2. security: asked, nobody said yes\n", shown)
        self.assertIn("3. cto, @board: not asked\n", shown)
        self.assertNotIn("escalates", shown)
        self.assertNotIn("--code", shown)
        evil = {"approvers": [EVIL], "approved": [EVIL], "state": EVIL}
        self.shown(CHAIN | {"stages": [evil, evil, evil | {"state": "open", "approved": [1]}],
                            "votes": [VOTE | {"approver": EVIL, "time": EVIL}], "extends": EVIL,
                            "kind": EVIL, "scope": EVIL, "code": EVIL,
                            "escalations": [{"at": EVIL, "approvers": [EVIL, 7]}, 7, {}]})
        self.shown(EXTENSION | {"extends": EVIL, "duration": EVIL})

    def test_show_terms(self):
        for terms, line in [
                ({"scope": "service"}, "opens     any command that rule prod covers"),
                ({"scope": "command"}, "opens     exactly this command"),
                ({"scope": "some-day"}, "opens     any command that rule prod covers"),
                ({"escalations": CHAIN["escalations"]},
                 "else      escalates 2026-11-21 14:40 to leads, dan"),
                ({"code": "07", "match_code": True},
                 "code      07: whoever approves needs it from you")]:
            self.assertIn(f"\n  {line}\n", self.shown(REQUEST | terms))
        self.assertNotIn("opens", self.shown(REQUEST))
        shown = self.shown(EXTENSION)
        self.assertIn("pending (30 min more for grant G7QF-2M9D), open until", shown)
        self.assertIn("\n  for       30 min more (at most 4 h)\n", shown)
        self.assertNotIn("opens", shown)
        shown = self.shown(BROKEN)
        self.assertIn("approved (break-glass: nobody was asked) until 2069", shown)
        self.assertIn("active (break-glass: nobody was asked), sudo", shown)
        self.assertNotIn("must approve", shown)
        self.assertIn("(by a rescue code)", self.shown(BROKEN | {"kind": "rescue"}))
        grant = GRANT | {"scope": "once", "spent": "2026-11-21T14:40:00Z", "survive_reboot": True}
        self.serve(Show=[[reply(grant=grant)]])
        self.assertIn("\n  opens     exactly this command, once, used 2026-11-21 14:40, over a reboot "
                      "too\n", self.jitctl("show", "G7QF").stdout)

    def test_pending_says_what_matters(self):
        self.serve(ListRequests=[[reply(requests=[CHAIN, EXTENSION])]])
        lines = self.jitctl("pending").stdout.splitlines()
        self.assertRegex(lines[1], "^K7QF-2M9D  dev  sudo, once, with code  root  30 min  ")
        self.assertRegex(lines[2], "^K7QF-2M9D  dev  sudo +root  30 min more  in ")

    def test_code(self):
        self.serve(Decide=[[reply(request=APPROVED)]])
        self.jitctl("approve", "k7qf", "--code", "07")
        self.assertEqual(self.server.calls, [("Decide", {
            "version": 1, "request": "k7qf", "decision": "approve", "code": "07"})])
        for bad in ("7", "007", "4x", "", "-1", "\u0664\u0662"):
            self.assertIn("two digits", self.jitctl("approve", "k7qf", "--code", bad, exit=2).stderr)
        self.jitctl("deny", "k7qf", "--code", "07", exit=2)
        self.assertEqual(len(self.server.calls), 1)
        script = {"ListRequests": [[reply(requests=[CHAIN])]], "Show": [[reply(request=CHAIN)]],
                  "Decide": [[reply(request=APPROVED)]]}
        # Nobody to ask: said before a try is spent on it.
        self.serve(**script)
        self.assertIn("--code NN", self.jitctl("approve", "--yes", exit=2).stderr)
        self.assertEqual(self.server.called("Decide"), [])
        self.jitctl("approve", "--yes", "--code", "42")
        self.assertEqual(self.server.called("Decide")[0]["code"], "42")
        self.serve(**script)
        self.terminal("approve", typed=[("Approve? [y/N]", "y\n"),
                                        ("The two digits on dev's screen:", "42\n")])
        self.assertEqual(self.server.called("Decide")[0]["code"], "42")
        self.serve(**script)
        self.terminal("approve", "K7QF", typed=[("The two digits on dev's screen:", "42\n")])
        self.assertEqual(self.server.called("Decide")[0]["code"], "42")
        for typed in ("x1\n", "\n", "421\n"):
            self.serve(**script)
            self.terminal("approve", "K7QF", typed=[("screen:", typed)], exit=2)
            self.assertEqual(self.server.called("Decide"), [])
        # To deny takes none.
        self.serve(**script)
        self.terminal("deny", typed=[("Deny? [y/N]", "y\n")])
        self.terminal("deny", "K7QF")
        self.assertEqual([c.get("code") for c in self.server.called("Decide")], [None, None])

    def test_show_what_a_grant_left(self):
        found = [{"kind": "added", "what": "/etc/cron.d/x", "who": "root", "when": "2026-11-21T15:04:05Z"},
                 {"kind": EVIL, "what": EVIL, "who": EVIL, "when": EVIL, "note": EVIL},
                 {"kind": "process", "note": "pid 7"}]
        grant = GRANT | {"commands": [{"command": "sudo -i", "opened": "2026-11-21T15:04:05Z",
                                       "closed": "2026-11-21T15:05:05Z"},
                                      {"command": EVIL, "opened": EVIL}], "commands_more": 7,
                         "residue": {"taken": "2026-11-21T15:06:05Z", "findings": found, "more": 3,
                                     "cut_short": EVIL}}
        for what, shown in (("grant", grant), ("request", REQUEST | {"state": "approved", "grant": grant})):
            self.serve(Show=[[reply(**{what: shown})]])
            text = self.jitctl("show", "G7QF").stdout
            for part in ("  sudo -i\n", "and 7 more: jitctl log --grant G7QF-2M9D", "added      /etc/cron.d/x, root, ",
                         "process    (not told), pid 7", "and 3 more", "cut short: "):
                self.assertIn(part, text)
            self.assertEqual(self.document("show", "G7QF"), shown)
        self.serve(Show=[[reply(grant=GRANT | {"commands": [], "residue": {"taken": "x", "findings": []}})]])
        text = self.jitctl("show", "G7QF").stdout
        self.assertIn("nothing was found", text)
        self.assertIn("commands none", text)

    def test_decide_by_id(self):
        self.serve(Decide=[[reply(request=APPROVED)]])
        done = self.jitctl("approve", "k7qf", "--for", "10m", "--note", "go")
        self.assertRegex(done.stdout, "^Request K7QF-2M9D: approved by bob, carol")
        self.assertEqual(self.server.calls, [("Decide", {
            "version": 1, "request": "k7qf", "decision": "approve", "duration": "10m",
            "note": "go"})])
        self.assertEqual(self.document("approve", "k7qf"), APPROVED)
        self.serve(Decide=[[reply(request=DENIED)]])
        self.jitctl("deny", "k7qf")
        self.assertEqual(self.server.calls[0][1]["decision"], "deny")

    def test_the_one_open_request(self):
        script = {"ListRequests": [[reply(requests=[REQUEST])]], "Show": [[reply(request=REQUEST)]],
                  "Decide": [[reply(request=APPROVED)]]}
        self.serve(**script)
        self.assertIn("--yes", self.jitctl("approve", exit=2).stderr)
        self.assertEqual(self.server.called("Decide"), [])
        done = self.jitctl("approve", "--yes")
        self.assertIn("deploy OPS-1423", done.stderr)
        self.assertEqual(self.server.called("Decide")[0]["request"], "K7QF-2M9D")
        self.serve(**script)
        shown = self.terminal("approve", typed=[("Approve? [y/N]", "y\n")])
        self.assertIn("apt upgrade", shown)
        self.assertEqual(len(self.server.called("Decide")), 1)
        for answer in ("\n", "n\n", "x\n", "\x04"):
            self.serve(**script)
            self.terminal("deny", typed=[("Deny? [y/N]", answer)], exit=1)
            self.assertEqual(self.server.called("Decide"), [])

    def test_several_open_requests(self):
        other = REQUEST | {"id": "M7QF-2M9D"}
        script = {"ListRequests": paged("requests", [REQUEST], [other]),
                  "Show": [[reply(request=other)]], "Decide": [[reply(request=APPROVED)]]}
        self.serve(**script)
        said = self.jitctl("approve", "--yes", exit=2).stderr
        self.assertIn("jitctl approve K7QF-2M9D", said)
        self.assertIn("jitctl approve M7QF-2M9D", said)
        self.serve(**script)
        self.terminal("approve", typed=[("Which number?", "2\n"), ("Approve? [y/N]", "yes\n")])
        self.assertEqual(self.server.called("Decide")[0]["request"], "M7QF-2M9D")
        self.serve(**script)
        self.terminal("approve", "--for", "90m", typed=[
            ("Which number?", "2\n"), ("Approve for 1 h 30 min? [y/N]", "y\n")])
        for number in ("0", "3", "-1", "1x", ""):
            self.serve(**script)
            shown = self.terminal("approve", typed=[("Which number?", number + "\n")], exit=2)
            self.assertEqual(f"There is no number '{number}'." in shown, number != "")
            self.assertEqual(self.server.called("Decide"), [])

    def test_nothing_open(self):
        self.serve(ListRequests=[[reply(requests=[])]])
        self.jitctl("approve", "--yes", exit=3)


class Admins(Case):
    def test_status(self):
        own = GRANT | {"asker_uid": os.getuid(), "until": "2069-11-21T15:04:00Z"}
        self.serve(GetStatus=[[reply(**STATUS)]],
                   ListRequests=[[reply(requests=[REQUEST, DENIED | {"id": "D7QF-2M9D"}])]],
                   ListGrants=[[reply(grants=[own, GRANT | {"asker_uid": 4242,
                                                            "id": "X7QF-2M9D"}])]])
        shown = self.jitctl("status").stdout
        for part in ("0.1.0 on web1, up 1 h", "rules      ok", "K7QF-2M9D", "G7QF-2M9D", "admin"):
            self.assertIn(part, shown)
        self.assertNotIn("reviews", shown)
        self.assertNotIn("D7QF", shown)
        self.assertNotIn("X7QF", shown)
        self.assertEqual(self.document("status"), STATUS)
        own = CHAIN | {"code": "07"}
        self.serve(GetStatus=[[reply(**STATUS)]], ListGrants=[[reply(grants=[])]],
                   ListRequests=[[reply(requests=[own, own | {"state": "denied", "id": "D7QF"}])]])
        shown = self.jitctl("status").stdout
        self.assertIn("\nCode 07 for K7QF-2M9D: whoever approves it needs it from you.\n", shown)
        self.assertEqual(shown.count("Code"), 1)
        channels = [{"name": "hook", "audience": "personal", "state": "ok", "owed": 0},
                    {"name": "chat", "audience": "shared", "state": "failing", "owed": 3,
                     "since": "2026-11-21T15:04:05Z", "problem": "HTTP 500" + EVIL},
                    {"name": "mail", "audience": "personal", "state": "away", "owed": 1,
                     "since": "2026-11-21T15:04:05Z"}]
        self.serve(GetStatus=[[reply(**STATUS, channels=channels)]],
                   ListRequests=[[reply(requests=[])]], ListGrants=[[reply(grants=[])]])
        shown = self.jitctl("status").stdout
        self.assertRegex(shown, "channel    hook: ok\n")
        self.assertRegex(shown, "channel    chat: failing since .*, messages owed: 3: HTTP 500")
        self.assertRegex(shown, "channel    mail: no gateway sends on it since .*owed: 1\n")
        self.assertNotIn(ESC, shown)
        self.serve(GetStatus=[[reply(**STATUS, reviews=2, rescue_codes=0)]],
                   ListRequests=[[reply(requests=[])]], ListGrants=[[reply(grants=[])]])
        shown = self.jitctl("status").stdout
        self.assertIn("reviews    2 opened without approval and not reviewed yet (jitctl pending)\n", shown)
        self.assertIn("rescue     codes left: 0\n", shown)
        broken = STATUS | {"rules_loaded": False, "problems": ["a.conf:1:2: " + EVIL],
                           "store": "disk full"}
        self.serve(GetStatus=[[reply(**broken)]], ListRequests=[[reply(requests=[])]],
                   ListGrants=[[reply(grants=[])]])
        shown = self.jitctl("status").stdout
        self.assertIn("not loaded", shown)
        self.assertIn("disk full", shown)

    def test_grants(self):
        self.serve(ListGrants=paged("grants", [GRANT], [GRANT | {"state": "expired"}]))
        self.assertEqual(len(self.document("grants", "--all")["grants"]), 2)
        self.assertEqual(self.server.called("ListGrants")[0]["which"], "all")
        self.serve(ListGrants=[[reply(grants=[GRANT])]])
        self.assertRegex(self.jitctl("grants").stdout, "G7QF-2M9D  dev  sudo  root  active  in ")
        self.assertEqual(self.server.called("ListGrants")[0]["which"], "active")
        self.serve(ListGrants=[[reply(grants=[GRANT | {"scope": "once"}, BROKEN["grant"]])]])
        self.assertRegex(self.jitctl("grants").stdout,
                         "(?s)dev  sudo, once +root  active.*dev  sudo, break-glass  root  active")

    def test_grant(self):
        self.serve(MakeGrant=[[reply(grant=GRANT)]])
        args = ("grant", "dev", "--service", "sudo", "--for", "1h", "--reason", "why")
        self.assertIn("active", self.jitctl(*args).stdout)
        self.assertEqual(self.server.calls[0][1], {
            "version": 1, "user": "dev", "service": "sudo", "duration": "1h", "reason": "why"})
        self.assertEqual(self.document(*args, "--target", "ops"), GRANT)

    def test_revoke(self):
        self.serve(Revoke=[[reply(grants=[GRANT | {"state": "revoked"}])]])
        self.assertIn("revoked", self.jitctl("revoke", "--user", "dev").stdout)
        self.assertEqual(self.server.calls[0][1], {"version": 1, "user": "dev", "all": False})
        self.assertEqual(self.document("revoke", "--all")["grants"][0]["state"], "revoked")
        self.jitctl("revoke", "G7QF")
        self.assertEqual(self.server.calls[2][1]["id"], "G7QF")

    def test_reload(self):
        self.serve(Reload=[[reply(problems=[])]])
        self.assertEqual(self.jitctl("reload").stdout, "ok\n")
        self.assertEqual(self.document("reload"), {"problems": []})
        self.serve(Reload=[[reply(problems=["a.conf:1:2: " + EVIL])]])
        self.assertIn("a.conf:1:2: x\\x1b", self.jitctl("reload", exit=1).stderr)


class Record(Case):
    def setUp(self):
        super().setUp()
        self.rows = chain({"asker": "dev", "asker_uid": 1, "reason": "two words", "note": "no"},
                          {"asker": EVIL}, {"n": 3})
        self.head = self.rows[-1]["hash"]

    def log(self, rows, head=None):
        pages = [[reply(rows=rows[:2], next=2, head=head or self.head)],
                 [reply(rows=rows[2:], head=head or self.head)]]
        return self.serve(ReadLog=pages)

    def test_rows(self):
        self.log(self.rows)
        shown = self.jitctl("log", "--user", "dev", "--since", "2026-11-20", "--until",
                            "2026-11-21T12:00:00+01:00").stdout
        self.assertIn('1    2026-11-21 15:04  request.created  K7QF-2M9D         asker=dev '
                      'note=no reason="two words"\n', shown)
        self.assertEqual(self.server.calls[0][1], {
            "version": 1, "after": 0, "user": "dev", "since": "2026-11-20T00:00:00Z",
            "until": "2026-11-21T11:00:00Z", "verify": False})
        self.log(self.rows)
        self.assertEqual(self.document("log"), {"rows": self.rows, "head": self.head})

    def test_verify(self):
        self.log(self.rows)
        done = self.jitctl("log", "--verify", "--anchor", self.rows[0]["hash"])
        self.assertEqual(done.stdout, "")
        self.assertIn("3 rows", done.stderr)
        self.assertTrue(self.server.calls[0][1]["verify"])
        self.log(self.rows)
        exported = self.jitctl("log", "--verify", "--json").stdout
        self.assertEqual(json.loads(exported), {"rows": self.rows, "head": self.head})
        # Somebody else verifies it, without an approver.
        self.jitctl("log", "--verify", "--file", "-", stdin=exported)
        self.jitctl("log", "--verify", "--file", "-", stdin=json.dumps(json.loads(exported),
                                                                      indent=2))
        self.jitctl("log", "--verify", "--file", "-", exit=1, stdin=exported.replace("dev", "bob"))
        self.jitctl("log", "--verify", "--file", "/dev/null", exit=1)
        self.jitctl("log", "--verify", "--file", "/nonexistent", exit=1)

    def test_verify_finds(self):
        changed = self.rows[1] | {"data": {"asker": "eve"}}
        for rows, head, words in [
                ([self.rows[0], changed, self.rows[2]], None, "row 2 shows other facts"),
                ([self.rows[0], self.rows[2]], None, "row 2 is missing"),
                (self.rows[1:], None, "row 1 is missing"),
                (self.rows[:2], None, "end with another row than row 2"),
                ([self.rows[0] | {"hash": "1" * 64}] + self.rows[1:], None, "row 1 was altered"),
                ([], None, "end with another row")]:
            self.log(rows, head)
            said = self.jitctl("log", "--verify", exit=1).stderr
            self.assertIn("NOT whole", said)
            self.assertIn(words, said)
        self.log(self.rows[:2], self.rows[1]["hash"])
        self.jitctl("log", "--verify")
        self.log(self.rows[:2], self.rows[1]["hash"])
        said = self.jitctl("log", "--verify", "--anchor", self.head, exit=1).stderr
        self.assertIn("anchor", said)


class Keeping(Case):
    """backup, recover, report."""

    DATA = b"SQLite format 3\0" + bytes(range(256)) * 400

    def backup(self, data=None, piece=24576, size=None):
        """An approver that gives the bytes in pieces."""
        data = self.DATA if data is None else data

        def turn(parameters):
            at = parameters.get("offset", 0)
            part = data[at:at + piece]
            after = {"next": at + len(part)} if at + len(part) < len(data) else {}
            return reply(data=part.hex(), size=size or len(data), **after)
        self.serve(Backup=[[turn]])

    def test_backup(self):
        self.backup()
        path = self.folder.name + "/copy"
        done = self.jitctl("backup", path)
        self.assertIn(f"{len(self.DATA)} bytes", done.stdout)
        with open(path, "rb") as f:
            self.assertEqual(f.read(), self.DATA)
        self.assertEqual(os.stat(path).st_mode & 0o7777, 0o600)
        self.assertFalse(os.path.exists(path + ".tmp"))
        self.assertEqual([call["offset"] for call in self.server.called("Backup")],
                         list(range(0, len(self.DATA), 24576)))
        self.assertEqual(self.document("backup", "--force", path), {"size": len(self.DATA)})

    def test_backup_replaces_nothing(self):
        self.backup()
        path = self.folder.name + "/copy"
        with open(path, "w", encoding="utf-8") as f:
            f.write("mine")
        self.assertIn("--force", self.jitctl("backup", path, exit=1).stderr)
        with open(path, encoding="utf-8") as f:
            self.assertEqual(f.read(), "mine")
        # what lies in the way of the part is not written through
        os.symlink(path, path + "2.tmp")
        self.jitctl("backup", path + "2")
        with open(path, encoding="utf-8") as f:
            self.assertEqual(f.read(), "mine")

    def test_backup_whole_or_not_at_all(self):
        path = self.folder.name + "/copy"
        for script in [
                {"Backup": [[error("NotPermitted", message="only administrators may do that")]]},
                {"Backup": [[reply(data="00ff", size=4, next=2)], [CLOSE]]},
                {"Backup": [[reply(data="00ff", size=4, next=2)], [error("NotFound", message="gone")]]},
                {"Backup": [[reply(data="00ff", size=4, next=2)], [reply(data="00", size=4, next=2)]]},
                {"Backup": [[reply(data="00ff", size=4, next=1)]]},
                {"Backup": [[reply(data="00ff", size=4)]]},
                {"Backup": [[reply(data="0", size=4)]]},
                {"Backup": [[reply(data="", size=4, next=0)]]},
                {"Backup": [[reply(data="zz", size=4, next=1)]]},
                {"Backup": [[reply(size=4)]]}]:
            self.serve(**script)
            done = subprocess.run(self.command("backup", path), capture_output=True, text=True, timeout=30, check=False)
            self.assertNotEqual(done.returncode, 0, script)
            self.assertEqual(sorted(os.listdir(self.folder.name)), ["approver.sock"], script)

    def test_recover(self):
        done = self.jitctl("recover", "--state", self.folder.name + "/none", exit=1)
        self.assertIn("No such file", done.stdout)
        state = self.folder.name + "/state"
        os.mkdir(state, 0o700)
        self.assertIn("There is no store", self.jitctl("recover", "--state", state, exit=1).stdout)
        self.assertFalse(self.document("recover", "--state", state, exit=1)["ok"])
        with open(state + "/approver.db", "w", encoding="utf-8") as f:
            f.write("nothing of ours" * 100)
        done = self.jitctl("recover", "--state", state, exit=1)
        self.assertIn("damaged", done.stdout)
        self.assertIn("Nothing in it can be read", done.stdout)
        self.assertEqual(os.listdir(state), ["approver.db"])

    def report(self, *entries, rows=()):
        return self.serve(Report=[[reply(entries=list(entries[:1]), next=1)], [reply(entries=list(entries[1:]))]],
                          ReadLog=[[reply(rows=list(rows), head="0" * 64)]])

    def test_report(self):
        byhand = {"id": "H7QF-2M9D", "asker": EVIL, "asker_uid": 5, "service": "su", "reason": "fire",
                  "scope": "service", "on_expiry": "keep", "from": "2026-11-21T14:34:00Z",
                  "until": "2026-11-21T15:04:00Z", "state": "revoked", "by": "root"}
        entries = [{"grant": GRANT, "request": APPROVED},
                   {"grant": byhand, "ended": "2026-11-21T14:44:00Z"}]
        used = {"seq": 1, "time": "2026-11-21T15:04:05Z", "event": "grant.used", "grant": GRANT["id"],
                "data": {"count": 3}, "hash": "0" * 64}
        rows = [used, used | {"data": {}}, used | {"event": "session.opened"}, used | {"grant": "X7QF-2M9D"}]
        # the command that asked leaves no grant.used, but its session
        urgent = [{"grant": GRANT | {"id": "B7QF-2M9D"}, "request": BROKEN | {"votes": [], "review": {"state": "open"}}},
                  {"grant": GRANT | {"id": "C7QF-2M9D"}, "request": BROKEN | {"votes": [], "review": {"by": "carol"}}},
                  {"grant": GRANT | {"id": "D7QF-2M9D"}, "request": BROKEN | {"votes": [], "kind": "rescue"}}]
        self.report(*urgent, rows=[used | {"event": "session.opened", "grant": "B7QF-2M9D", "data": {}}])
        lines = self.jitctl("report", "--since", "2026-11-20").stdout.splitlines()
        self.assertRegex(lines[1], r"B7QF-2M9D .* 1 +nobody \(break-glass\), not reviewed ")
        self.assertRegex(lines[2], r"C7QF-2M9D .* no +nobody \(break-glass\), reviewed by carol ")
        self.assertRegex(lines[3], r"D7QF-2M9D .* no +nobody \(rescue code\) ")
        self.report(*entries, rows=rows)
        shown = self.jitctl("report", "--since", "2026-11-20", "--until", "2026-11-22").stdout
        lines = shown.splitlines()
        self.assertRegex(lines[1], r"G7QF-2M9D +dev +sudo as root +2026-11-21 14:34 .* active +4 +bob, carol +why")
        self.assertRegex(lines[2], r"H7QF-2M9D .* su +2026-11-21 14:34 +10 min +revoked +no +root \(by hand\) +fire")
        self.assertEqual(self.server.called("Report")[0], {
            "version": 1, "after": 0, "since": "2026-11-20T00:00:00Z", "until": "2026-11-22T00:00:00Z"})
        self.report(*entries, rows=rows)
        self.assertEqual(self.document("report", "--since", "yesterday"),
                         {"entries": [entries[0] | {"uses": 4}, entries[1] | {"uses": 0}]})

    def test_report_counts_who_went_in(self):
        """One a command, whether its sessions are held or not, and whoever waited for the grant."""
        def row(event, **data):
            return {"seq": 1, "time": "2026-11-21T15:04:05Z", "event": event, "grant": GRANT["id"],
                    "data": data, "hash": "0" * 64}
        account, session = row("grant.used"), row("grant.used", why="session")
        opened, asked = row("session.opened", why="jit-session-K7QF-2M9D.scope"), row("grant.used", why="asked")
        for uses, rows in [
                (0, []), (0, [asked]), (0, [row("session.closed"), row("grant.extended")]),
                (1, [session]), (1, [opened]), (1, [account]), (1, [asked, account, session]),
                (3, [session, account, session, account, session]),
                (3, [opened, account, opened, account, opened]),
                (2, [row("grant.used", state="spent"), opened, row("grant.used", why="auth"), account]),
                (5, [row("grant.used", count=5), row("grant.used", why="session", count=4)])]:
            self.report({"grant": GRANT, "request": APPROVED}, rows=rows)
            self.assertEqual(self.document("report", "--since", "today")["entries"][0]["uses"], uses, rows)
            self.report({"grant": GRANT, "request": APPROVED}, rows=rows)
            shown = self.jitctl("report", "--since", "today").stdout
            self.assertRegex(shown, rf" active +{uses or 'no'} +bob")

    def test_report_without(self):
        self.report()
        self.assertIn("--since", self.jitctl("report", exit=2).stderr)
        self.assertIn("no time", self.jitctl("report", "--since", "soon", exit=2).stderr)
        self.assertIn("No grant", self.jitctl("report", "--since", "today").stderr)
        self.report()
        self.assertEqual(self.document("report", "--since", "today"), {"entries": []})


class Check(Case):
    """With the approver's own checker, which stands beside jitctl in the build tree."""

    RULE = "[rule {}]\nservices = sudo\nusers = root\naction = refuse\n"

    def write(self, text):
        path = self.folder.name + "/approver.conf"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)
        return path

    def test_warnings_are_no_problems(self):
        path = self.write(self.RULE.format("a") + self.RULE.format("b"))
        done = self.jitctl("check", path)
        self.assertEqual(done.stdout, "ok\n")
        self.assertIn(f"warning: {path}:5:2: the rule 'b' never comes to its turn", done.stderr)
        found = self.document("check", path)
        self.assertEqual((found["ok"], found["problems"]), (True, []))
        [warning] = found["warnings"]
        self.assertEqual((warning["file"], warning["line"], warning["column"]), (path, 5, 2))
        self.assertTrue(warning["message"].startswith("the rule 'b' never comes"))

    def test_nothing_to_say(self):
        path = self.write(self.RULE.format("a"))
        self.assertEqual(self.jitctl("check", path).stderr, "")
        self.assertEqual(self.document("check", path),
                         {"ok": True, "problems": [], "warnings": []})

    def test_problems_hide_warnings(self):
        path = self.write(self.RULE.format("a") + self.RULE.format("b") + "scop = once\n")
        done = self.jitctl("check", path, exit=1)
        self.assertIn("did you mean 'scope'?", done.stderr)
        self.assertNotIn("warning", done.stderr)
        self.assertEqual(self.document("check", path, exit=1)["warnings"], [])


EXPLAINED = {"user": "alice", "user_uid": 1000, "service": "sudo", "target": "root", "target_uid": 0,
             "verdict": "ask", "rule": "prod", "place": "/etc/jit-approver/approver.conf:18",
             "passed": [{"rule": "backup", "why": "user"}],
             "stages": [{"approvers": ["bob", "carol"]}, {"approvers": ["@security"]}],
             "escalations": [{"after": "2m", "approvers": ["leads"]}], "approvals": 2,
             "assurance": "link", "match_code": True, "wait": "5m", "open_for": "30m",
             "duration": "30m", "max_duration": "4h", "reason": "required",
             "reason_pattern": "OPS-[0-9]+", "scope": "service", "bind": "user",
             "end_when_done": False, "extend": "ask", "on_expiry": "end-sessions",
             "warn_before": ["5m", "1m"], "survive_reboot": False, "rate": "10/1h",
             "cool_down": "1m", "rescue": False, "notify": ["ops-chat"]}


class Extend(Case):
    NEEDED = error("Refused", code="reason", message="a reason is needed: --reason")
    OTHER = error("Refused", code="reason", message="the reason has to match: OPS-[0-9]+")
    LONGER = GRANT | {"state": "active"}

    def test_at_once(self):
        self.serve(Extend=[[reply(grant=self.LONGER)]])
        self.assertIn("until", self.jitctl("extend", "K7QF", "--for", "30m").stdout)
        self.jitctl("extend", "K7QF", exit=2)

    def test_reason_is_asked_for(self):
        self.serve(Extend=[[self.NEEDED], [self.OTHER], [reply(grant=self.LONGER)]])
        shown = self.terminal("extend", "K7QF", "--for", "30m", typed=[
            ("Reason:", "because\n"), ("has to match: OPS-[0-9]+.\r\nReason:", "OPS-1\n")])
        self.assertNotIn("A reason is needed", shown)
        self.assertEqual([sent.get("reason") for sent in self.server.called("Extend")],
                         [None, "because", "OPS-1"])
        # Nothing typed, nobody there, or one was given: the approver's word stands.
        self.serve(Extend=[[self.NEEDED]])
        shown = self.terminal("extend", "K7QF", "--for", "30m", typed=[("Reason:", "\n")], exit=3)
        self.assertIn("No reason was given; nothing was asked.", shown)
        self.serve(Extend=[[self.NEEDED]])
        self.assertIn("A reason is needed", self.jitctl("extend", "K7QF", "--for", "30m", exit=3).stderr)
        self.serve(Extend=[[self.OTHER]])
        self.terminal("extend", "K7QF", "--for", "30m", "--reason", "x", exit=3)
        self.serve(Extend=[[self.OTHER]] * 5)
        self.terminal("extend", "K7QF", "--for", "30m", exit=3, typed=[
            ("Reason:", "a\n"), ("match: OPS-[0-9]+.\r\nReason:", "b\n"),
            ("b\r\njitctl: The reason has to match: OPS-[0-9]+.\r\nReason:", "c\n")])
        self.assertEqual(len(self.server.called("Extend")), 4)


class Explain(Case):
    def ask(self, **changes):
        self.serve(Explain=[[reply(explanation=EXPLAINED | changes)]])

    def test_who_when_and_how(self):
        self.ask()
        said = self.jitctl("explain", "alice", "sudo", "--target", "root",
                           "--at", "2026-11-21T03:00:00Z", "--", "systemctl", "restart", "nginx")
        self.assertEqual(self.server.called("Explain")[-1],
                         {"version": 1, "user": "alice", "service": "sudo", "target": "root",
                          "command": ["systemctl", "restart", "nginx"]})
        for part in ["alice, sudo to root: systemctl restart nginx", "people are asked",
                     "prod (/etc/jit-approver/approver.conf:18)", "backup: it is of another user",
                     "03:00: 2 of bob, carol", "2 of @security", "03:02, after 2 min in one stage: leads",
                     "10 requests in 1 h", "not again for 1 min",
                     "until 2026-11-21 03:30", "the two digits on the asker's screen",
                     "required, of the form OPS-[0-9]+", "for 30 min, at most 4 h",
                     "with all sessions; warned before: 5m, 1m"]:
            self.assertIn(part, said.stdout)
        self.assertEqual(said.stderr, "")

    def test_verdicts(self):
        for verdict, words in [("allow", "the gate stands open"), ("refuse", "refused, and nobody"),
                               ("exempt", "root's own"), ("unknown", "the name service")]:
            few = {name: EXPLAINED[name] for name in
                   ["user", "user_uid", "service", "target", "target_uid", "passed"]}
            self.serve(Explain=[[reply(explanation=few | {"verdict": verdict})]])
            said = self.jitctl("explain", "alice", "sshd").stdout
            self.assertIn(words, said)
            self.assertIn("none matches", said)
            self.assertNotIn("target", self.server.called("Explain")[-1])

    def test_more(self):
        for changes, words in [({"extend": "ask"}, "more time  if the approvers say yes once more\n"),
                               ({"extend": "auto"}, "more time  at once, up to 4 h in all\n"),
                               ({"extend": "no"}, "more time  not without asking anew\n"),
                               ({"rescue": True}, "rescue     a one-time code opens it at once\n"),
                               ({}, "proof      at least the link that was sent to the approver, and"),
                               ({"notify": []}, "proof      the approver's own account on this host, and"),
                               ({"assurance": "local"}, "proof      the approver's own account")]:
            self.ask(**changes)
            self.assertIn(words, self.jitctl("explain", "alice", "sudo").stdout)
        self.assertNotIn("rescue ", self.jitctl("explain", "alice", "sudo").stdout)

    def test_break_glass(self):
        self.ask(verdict="break-glass", reviewers=["dan"], escalations=[])
        said = self.jitctl("explain", "alice", "sudo").stdout
        self.assertRegex(said, "alarmed +bob, carol")
        self.assertRegex(said, "signed by +dan \\(alarmed too\\)")

    def test_json_and_mistakes(self):
        self.ask()
        self.assertEqual(self.document("explain", "alice", "sudo"), EXPLAINED)
        self.jitctl("explain", "alice", exit=2)
        self.jitctl("explain", "alice", "sudo", "--at", "teatime", exit=2)
        self.serve(Explain=[[error("NotPermitted", message="only auditors")]])
        self.jitctl("explain", "bob", "sudo", exit=5)

    def test_evil_words(self):
        self.ask(user=EVIL, rule=EVIL, passed=[{"rule": EVIL, "why": EVIL}],
                 stages=[{"approvers": [EVIL]}])
        self.jitctl("explain", "alice", "sudo")


class Doctor(Case):
    def doctor(self, exit, **status):
        self.serve(GetStatus=[[reply(**(STATUS | status))]])
        empty = os.path.join(self.folder.name, "pam.d")
        os.makedirs(empty, exist_ok=True)
        found = self.document("doctor", "--pam-dir", empty, "--config", "/nonexistent", exit=exit)
        self.assertEqual(set(found), {"ok", "checks"})
        self.assertEqual(found["ok"], exit == 0)
        for check in found["checks"]:
            self.assertEqual(set(check), {"name", "state", "message", "fix"})
            self.assertEqual(check["state"] == "ok", check["fix"] is None, check)
        return {check["name"]: check["state"] for check in found["checks"]
                if check["name"] != "files"}

    def test_states(self):
        server = "ok" if os.getuid() == 0 else "warn"
        fine = {"server": server, "socket": "ok", "version": "ok", "rules": "ok", "store": "ok",
                "bus": "ok", "clock": "ok", "pam": "warn"}
        self.assertEqual(self.doctor(1, store=EVIL), fine | {"store": "fail"})
        self.assertEqual(self.doctor(1, clock="1970"), fine | {"clock": "fail"})
        self.assertEqual(self.doctor(1, rules_loaded=False), fine | {"rules": "fail"})
        self.assertEqual(self.doctor(1, store="x", version="0.0.9"),
                         fine | {"version": "warn", "store": "fail"})
        self.assertEqual(self.doctor(1, store="x", reviews=2, rescue_codes=0),
                         fine | {"store": "fail", "reviews": "warn", "rescue": "warn"})
        self.assertEqual(self.doctor(1, store="x", reviews=0, rescue_codes=3),
                         fine | {"store": "fail", "rescue": "ok"})

    def test_down(self):
        done = self.jitctl("doctor", "--pam-dir", "/nonexistent", exit=1)
        self.assertRegex(done.stdout, "(?m)^fail  socket .*\n +-> systemctl enable --now")
        self.assertRegex(done.stdout, "(?m)^fail  pam ")

    def test_two_places(self):
        self.jitctl("doctor", "--pam-dir", "/", "--root", "/", exit=2)
        self.assertIn("Cannot open", self.jitctl("doctor", "--root", "/nonexistent", exit=1).stderr)


GATED = "account required pam_jit.so\naccount required pam_unix.so\nsession required pam_jit.so\n"
OPEN = "account required pam_unix.so\n"
RULES = """[approver bob]
user = bob

[rule root]
services = sudo, su
users = *
action = ask
approvers = bob
"""
POLICY = """<policyconfig><action id="org.freedesktop.systemd1.manage-units"><defaults>
<allow_any>auth_admin</allow_any><allow_active>%s</allow_active></defaults></action></policyconfig>"""


class Host(Case):
    """doctor --root: a host below a folder, with roads to root and lock-outs planted."""

    def setUp(self):
        super().setUp()
        self.root = os.path.join(self.folder.name, "host")
        for service in ("sudo", "sudo-i", "su", "su-l"):
            self.plant("etc/pam.d/" + service, GATED)
        for program in ("sudo", "su", "mount", "passwd"):
            self.plant("usr/bin/" + program, "", 0o4755)
        self.plant("usr/bin/systemd-run", "", 0o755)
        self.plant("usr/bin/bash", "", 0o755)
        self.plant("etc/sudoers", "Defaults env_reset\ndev ALL=(ALL) NOPASSWD: ALL\n@includedir /etc/sudoers.d\n", 0o440)
        self.plant("etc/passwd", "root:x:0:0:root:/root:/bin/bash\ndev:x:1000:1000::/home/dev:/bin/bash\n")
        self.plant("etc/group", "root:x:0:\ndocker:x:990:\nlibvirt:x:991:root\ndisk:x:6:\ndev:x:1000:\n")
        self.plant("etc/shadow", "root:$y$j9T$x:20000::::::\n", 0o600)
        self.plant("etc/jit-approver/approver.conf", RULES)
        self.plant("etc/systemd/system/sockets.target.wants/jit-approver.socket", "")
        self.plant("etc/cron.d/backup", "0 0 * * * root true\n")
        self.plant("etc/doas.conf", "# permit :wheel\n")
        os.symlink("/usr/bin", os.path.join(self.root, "bin"))

    def plant(self, path, text, mode=0o644):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)

    def doctor(self):
        return [JITCTL, "doctor", "--root", self.root, "--config", "/etc/jit-approver/approver.conf"]

    def found(self):
        """What is neither ok nor about the module, which is on no such host."""
        done = subprocess.run([*self.doctor(), "--json"], text=True,
                              capture_output=True, timeout=30)
        checks = json.loads(done.stdout)["checks"]
        for check in checks:
            self.assertEqual(check["state"] == "ok", check["fix"] is None, check)
        return [(c["state"], c["name"], c["message"]) for c in checks
                if c["name"] != "module" and (c["state"] != "ok" or c["name"] in ("roads", "lock-out"))]

    def expect(self, *expected):
        found = self.found()
        self.assertEqual([f[:2] for f in found], [e[:2] for e in expected], found)
        for (_, _, message), (_, _, words) in zip(found, expected):
            self.assertIn(words, message)

    CLEAN = [("ok", "roads", "no other road"), ("ok", "lock-out", "somebody can become root")]

    def test_clean(self):
        self.expect(*self.CLEAN)

    def roads(self, *expected):
        self.expect(*expected, self.CLEAN[1])

    def test_su(self):
        self.plant("etc/pam.d/su", OPEN)
        self.plant("etc/pam.d/su-l", OPEN)
        self.roads(("fail", "road su", "though a rule names it"))
        self.plant("etc/jit-approver/approver.conf", RULES.replace("sudo, su", "sudo"))
        self.roads(("warn", "road su", "who knows root's password becomes root unasked"))
        os.chmod(os.path.join(self.root, "usr/bin/su"), 0o755)
        self.expect(*self.CLEAN)

    def test_doas(self):
        self.plant("usr/bin/doas", "", 0o4755)
        self.expect(*self.CLEAN)
        self.plant("etc/doas.conf", "permit persist :wheel\n")
        self.roads(("warn", "road doas", "whom doas.conf lets"))
        self.plant("etc/pam.d/doas", GATED)
        self.expect(*self.CLEAN[:1], ("warn", "lock-out", "doas is gated and no rule names it"))

    def test_setuid(self):
        self.plant("usr/local/bin/rootsh", "", 0o4755)
        self.plant("usr/local/bin/helper", "", 0o4755)
        self.plant("usr/bin/ksu", "", 0o4755)
        self.roads(("fail", "road setuid", "/usr/local/bin/rootsh: whoever starts it is root"),
                   ("warn", "road ksu", "does not ask PAM"),
                   ("warn", "road setuid", "/usr/local/bin/helper"))

    @unittest.skipUnless(os.getuid() == 0, "only root can give capabilities")
    def test_capabilities(self):
        for mask, found in ((1 << 7, True), (1 << 21, True), (1 << 13, False)):
            self.plant("usr/bin/python3", "", 0o755)
            os.setxattr(os.path.join(self.root, "usr/bin/python3"), "security.capability",
                        struct.pack("<5I", 0x02000001, mask, 0, 0, 0))
            if found:
                self.roads(("fail", "road setuid", "/usr/bin/python3: whoever starts it is root"))
            else:
                self.expect(*self.CLEAN)

    def test_modules(self):
        self.plant("usr/lib/security/pam_unix.so", "")
        self.expect(*self.CLEAN)
        self.plant("etc/pam.d/sudo", "session optional pam_gone.so\n" + GATED +
                   "-account [success=ok default=ignore] pam_gone.so\naccount required /opt/pam_gone.so\n")
        self.expect(*self.CLEAN)
        self.plant("etc/pam.d/sudo", GATED + "-account required pam_gone.so\n")
        self.expect(self.CLEAN[0], ("fail", "lock-out", "sudo: sudo:4: pam_gone.so is not there"))

    def test_polkit(self):
        self.plant("usr/bin/pkexec", "", 0o4755)
        self.plant("usr/share/polkit-1/actions/org.freedesktop.systemd1.policy", POLICY % "yes")
        self.expect(*self.CLEAN)  # nobody is there to say yes
        self.plant("usr/lib/polkit-1/polkitd", "", 0o755)
        active = ("fail", "road polkit", "org.freedesktop.systemd1.manage-units is allowed to everybody")
        self.roads(("warn", "road polkit", "by pkexec and systemd-run"), active)
        self.plant("usr/lib/pam.d/polkit-1", GATED)
        self.plant("etc/jit-approver/approver.conf.d/polkit.conf", "[rule polkit]\nservices = polkit-1\n")
        self.roads(active)
        self.plant("usr/share/polkit-1/actions/org.freedesktop.systemd1.policy", POLICY % "auth_admin")
        self.expect(*self.CLEAN)
        for text in ('polkit.addRule(function(a, s) { if (s.isInGroup("ops")) return polkit.Result.YES; });',
                     'if (action.id == "org.freedesktop.systemd1.manage-units") return polkit.Result.YES;',
                     'if (action.id.indexOf("org.freedesktop.") == 0) return polkit.Result.YES;'):
            self.plant("etc/polkit-1/rules.d/10-ops.rules", text)
            self.roads(("warn", "road polkit", "/etc/polkit-1/rules.d/10-ops.rules may allow"))
        for text in ('if (action.id == "org.freedesktop.hostname1.set-hostname") return polkit.Result.YES;',
                     'if (action.id == "org.freedesktop.systemd1.manage-units") return polkit.Result.NO;',
                     '  // org.freedesktop.systemd1: return polkit.Result.YES;'):
            self.plant("etc/polkit-1/rules.d/10-ops.rules", text)
            self.expect(*self.CLEAN)
        self.plant("var/lib/polkit-1/localauthority/50-local.d/ops.pkla",
                   "[ops]\nIdentity=unix-group:ops\nAction=org.freedesktop.*\nResultActive=yes\n")
        self.roads(("warn", "road polkit", "ops.pkla may allow"))

    def test_groups(self):
        self.plant("etc/group", "docker:x:990:dev,bob\nlibvirt:x:991:root\ndisk:x:1000:\nkvm:x:106:dev\n")
        self.roads(("warn", "road docker", "in the group docker: dev, bob;"),
                   ("warn", "road disk", "in the group disk: dev;"))

    def test_sudoers(self):
        self.plant("etc/sudoers.d/ops", "Defaults:dev \\\n  !pam_acct_mgmt, timestamp_timeout=5 # x\n")
        self.plant("etc/sudoers.d/old.conf", "Defaults !pam_session\n")
        self.roads(("fail", "road sudo", "Defaults:dev !pam_acct_mgmt"))
        self.plant("etc/sudoers.d/ops", "Defaults !pam_session, pam_service = \"backdoor\"\n")
        self.plant("etc/pam.d/backdoor", OPEN)
        self.roads(("warn", "road sudo", "!pam_session"),
                   ("fail", "road sudo", "pam_service=backdoor: sudo asks PAM as a service that has no"))
        self.plant("etc/sudoers.d/ops", "Defaults pam_login_service=gated\n")
        self.plant("etc/pam.d/gated", GATED)
        self.expect(("warn", "pam gated", "does not know"), self.CLEAN[0],
                    ("warn", "lock-out", "gated is gated and no rule names it"))
        os.remove(os.path.join(self.root, "etc/pam.d/gated"))
        self.plant("etc/sudoers.d/ops", "Defaults !pam_acct_mgmt\nDefaults pam_acct_mgmt\n")
        self.expect(*self.CLEAN)
        self.plant("etc/nsswitch.conf", "sudoers: files sss\n")
        self.roads(("warn", "road sudo", "come from a directory"))

    def test_sshd(self):
        self.plant("usr/sbin/sshd", "", 0o755)
        self.plant("etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin yes\n")
        self.roads(("warn", "road sshd", "root can be logged in by ssh"))
        self.plant("etc/ssh/sshd_config.d/a.conf", "permitrootlogin no\n")
        self.expect(*self.CLEAN)
        self.plant("etc/ssh/sshd_config.d/a.conf", "PermitRootLogin prohibit-password\n")
        self.expect(*self.CLEAN)
        self.plant("root/.ssh/authorized_keys", "# none\nssh-ed25519 AAAA\n")
        self.roads(("warn", "road sshd", "root can be logged in by ssh"))
        self.plant("etc/pam.d/sshd", GATED)
        self.plant("etc/jit-approver/approver.conf", RULES.replace("sudo, su", "*"))
        self.roads(("fail", "road sshd", "does not use PAM"))
        self.plant("etc/ssh/sshd_config.d/a.conf", "UsePAM yes\n")
        self.expect(*self.CLEAN)

    def test_files(self):
        self.plant("etc/cron.d/backup", "", 0o666)
        self.plant("etc/pam.d/su", GATED, 0o664)  # of root's own group: nobody's
        self.roads(("fail", "road files", "/etc/cron.d/backup: everybody may write it"))

    def test_stacks(self):
        os.makedirs(os.path.join(self.root, "etc/authselect"))
        self.plant("etc/authselect/system-auth", "account sufficient pam_localuser.so\n")
        os.symlink("/etc/authselect/system-auth", os.path.join(self.root, "etc/pam.d/system-auth"))
        self.plant("etc/pam.d/sudo", "account include system-auth\n" + GATED)
        found = self.found()
        self.assertEqual(found[0][:2], ("fail", "pam sudo"))
        self.assertIn("system-auth:1: whoever pam_localuser.so", found[0][2])

    def test_locked_out(self):
        roads = self.CLEAN[0]
        self.plant("etc/shadow", "root:!:20000::::::\n", 0o600)
        away = ("warn", "lock-out", "if the approvers are away nobody becomes root here")
        self.expect(roads, away)
        for more in ("action = allow", "action = break-glass", "action = ask\nrescue = yes"):
            self.plant("etc/jit-approver/approver.conf", RULES + "\n[rule way-in]\nservices = s*\n" + more + "\n")
            self.expect(*self.CLEAN)
        self.plant("etc/jit-approver/approver.conf", RULES + "\n[rule x]\nservices = cron\naction = allow\n")
        self.expect(roads, away)
        self.plant("etc/shadow", "root:$y$j9T$x:20000::::::\n", 0o600)
        self.expect(*self.CLEAN)
        self.plant("etc/pam.d/login", GATED)
        console = "\n[rule console]\nservices = login\nusers = root, dev\naction = ask\n"
        self.plant("etc/jit-approver/approver.conf", RULES + console)
        self.expect(roads, away)
        self.plant("etc/jit-approver/approver.conf", RULES)
        self.expect(roads, ("warn", "lock-out", "login is gated and no rule names it"))

    def test_not_enabled(self):
        os.remove(os.path.join(self.root, "etc/systemd/system/sockets.target.wants/jit-approver.socket"))
        self.expect(self.CLEAN[0], ("warn", "lock-out", "not enabled"))

    def test_nothing_gated(self):
        for service in ("sudo", "sudo-i", "su", "su-l"):
            self.plant("etc/pam.d/" + service, OPEN)
        self.plant("usr/bin/doas", "", 0o4755)
        self.expect(("warn", "pam", "nothing is gated"))

    def test_out_of_sight(self):
        if os.getuid() == 0:
            os.chmod(self.folder.name, 0o755)
            user = ["setpriv", "--reuid", "65533", "--regid", "65533", "--clear-groups"]
        else:
            user = []
            os.chmod(os.path.join(self.root, "etc/sudoers"), 0)
            os.chmod(os.path.join(self.root, "etc/shadow"), 0)
        self.plant("usr/bin/doas", "", 0o4755)
        self.plant("etc/doas.conf", "permit :wheel\n", 0o600 if os.getuid() == 0 else 0)
        done = subprocess.run([*user, *self.doctor()], text=True,
                              capture_output=True, timeout=30)
        self.assertRegex(done.stdout, r"(?m)^warn  roads +could not look at /etc/sudoers, /etc/doas.conf, /etc/shadow: "
                                      r"nothing is known.*\n +-> run it as root: sudo jitctl doctor$")
        self.assertNotRegex(done.stdout, "(?m)^ok +(roads|lock-out)")
        self.assertIn("You are not root", done.stdout.splitlines()[-1])


class Terminal(Case):
    def test_colour(self):
        self.serve(ListGrants=[[reply(grants=[GRANT])]])
        self.assertIn(ESC + "[32mactive" + ESC + "[0m", self.terminal("grants"))
        for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}):
            shown = self.terminal("grants", **environment)
            self.assertNotIn(ESC, shown)
            self.assertIn("active", shown)
        self.assertIn(ESC, self.terminal("grants", NO_COLOR=""))
        self.assertNotIn(ESC, self.jitctl("grants").stdout)

    def test_full_disk(self):
        self.serve(ListGrants=[[reply(grants=[GRANT])]])
        with open("/dev/full", "w") as full:
            done = subprocess.run(self.command("grants"), stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    JITCTL = os.path.abspath(sys.argv.pop(1))
    unittest.main()
