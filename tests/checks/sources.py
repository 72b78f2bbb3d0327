# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the checks of the sources share: which files there are, and how a check ends."""

import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
FOLDERS = ["common", "jit-approver", "pam_jit"]
_failures = []


def fail(text):
    _failures.append(text)
    print(text)


def end(what):
    """Ends the program: a check that found nothing to look at has failed."""
    if not what:
        fail("nothing was checked")
    sys.exit(1 if _failures else 0)


def files(*endings, folders=None):
    """Paths below the top folder, in order; builds and hidden folders left out."""
    found = []
    for folder in folders or FOLDERS:
        for path, names, here in os.walk(os.path.join(TOP, folder)):
            names[:] = sorted(n for n in names if not n.startswith((".", "build")) and n != "__pycache__")
            found += [os.path.relpath(os.path.join(path, n), TOP) for n in here]
    return sorted(f for f in found if not endings or f.endswith(endings))


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def code(path):
    """A C file without comments and what is in quotes; lines stay where they are."""
    def blank(m):
        text = m.group(0)
        return '""' if text[0] == '"' else "\n" * text.count("\n") if text[0] == "/" else "' '"
    return re.sub(r'"(?:[^"\\\n]|\\.)*"|/\*.*?\*/|//[^\n]*|\'(?:[^\'\\\n]|\\.)+\'', blank, read(path), flags=re.S)
