"""Requests, and sockets."""

import base64
import os
import socket
import urllib.error
import urllib.request


def send(port, request, body="", status=200, **headers):
    """The body of the response, whose status has to be that one."""
    method, path = request.split(" ")
    url = f"http://127.0.0.1:{port}{path}"
    request = urllib.request.Request(url, data=body.encode(), headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            answered, text = response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        answered, text = error.code, error.read().decode()
    assert answered == status, (url, answered, text)
    return text


class WebSocket:
    """A client's end, for messages that are short."""

    TEXT, CLOSE = 0x81, 0x88

    def __init__(self, port, path):
        self.stream = socket.create_connection(("127.0.0.1", port), timeout=20)
        key = base64.b64encode(os.urandom(16)).decode()
        head = [f"GET {path} HTTP/1.1", "host: localhost", "connection: upgrade", "upgrade: websocket"]
        head += ["sec-websocket-version: 13", f"sec-websocket-key: {key}", "", ""]
        self.stream.sendall("\r\n".join(head).encode())
        self.read = self.stream.makefile("rb")
        status = self.read.readline()
        assert b" 101 " in status, status
        while self.read.readline() != b"\r\n":
            pass

    def send(self, text, kind=TEXT):
        # What clients send is masked. Zero is a mask.
        self.stream.sendall(bytes([kind, 0x80 | len(text), 0, 0, 0, 0]) + text.encode())

    def receive(self):
        _, length = self.read.read(2)
        return self.read.read(length).decode()

    def close(self):
        self.send("", self.CLOSE)
        # Until the server has closed it, too.
        self.read.read()
        self.drop()

    def drop(self):
        """Without a word."""
        self.read.close()
        self.stream.close()
