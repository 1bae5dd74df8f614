"""The last message of a burst goes out, too."""

from __future__ import annotations

import asyncio
import json

import pytest
from bokeh.document import Document
from bokeh.document.events import MessageSentEvent
from bokeh.protocol import Protocol
from panel.io import document as panel_document
from tornado.locks import Lock
from tornado.websocket import WebSocketHandler

from dashboards import wire
from tests.dashboards.conftest import run


class Connection:
    """Notes what is written to a browser; each write lasts until it is let go."""

    def __init__(self):
        self.protocol = Protocol()
        self.written, self.under_way, self.busy = [], [], asyncio.Event()
        self._socket = WebSocketHandler.__new__(WebSocketHandler)
        self._socket.write_lock = Lock()
        self._socket.ws_connection = self

    def is_closing(self):
        return False

    def write_message(self, message, binary):  # noqa: ARG002 - as Tornado calls it
        self.written.append(message)
        self.under_way.append(asyncio.get_running_loop().create_future())
        self.busy.set()
        return self.under_way[-1]

    def let_go(self):
        for one in self.under_way:
            one.set_result(None)
        self.under_way.clear()


async def burst(count):
    """A message, and so many more in the moment in which it is written; what is written of all."""
    document, connection = Document(), Connection()

    def send(number):
        event = MessageSentEvent(document, "number", number)
        panel_document.schedule_write_events(document, [connection], [event])

    send(0)
    await connection.busy.wait()
    connection.let_go()
    for number in range(1, count + 1):
        send(number)
    await asyncio.sleep(0.1)
    connection.let_go()
    await asyncio.sleep(0.1)
    return [
        event["msg_data"]
        for content in connection.written[2::3]  # each message is a header, metadata and this
        for event in json.loads(content)["events"]
    ]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_each_message_of_a_burst_is_sent_once_and_in_order(monkeypatch, count):
    monkeypatch.setattr(panel_document, "_dispatch_msgs", panel_document._dispatch_msgs)
    wire.install()
    assert run(burst(count)) == list(range(count + 1))
