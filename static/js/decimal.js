/**
 * Exact sums of amounts as they come over the wire, as decimal text: adding cents as floats would
 * make totals that differ from the server's.
 */

/** Decimals behind the point of `text`. */
const places = (text) => (text.split(".")[1] ?? "").length;

/** `text` in units of its `decimals`th decimal. */
function units(text, decimals) {
  const [whole, fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(decimals, "0"));
}

function written(count, decimals) {
  const digits = String(count < 0n ? -count : count).padStart(decimals + 1, "0");
  const cut = digits.length - decimals;
  const text = decimals ? `${digits.slice(0, cut)}.${digits.slice(cut)}` : digits;
  return count < 0n ? `-${text}` : text;
}

/** The decimal text of a number, which never has an exponent. */
export function decimal(value) {
  const text = String(value);
  return text.includes("e") ? Number(value).toFixed(12) : text;
}

/** The exact difference of two decimal texts. */
export function minus(one, other) {
  return sum([one, other.startsWith("-") ? other.slice(1) : `-${other}`]);
}

/** The exact sum of decimal texts as decimal text; "0" without any. */
export function sum(texts) {
  const decimals = Math.max(0, ...texts.map(places));
  return written(
    texts.reduce((total, each) => total + units(each, decimals), 0n),
    decimals,
  );
}
