/**
 * Numbers and times as text.  Amounts arrive as decimal strings; null means unknown and shows as
 * an en dash.
 * Intl objects are built once: building one per call costs about fifty times its use.
 */
const MINUS = "\u2212";
const DASH = "\u2013";

/** Dollars with this many decimals, halves rounded to even as the server rounds them. */
function dollars(digits) {
  return new Intl.NumberFormat("en-US", {
    style: "currency",
    currency: "USD",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    roundingMode: "halfEven",
  });
}

const DOLLARS = dollars(2);
const WHOLE_DOLLARS = dollars(0);
const THOUSANDS = dollars(1);
const SIGNS = { 1: "+", "-1": MINUS, 0: "" };

/** The IANA zone that this reader sees times in. */
export const ZONE = document.documentElement.dataset.zone || "America/Chicago";

/** A wire value as a number, or null when it is unknown. */
export function number(value) {
  if (value === null || value === undefined || value === "") return null;
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : null;
}

/** The size of a wire value for Intl, which takes decimal text as it is and floats as they are. */
function size(value) {
  return typeof value === "string" ? value.replace("-", "") : Math.abs(value);
}

/** 1, 0 or -1; amounts that round to zero cents are 0. */
export function sgn(value, epsilon = 0.005) {
  const amount = number(value);
  if (amount === null || Math.abs(amount) <= epsilon) return 0;
  return amount > 0 ? 1 : -1;
}

/** A balance: $1,234.56, with a minus only below zero. */
export function money(value) {
  const amount = number(value);
  if (amount === null) return DASH;
  return (sgn(amount) < 0 ? MINUS : "") + DOLLARS.format(size(value));
}

/** A profit or loss: the sign is always shown, zero has none. */
export function pnl(value) {
  const amount = number(value);
  return amount === null ? DASH : SIGNS[sgn(amount)] + DOLLARS.format(size(value));
}

/** A profit or loss for a small cell: +$1,234, and +$12.3k from ten thousand. */
export function pnlShort(value) {
  const amount = number(value);
  if (amount === null) return DASH;
  const size = Math.abs(amount);
  if (size >= 10000) return `${SIGNS[sgn(amount)]}${THOUSANDS.format(size / 1000)}k`;
  const text = WHOLE_DOLLARS.format(size);
  return text === "$0" ? text : SIGNS[sgn(amount)] + text;
}

/** A drawdown in dollars, written as a loss however the server signs it. */
export function drawdown(value) {
  const amount = number(value);
  return amount === null ? DASH : pnl(-Math.abs(amount));
}

/** A share (0 to 1) as a percentage with one decimal. */
export function percent(share) {
  const value = number(share);
  return value === null ? DASH : `${(value * 100).toFixed(1)}%`;
}

/** A plain ratio with two decimals. */
export function ratio(value) {
  const amount = number(value);
  return amount === null ? DASH : amount.toFixed(2);
}

/** Decimal places of a tick size or of a wire price. */
function places(text) {
  const point = String(text).indexOf(".");
  return point < 0 ? 0 : String(text).length - point - 1;
}

/** A price with at least the decimals of its tick; never fewer digits than the wire carries. */
export function price(value, tick) {
  const amount = number(value);
  if (amount === null) return DASH;
  const decimals = tick ? places(tick) : Math.max(2, Math.min(places(value), 8));
  return amount.toFixed(decimals).replace("-", MINUS);
}

/** An average price, which lies between ticks: two to four decimals, all of them below one. */
export function average(value) {
  const amount = number(value);
  if (amount === null || Math.abs(amount) < 1) return price(value);
  return amount.toFixed(Math.max(2, Math.min(places(value), 4))).replace("-", MINUS);
}

/** A quantity as it came, with a typographic minus. */
export function quantity(value) {
  return number(value) === null ? DASH : String(value).replace("-", MINUS);
}

/** "1 position", "2 positions". */
export function plural(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

/** An Intl format for one zone. */
function timeFormat(zone, options) {
  return new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", ...options });
}

const CLOCK = timeFormat(ZONE, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = timeFormat(ZONE, { day: "numeric", month: "short" });
const WEEKDAY = timeFormat(ZONE, { weekday: "short", hour: "2-digit", minute: "2-digit" });
const NAME = timeFormat(ZONE, { timeZoneName: "shortGeneric" });
const ISO_DAY = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE });

/** 13:42:18 in the reader's zone. */
export function clock(when) {
  return CLOCK.format(new Date(when));
}

/** The time today, or day and time when it is another day. */
export function stamp(when) {
  if (!when) return DASH;
  const at = new Date(when);
  const today = ISO_DAY.format(at) === ISO_DAY.format(new Date());
  return today ? CLOCK.format(at) : `${DAY.format(at)}, ${CLOCK.format(at).slice(0, 5)}`;
}

/** "Nov 20" in the reader's zone. */
export function day(when) {
  return DAY.format(new Date(when));
}

/** "Mon 08:30" in the reader's zone. */
export function weekday(when) {
  return WEEKDAY.format(new Date(when));
}

/** Short name of the reader's zone, such as CT. */
export function zoneName() {
  return NAME.formatToParts(new Date()).find((part) => part.type === "timeZoneName").value;
}

/** Whole minutes until the next `hh:mm` in `zone`, counted from `now`. */
export function minutesUntil(time, zone, now) {
  const [hour, minute] = time.split(":").map(Number);
  const parts = timeFormat(zone, { hour: "2-digit", minute: "2-digit" }).formatToParts(now);
  const part = (type) => Number(parts.find((each) => each.type === type).value);
  const left = hour * 60 + minute - (part("hour") * 60 + part("minute"));
  return left > 0 ? left : left + 24 * 60;
}

/** "2 h 17 m". */
export function duration(minutes) {
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours} h ${minutes % 60} m` : `${minutes} m`;
}
