"""A real HTTP server on loopback that speaks chat completions, and misbehaves in every way that servers do.

What it does with a prompt is a `Behaviour`; `plan` holds those of the next prompts, after which it answers well.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

MODELS = ["tiny-chat-1b", "tiny-chat-8b"]


class ChatServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.base_url = f"http://127.0.0.1:{self.server_address[1]}/v1"
        self.plan: list[Behaviour] = []
        self.always: Behaviour = good()
        self.probe: Behaviour = good("yes")
        self.bodies: list[dict[str, Any]] = []
        """Every prompt's request but the probes."""
        self.times: list[float] = []
        """When each of them came, in seconds."""
        self.keys: list[str] = []
        self.probes = self.now = self.peak = self.connections = 0
        self.over = Event()
        """Ends what hangs."""
        self.lock = Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that hang up are what the tests are about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ChatServer
    body: dict[str, Any]
    """Of the request that is being answered."""

    def setup(self) -> None:
        super().setup()
        with self.server.lock:
            self.server.connections += 1

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        models = [{"id": name, "object": "model", "created": 0, "owned_by": "us"} for name in MODELS]
        self.whole(200, {"object": "list", "data": models})

    def do_POST(self) -> None:
        server = self.server
        body = self.body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        probing = body["messages"][-1]["content"] == "Say yes."
        with server.lock:
            server.keys.append(self.headers["Authorization"])
            if probing:
                server.probes += 1
                behave = server.probe
            else:
                server.bodies.append(body)
                server.times.append(monotonic())
                behave = server.plan.pop(0) if server.plan else server.always
            server.now += 1
            server.peak = max(server.peak, server.now)
        try:
            behave(self)
        finally:
            with server.lock:
                server.now -= 1

    def whole(self, status: int, content: Any, **headers: str) -> None:
        """Send one JSON object."""
        data = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def begin(self) -> None:
        """Send the headers of a stream."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def send(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def event(self, content: Any) -> None:
        self.send(b"data: " + json.dumps(content).encode() + b"\n\n")

    def end(self) -> None:
        """Send the last words of a stream."""
        self.send(b"data: [DONE]\n\n")
        self.send(b"")

    def hang(self) -> None:
        self.server.over.wait(20)
        self.close_connection = True


Behaviour = Callable[[Handler], None]


def delta(text: str, finish: str | None = None, index: int = 0) -> dict[str, Any]:
    """One event of a stream."""
    return {"id": "1", "choices": [{"index": index, "delta": {"content": text}, "finish_reason": finish}]}


def usage(**more: Any) -> dict[str, Any]:
    """The last event of a stream."""
    return {"id": "1", "choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 100, **more}}


def events(*contents: Any) -> Behaviour:
    """Send these events, and end well."""

    def behave(handler: Handler) -> None:
        handler.begin()
        for content in contents:
            handler.event(content)
        handler.end()

    return behave


def good(text: str = "[bet]", finish: str = "stop", **more: Any) -> Behaviour:
    """Answer in two halves, with an account."""
    half = len(text) // 2
    return events(delta(text[:half]), delta(text[half:]), delta("", finish), usage(**more))


def status(code: int, message: str = "no", **headers: str) -> Behaviour:
    """Answer with a status, and an error as OpenAI writes it."""
    return lambda handler: handler.whole(code, {"error": {"message": message}}, **headers)


def raw(*pieces: bytes, end: bool = True) -> Behaviour:
    """Send these bytes as a stream; without `end` close the connection in the middle."""

    def behave(handler: Handler) -> None:
        handler.begin()
        for piece in pieces:
            handler.send(piece)
        if end:
            handler.send(b"")
        else:
            handler.close_connection = True

    return behave


def hangs(handler: Handler) -> None:
    """Never answer."""
    handler.hang()


def hangs_after_headers(handler: Handler) -> None:
    handler.begin()
    handler.hang()


def hangs_in_the_middle(handler: Handler) -> None:
    handler.begin()
    handler.event(delta("[b"))
    handler.hang()


def hangs_at_the_end(handler: Handler) -> None:
    """Say everything, and then do not end the stream."""
    handler.begin()
    handler.event(delta("[bet]", "stop"))
    handler.send(b"data: [DONE]\n\n")
    handler.hang()


def drips(handler: Handler) -> None:
    """Say a word every 50 ms, for ever."""
    handler.begin()
    while not handler.server.over.wait(0.05):
        handler.event(delta("so "))


def hangs_up(handler: Handler) -> None:
    """Close the connection without a word."""
    handler.close_connection = True


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    """Serve until the end of the block."""
    with ChatServer() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
