import assert from "node:assert/strict";
import test from "node:test";
import { Feed } from "./js/socket.js";

/** A socket that does nothing by itself, time that stands still, and timers that fire when told. */
function world() {
  const listeners = {};
  const timers = [];
  const self = { time: 0, sent: [], timers };
  const socket = {
    on: (event, call) => (listeners[event] = call),
    onAny: (call) => (listeners["*"] = call),
    emit: (...message) => self.sent.push(message),
  };
  self.connect = () => listeners.connect();
  self.disconnect = () => listeners.disconnect();
  self.receive = (event, payload = {}) => listeners["*"](event, payload);
  globalThis.setInterval = (check) => (self.check = check);
  globalThis.setTimeout = (call, delay) => timers.push({ call, delay });
  self.fire = async () => {
    for (const timer of timers.splice(0)) await timer.call();
  };
  self.feed = new Feed({ connect: () => socket, now: () => self.time });
  return self;
}

function started() {
  const self = world();
  self.states = [];
  self.fetched = 0;
  self.feed.onState((state) => self.states.push(state));
  self.feed.on("pnl_update", ["pnl"], () => {});
  self.feed.onCatchUp(async () => (self.fetched += 1));
  self.feed.start();
  self.connect();
  return self;
}

test("it asks for the channels that the page uses", () => {
  const { sent } = started();
  assert.deepEqual(sent, [["subscribe", { channels: ["pnl"] }]]);
});

test("after each subscription it fetches what may have been missed", async () => {
  const self = started();
  self.receive("subscribed", { seq: { pnl: { pnl_update: 7 } } });
  await self.fire();
  assert.equal(self.fetched, 1);
});

test("events in order fetch nothing, a gap fetches a snapshot", async () => {
  const self = started();
  self.receive("subscribed", { seq: { pnl: { pnl_update: 7 } } });
  await self.fire();
  self.receive("pnl_update", { room: "pnl", seq: 8 });
  self.receive("pnl_update", { room: "pnl", seq: 9 });
  assert.equal(self.timers.length, 0);
  self.receive("pnl_update", { room: "pnl", seq: 11 });
  await self.fire();
  assert.equal(self.fetched, 2);
});

test("many gaps at once fetch one snapshot", async () => {
  const self = started();
  self.receive("subscribed", { seq: { pnl: { pnl_update: 1 } } });
  await self.fire();
  for (const seq of [5, 9, 14]) self.receive("pnl_update", { room: "pnl", seq });
  assert.equal(self.timers.length, 1);
});

test("a gap while a snapshot is under way fetches another one after it", async () => {
  const self = started();
  let arrive;
  self.feed.onCatchUp(() => new Promise((resolve) => (arrive = resolve)));
  self.receive("subscribed", { seq: { pnl: { pnl_update: 1 } } });
  const first = self.fire();
  self.receive("pnl_update", { room: "pnl", seq: 5 });
  assert.equal(self.timers.length, 0);
  arrive();
  await first;
  assert.equal(self.timers.length, 1);
  self.fire();
  assert.equal(self.fetched, 2);
});

test("rooms are counted apart", async () => {
  const self = started();
  self.receive("subscribed", { seq: {} });
  await self.fire();
  self.receive("log_entry", { room: "log", seq: 4 });
  self.receive("log_entry", { room: "strategy:1", seq: 9 });
  self.receive("log_entry", { room: "log", seq: 5 });
  assert.equal(self.timers.length, 0);
});

test("three seconds of silence are stale, a message makes it live again", () => {
  const self = started();
  self.receive("pnl_update", { room: "pnl", seq: 1 });
  self.time = 2900;
  self.check();
  assert.equal(self.feed.state, "live");
  self.time = 3100;
  self.check();
  assert.equal(self.feed.state, "stale");
  self.receive("pnl_update", { room: "pnl", seq: 2 });
  assert.equal(self.feed.state, "live");
});

test("a lost connection is said at once, and a new one subscribes again", () => {
  const self = started();
  self.receive("pnl_update", { room: "pnl", seq: 1 });
  self.disconnect();
  assert.equal(self.feed.state, "lost");
  self.connect();
  assert.equal(self.sent.length, 2);
});
