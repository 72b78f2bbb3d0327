# SPDX-License-Identifier: LGPL-2.1-or-later
"""A scripted approver: says what it is told to, remembers what it was asked."""

import json
import os
import socket
import threading

CLOSE = "close the connection"
INTERFACE = "org.pamjit.Approver."


def reply(**parameters):
    return {"parameters": parameters}


def more(**parameters):
    return {"parameters": parameters, "continues": True}


def error(name, **parameters):
    return {"error": name if "." in name else INTERFACE + name, "parameters": parameters}


class Server:
    """script: for each method a list of turns; a turn is a list of messages, sent when the method
    is called. The last turn stays. A message may be CLOSE, bytes sent as they are, or a callable
    that gets the parameters and gives the message."""

    def __init__(self, folder, script):
        self.path = os.path.join(folder, "approver.sock")
        self.script = {method: list(turns) for method, turns in script.items()}
        self.calls = []
        self.ended = threading.Semaphore(0)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(16)
        self.accepting = threading.Thread(target=self.accept, daemon=True)
        self.accepting.start()

    def close(self):
        # it must not accept any more when the next server gets the same number for its socket
        self.listener.shutdown(socket.SHUT_RDWR)
        self.accepting.join()
        self.listener.close()
        os.unlink(self.path)

    def called(self, method):
        return [call for name, call in self.calls if name == method]

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        pending = b""
        with connection:
            while True:
                try:
                    data = connection.recv(65536)
                except OSError:
                    data = b""
                if not data:
                    self.ended.release()
                    return
                pending += data
                while b"\0" in pending:
                    text, pending = pending.split(b"\0", 1)
                    if not self.answer(connection, json.loads(text)):
                        return

    def answer(self, connection, call):
        method = call["method"].removeprefix(INTERFACE)
        parameters = call.get("parameters", {})
        self.calls.append((method, parameters | {
            flag: True for flag in ("more", "oneway") if call.get(flag)}))
        turns = self.script.get(method)
        if turns is None:
            messages = [error("org.varlink.service.MethodNotFound", method=method)]
        else:
            messages = turns.pop(0) if len(turns) > 1 else turns[0]
        for message in messages:
            if callable(message):
                message = message(parameters)
            if message is CLOSE:
                return False
            if not isinstance(message, bytes):
                message = json.dumps(message).encode() + b"\0"
            connection.sendall(message)
        return True
