"""The control port: prices, sessions, accounts and faults, for whoever runs the test."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from http.server import BaseHTTPRequestHandler
from typing import Any, Final
from urllib.parse import urlsplit

from app.brokers.chaos.faults import EVERY, Fault
from app.domain.errors import InvalidInput
from app.venue.plan import LONGEST_S, Scripted, chances_in
from tests.venues.alpaca.account import Terms
from tests.venues.alpaca.house import KEY, House
from tests.venues.alpaca.market.assets import Asset
from tests.venues.alpaca.market.hours import Session
from tests.venues.alpaca.server import Server, read_json
from tests.venues.alpaca.words import ApiError, Json, bad_field

#: Faults of the fault broker that Alpaca's own ways have no place for.
NOT_HERE: Final = frozenset(
    {Fault.OVERFILL, Fault.CONTRADICTING, Fault.EVENT_STORM, Fault.HUGE_FRAME}
)
#: Slices of a second in which a burst is spread.
_SLICES: Final = 100
FAULTS: Final = frozenset(EVERY) - NOT_HERE


class Control:
    """Each verb takes the body of its request and answers an object; raises ApiError."""

    def __init__(self, house: House) -> None:
        self._house = house

    def quotes(self, data: Any) -> Json:  # noqa: ANN401  JSON
        """A list of quotes: symbol, and bid and ask or one price; sizes limit what fills."""
        return {"taken": self._house.put_quotes(data)}

    def burst(self, data: Json) -> Json:
        """Trades on the tape: symbol, and count at once; or so many in each 10 ms of seconds."""
        symbol, count = str(data.get("symbol", "AAPL")), int(data.get("count", 1))
        slices = int(float(data.get("seconds", 0)) * _SLICES)
        if symbol not in self._house.prices.assets or not 0 < count <= 10_000:
            raise bad_field("send a listed symbol and a count from 1 to 10000")
        if not 0 <= slices <= LONGEST_S * _SLICES:
            raise bad_field("seconds must be from 0 to 120")
        self._house.burst(symbol, count)
        if slices > 1:
            threading.Thread(
                target=self._go_on, args=(symbol, count, slices - 1), daemon=True
            ).start()
        return {"sent": count * max(slices, 1)}

    def _go_on(self, symbol: str, count: int, slices: int) -> None:
        """Send the rest of a burst, each slice when it is due however late the one before was."""
        due = time.monotonic()
        waiting = threading.Event()
        for _ in range(slices):
            due += 1 / _SLICES
            waiting.wait(max(due - time.monotonic(), 0.0))
            self._house.burst(symbol, count)

    def bar(self, data: Json) -> Json:
        """One bar on the tape: kind b, u or d, symbol, and o h l c v n vw."""
        given = {name: data.get(name, 0) for name in ("o", "h", "l", "c", "v", "n", "vw")}
        now = self._house.hours.now()
        kind = str(data.get("kind", "b"))
        if kind not in {"b", "u", "d"}:
            raise bad_field("kind must be b, u or d")
        self._house.tape.bar(kind, str(data.get("symbol")), {**given, "t": now})
        return {}

    def market(self, data: Json) -> Json:
        """``session`` is open, extended, closed or null for the calendar; ``advance_s`` is time."""
        house = self._house
        if "advance_s" in data:
            house.hours.advance(float(data["advance_s"]))
            house.step()
        if "session" in data:
            house.set_session(None if data["session"] is None else Session(data["session"]))
        for symbol in data.get("halt", ()):
            house.halt(str(symbol), halted=True)
        for symbol in data.get("resume", ()):
            house.halt(str(symbol), halted=False)
        return {
            "session": house.hours.session,
            "halted": sorted(house.prices.halted),
            "ahead_s": house.hours.ahead_s,
        }

    def account(self, data: Json) -> Json:
        """Open an account by ``key``, or change what is said of it; see ``account.Terms``."""
        key = str(data.get("key", KEY))
        known = self._house.accounts.get(key)
        terms = Terms(secret="") if known is None else known.terms
        said = {name: value for name, value in data.items() if name != "key"}
        if known is None and not said.get("secret"):
            raise bad_field("a new account needs a secret")
        book = self._house.open_account(key, replace(terms, **said))
        return {"key": key, "id": book.id, **asdict(book.terms)}

    def asset(self, data: Json) -> Json:
        """List an asset, or change one; see ``assets.Asset``."""
        self._house.list_asset(Asset.from_record(data))
        return {}

    def line(self, data: Json) -> Json:
        """``latency_ms`` of every answer, ``travel_ms`` to the exchange, ``event_delay_ms``."""
        house = self._house
        names = ("latency_ms", "travel_ms", "event_delay_ms")
        given = {n: min(max(float(data[n]) / 1000, 0.0), LONGEST_S) for n in names if n in data}
        house.latency_s = given.get("latency_ms", house.latency_s)
        house.travel_s = given.get("travel_ms", house.travel_s)
        house.updates.delay_s = given.get("event_delay_ms", house.updates.delay_s)
        return {}

    def faults(self, data: Json) -> Json:
        """``next`` is faults in order, ``now`` faults of streams, ``chances`` of an account."""
        house = self._house
        following = [_scripted(each) for each in data.get("next", ())]
        at_once = [_scripted(each) for each in data.get("now", ())]
        with house.lock:
            if "chances" in data:
                key, seed = str(data.get("account_id", KEY)), int(data.get("seed") or 1)
                house.plan.chances(key, chances_in(data["chances"]), seed)
            if data.get("clear"):
                house.plan.clear()
            house.plan.script(following)
        for each in at_once:
            house.suffer(each.account_id or KEY, each)
        return {
            "drawn": house.plan.counts,
            "waiting": house.plan.waiting,
            "streams": {"trading": house.updates.opened, "data": house.tape.opened},
            "listening": sum(house.updates.listens(line) for line in house.updates.of()),
        }

    def log(self, data: Json) -> Json:
        """What the durable log has of an account."""
        key = str(data.get("key", KEY))
        with self._house.lock:
            log = self._house.log
            return {
                "orders": [one.to_json() for one in log.orders(key)],
                "fills": [one.to_json(key) for one in log.fills(key)],
                "requests": log.requests(),
            }


def _scripted(data: object) -> Scripted:
    scripted = Scripted.read(data)
    if scripted.fault not in FAULTS:
        raise bad_field(f"{scripted.fault} is no fault of this venue")
    return scripted


class ControlHandler(BaseHTTPRequestHandler):
    """One connection of whoever runs the test: POST /verb with an object, GET /ping."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer."""
        body = read_json(self)
        control = Control(self.server.house)
        verbs: dict[str, Callable[[Any], Json]] = {
            "/ping": lambda data: {},
            "/quotes": control.quotes,
            "/burst": control.burst,
            "/bar": control.bar,
            "/market": control.market,
            "/account": control.account,
            "/asset": control.asset,
            "/line": control.line,
            "/faults": control.faults,
            "/log": control.log,
        }
        verb = verbs.get(urlsplit(self.path).path)
        if verb is None:
            self._send(404, {"message": f"the verbs are {', '.join(verbs)}"})
            return
        try:
            self._send(200, verb({} if body is None else body))
        except ApiError as error:
            self._send(error.status, error.body)
        except InvalidInput as error:
            self._send(422, {"message": error.detail})
        except (ValueError, TypeError, KeyError) as error:
            self._send(422, {"message": f"it cannot be read: {error!r}"})

    do_GET = do_POST  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write no line for a request."""

    def _send(self, status: int, answer: Json) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
