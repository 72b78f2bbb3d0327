#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Type at a program on a real terminal, and read what it shows.

    pty.py [--user NAME] [--timeout SECS] [--size ROWSxCOLS] [--times] [--together] -- CMD [ARG...] <SCRIPT

CMD runs on a pseudo-terminal, in its own session, as a login of NAME would (root may do that).
SCRIPT is read from stdin, one step a line; empty lines and lines with # are skipped:

    expect REGEX      wait for REGEX in what came after the last match
    absent REGEX      REGEX must not be in anything shown so far
    quiet SECS REGEX  REGEX must not come in the next SECS
    send TEXT         type TEXT; \\n is the Enter key, \\t \\e \\\\ \\xHH as in C
    key ^C            type a control character (a terminal forgets what was typed before or
                      just after ^C: wait for the answer to it)
    root CODE         run CODE in a shell as root beside it; it must succeed
    as NAME CODE      the same as a login of NAME
    signal NAME       send SIGNAME to CMD
    size ROWSxCOLS    resize the terminal
    timeout SECS      from here on a step may take so long
    hangup            close the terminal, as a lost connection does
    eof               wait until nobody has the terminal open any more
    status N          wait for CMD to end with N (128+n: by signal n; ! for any but 0)

{1} to {9} in send, root and as stand for the groups of the last expect that had any. A step that
takes longer than --timeout (20 s) fails. The transcript goes to stdout; with --together what `root` and `as` did
stands in it where it happened, else on stderr. Exit: 0 if every step held, else 1; an
empty script just waits for CMD and returns its status.
"""

import argparse
import codecs
import errno
import fcntl
import grp
import os
import pwd
import re
import select
import shlex
import signal
import struct
import subprocess
import sys
import termios
import time

ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[@-Z\\^_])")


class Failed(Exception):
    pass


def environment(user):
    path = "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
    if user.pw_uid == 0:
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {"HOME": user.pw_dir, "USER": user.pw_name, "LOGNAME": user.pw_name, "PATH": path,
            "SHELL": user.pw_shell or "/bin/sh", "LANG": "C.UTF-8", "TERM": "xterm"}


def become(user):
    """What pam_loginuid and login(1) do; in the child, before exec."""
    if os.getuid() == 0:
        try:
            with open("/proc/self/loginuid", "w") as f:
                f.write(str(user.pw_uid))
        except FileNotFoundError:
            pass                                # a kernel without audit
        os.initgroups(user.pw_name, user.pw_gid)
        os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
        os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    try:
        os.chdir(user.pw_dir)
    except OSError:
        os.chdir("/")
    os.umask(0o022)


def rows_cols(text):
    rows, cols = text.split("x")
    return struct.pack("HHHH", int(rows), int(cols), 0, 0)


def unescape(text):
    names = {"n": "\r", "r": "\r", "t": "\t", "e": "\x1b", "\\": "\\"}
    return re.sub(r"\\(x[0-9a-fA-F]{2}|[nrte\\])",
                  lambda m: names.get(m[1]) or chr(int(m[1][1:], 16)), text)


def states(group):
    """The states of the processes of a process group."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as f:
                stat = f.read().rpartition(")")[2].split()
        except OSError:
            continue                            # gone meanwhile
        if int(stat[2]) == group:
            yield stat[0]


class Terminal:
    def __init__(self, cmd, user, timeout, size, together):
        self.timeout = timeout
        self.asides = [] if together else None  # (where in the transcript, what others did)
        self.transcript = ""                    # all that was shown
        self.seen = 0                           # up to here it was matched
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.pending = ""                       # the beginning of an escape, perhaps
        self.groups = ()
        self.exit = None
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, size)
        if os.getuid() == 0:
            os.fchown(slave, user.pw_uid, grp.getgrnam("tty").gr_gid)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setsid()
                fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
                for fd in (0, 1, 2):
                    os.dup2(slave, fd)
                os.closerange(3, 256)
                for s in (signal.SIGPIPE, signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
                    signal.signal(s, signal.SIG_DFL)
                become(user)
                os.execvpe(cmd[0], cmd, environment(user))
            except OSError as e:
                os.write(2, f"pty.py: {cmd[0]}: {e.strerror}\n".encode())
            finally:
                os._exit(127)
        os.close(slave)

    def read(self, deadline):
        """Take in what is shown; False when the terminal is closed, or at the deadline."""
        if self.master < 0:
            return False
        if not select.select([self.master], [], [], max(0, deadline - time.monotonic()))[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError as e:
            if e.errno != errno.EIO:
                raise
            data = b""
        if not data:
            self.close()
            return False
        self.show(data)
        return True

    def show(self, data):
        """Plain lines: no escapes, and a line that is drawn anew (\\r) is a line of its own."""
        text = self.pending + self.decoder.decode(data)
        cut = re.search(r"(?:\r+|\x1b[^a-zA-Z\x07]{0,40})?\Z", text).start()   # may go on
        text, self.pending = text[:cut], text[cut:]
        text = (self.transcript[-1:] or "\n") + re.sub(r"\r+\n", "\n", ESCAPES.sub("", text))
        text = re.sub(r"\r+", "\n", re.sub(r"\n\r+", "\n", text))
        self.transcript += text[1:]

    def close(self):
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def settle(self):
        """A person types at a program that waits for him. One that has just shown its prompt may
        not have come to its read yet, and some (sudo) then lose a ^C: wait until it sleeps."""
        calm = 0
        for _ in range(500):
            group = os.tcgetpgrp(self.master)
            calm = calm + 1 if all(state in "SZ" for state in states(group)) else 0
            if calm > 1:
                return
            time.sleep(0.01)

    def write(self, text):
        if self.master >= 0:
            self.settle()
        data = text.encode("utf-8", "surrogateescape")
        while data:
            if self.master < 0:
                raise Failed("the terminal is closed")
            data = data[os.write(self.master, data):]

    def find(self, regex):
        m = re.compile(regex, re.M).search(self.transcript, self.seen)
        if m:
            self.seen = m.end()
            self.groups = m.groups() or self.groups
        return m

    def expect(self, regex):
        deadline = time.monotonic() + self.timeout
        while not self.find(regex):
            if not self.read(deadline):
                raise Failed("the terminal was closed" if self.master < 0 else "timed out")

    def absent(self, regex):
        self.read(0)
        if re.search(regex, self.transcript, re.M):
            raise Failed("it is there")

    def quiet(self, rest):
        secs, regex = rest.split(None, 1)
        deadline = time.monotonic() + float(secs)
        while self.read(deadline):
            pass
        if re.compile(regex, re.M).search(self.transcript, self.seen):
            raise Failed("it came")

    def eof(self, _=""):
        deadline = time.monotonic() + self.timeout
        while self.read(deadline):
            pass
        if self.master >= 0:
            raise Failed("timed out; somebody still has the terminal open")

    def wait(self):
        """CMD's status as a shell gives it. Goes on reading, or CMD could block in a write."""
        deadline = time.monotonic() + self.timeout
        while self.exit is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self.exit = code if code >= 0 else 128 - code
            elif time.monotonic() > deadline:
                raise Failed("timed out; the command is still running")
            elif not self.read(min(deadline, time.monotonic() + 0.02)) and self.master < 0:
                time.sleep(0.01)
        while self.read(time.monotonic() + 0.05):
            pass
        return self.exit

    def status(self, want):
        got = self.wait()
        if not (got != 0 if want == "!" else got == int(want)):
            raise Failed(f"it was {got}")

    def beside(self, user, code):
        r = subprocess.run(["/bin/bash", "-euc", code], stdin=subprocess.DEVNULL, timeout=self.timeout,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment(user),
                           preexec_fn=lambda: become(user) if user.pw_uid else None)
        said = r.stdout.decode("utf-8", "replace")
        if self.asides is None:
            sys.stderr.write(said)
        else:
            self.asides.append((len(self.transcript), f"{user.pw_name}$ {code}\n{said}"))
        if r.returncode:
            raise Failed(f"status {r.returncode}")

    def story(self):
        """The transcript with the asides, indented, each before the line that was shown next."""
        text, at, out = self.transcript, 0, ""
        for position, aside in self.asides or []:
            end = text.rfind("\n", at, position) + 1 or at
            if end < position and not text.endswith("\n", at, position):
                end = position                  # in the middle of a line: that much was there
            out += text[at:end]
            out += "" if not out or out.endswith("\n") else "\n"
            out += "".join(f"        {line}\n" for line in aside.splitlines())
            at = end + (text[end:end + 1] == "\n" and out.endswith("\n"))
        return out + text[at:]

    def fill(self, text):
        return re.sub(r"\{([1-9])\}", lambda m: self.groups[int(m[1]) - 1]
                      if int(m[1]) <= len(self.groups) else m[0], text)

    def step(self, verb, rest):
        if verb == "send":
            self.write(unescape(self.fill(rest)))
        elif verb == "key":
            self.write(chr(ord(rest[1].upper()) ^ 0x40))
        elif verb == "root":
            self.beside(pwd.getpwuid(0), self.fill(rest))
        elif verb == "as":
            name, code = rest.split(None, 1)
            self.beside(pwd.getpwnam(name), self.fill(code))
        elif verb == "signal":
            os.kill(self.pid, getattr(signal, "SIG" + rest))
        elif verb == "size":
            fcntl.ioctl(self.master, termios.TIOCSWINSZ, rows_cols(rest))
        elif verb == "timeout":
            self.timeout = float(rest)
        elif verb == "hangup":
            self.close()
        elif verb in ("expect", "absent", "quiet", "eof", "status"):
            getattr(self, verb)(rest)
        else:
            raise Failed("no such step")


def main():
    args = argparse.ArgumentParser(add_help=False)
    args.add_argument("--user")
    args.add_argument("--timeout", type=float, default=20)
    args.add_argument("--size", type=rows_cols, default=rows_cols("40x120"))
    args.add_argument("--times", action="store_true", help="say on stderr when each step was done")
    args.add_argument("--together", action="store_true")
    args.add_argument("cmd", nargs="+")
    if "--help" in sys.argv[1:2]:
        print(__doc__)
        return 0
    args = args.parse_args()

    user = pwd.getpwnam(args.user) if args.user else pwd.getpwuid(os.getuid())
    steps = [] if sys.stdin.isatty() else sys.stdin.read().splitlines()
    steps = [s.strip("\r") for s in steps if s.strip() and not s.lstrip().startswith("#")]
    begin = time.monotonic()
    term = Terminal(args.cmd, user, args.timeout, args.size, args.together)
    result = 0
    for line in steps:
        verb, _, rest = line.lstrip().partition(" ")
        # quotes around a regex keep its leading and trailing blanks
        if verb in ("expect", "absent") and len(rest) > 1 and rest[0] == rest[-1] in "'\"":
            rest = rest[1:-1]
        try:
            term.step(verb, rest)
        except (Failed, OSError, LookupError, ValueError, re.error, subprocess.TimeoutExpired) as e:
            print(f"pty.py: '{line}': {e}", file=sys.stderr)
            result = 1
            break
        if args.times:
            print(f"{time.monotonic() - begin:9.4f} {line}", file=sys.stderr)
    if result == 0:
        try:
            result = 0 if term.wait() == 0 or steps else term.exit
        except Failed as e:
            print(f"pty.py: {shlex.join(args.cmd)}: {e}", file=sys.stderr)
            result = 1
    story = term.story()
    sys.stdout.write(story)
    print("" if story.endswith("\n") or not story else "\n", end="")
    if term.exit is None:                       # it hangs: the terminal goes, then the command
        term.close()
        time.sleep(0.2)
        try:
            os.kill(term.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(term.pid, 0)
    print(f"status {term.exit if term.exit is not None else 'none'}", file=sys.stderr)
    return result


sys.exit(main())
