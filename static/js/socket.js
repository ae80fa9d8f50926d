/**
 * The live feed: one Socket.IO connection to the same origin.
 *
 * On connect the server sends `status`; the page answers with `subscribe {channels: [...]}` and
 * gets
 * `subscribed {seq}`.  Each event is counted by room and kind: after a gap, and after each
 * subscription, the
 * page's catch-up runs (a snapshot over HTTP), so what was missed is fetched and never guessed.
 */
const STALE_MS = 3000;
const CHECK_MS = 500;
const CATCH_UP_MS = 2000;

/**
 * One connection: handlers by event, catch-ups after a gap, and a state that says how fresh it is.
 */
export class Feed {
  /** `connect` makes the socket (the global `io` in a page); `now` gives milliseconds. */
  constructor({ connect, now = () => performance.now() }) {
    Object.assign(this, { connect, now });
    this.channels = new Set();
    this.handlers = new Map();
    this.catchUps = [];
    this.watchers = [];
    this.sequence = new Map();
    this.state = "joining";
    this.heardAt = now();
    this.caughtUpAt = -Infinity;
    this.fetching = false;
    this.again = false;
  }

  /** Call `handler(payload)` on each event of this kind, from the given channels. */
  on(event, channels, handler) {
    for (const channel of channels) this.channels.add(channel);
    this.handlers.set(event, [...(this.handlers.get(event) ?? []), handler]);
  }

  /** Run `fetchSnapshot` after each subscription and after a gap. */
  onCatchUp(fetchSnapshot) {
    this.catchUps.push(fetchSnapshot);
  }

  /**
   * Call `watch(state, seconds)` when the state (joining, live, stale, lost) or its age changes.
   */
  onState(watch) {
    this.watchers.push(watch);
  }

  /** Open the connection. */
  start() {
    this.socket = this.connect({ transports: ["websocket", "polling"], tryAllTransports: true });
    this.socket.on("connect", () => this.#subscribe());
    this.socket.on("disconnect", () => this.#lose());
    this.socket.on("connect_error", () => this.#lose());
    this.socket.onAny((event, payload) => this.#receive(event, payload));
    setInterval(() => this.#check(), CHECK_MS);
  }

  #subscribe() {
    this.sequence.clear();
    this.socket.emit("subscribe", { channels: [...this.channels] });
  }

  #lose() {
    if (this.state !== "lost") this.#set("lost");
  }

  #receive(event, payload) {
    this.heardAt = this.now();
    if (this.state !== "live") this.#set("live");
    if (event === "subscribed") this.#begin(payload);
    if (this.#gap(event, payload)) this.#catchUp(false);
    for (const handler of this.handlers.get(event) ?? []) handler(payload);
  }

  #begin({ seq }) {
    for (const [room, counts] of Object.entries(seq)) {
      for (const [event, last] of Object.entries(counts))
        this.sequence.set(`${room} ${event}`, last);
    }
    this.#catchUp(true);
  }

  #gap(event, { room, seq }) {
    if (typeof seq !== "number") return false;
    const key = `${room} ${event}`;
    const last = this.sequence.get(key);
    this.sequence.set(key, seq);
    return last !== undefined && seq !== last + 1;
  }

  #catchUp(atOnce) {
    // A snapshot that is under way may be older than what was missed.
    if (this.fetching) this.again = true;
    const wait = atOnce ? 0 : this.caughtUpAt + CATCH_UP_MS - this.now();
    if (this.pending) return;
    this.pending = setTimeout(() => this.#fetch(), Math.max(0, wait));
  }

  async #fetch() {
    this.fetching = true;
    this.again = false;
    try {
      await Promise.all(this.catchUps.map((fetchSnapshot) => fetchSnapshot()));
    } catch (error) {
      if (error.name !== "ApiError") throw error;
      this.#set("stale");
    } finally {
      this.caughtUpAt = this.now();
      this.pending = null;
      this.fetching = false;
      if (this.again) this.#catchUp(false);
    }
  }

  #check() {
    const quiet = this.now() - this.heardAt;
    if (this.state === "live" && quiet > STALE_MS) this.#set("stale");
    else if (this.state === "stale" || this.state === "lost") this.#set(this.state);
  }

  #set(state) {
    this.state = state;
    const seconds = Math.round((this.now() - this.heardAt) / 1000);
    for (const watch of this.watchers) watch(state, seconds);
  }
}
