/**
 * Prints [money, pnl, pnlShort] of each amount in the first argument, a JSON list of decimal
 * strings.
 */
import "./page.mjs";
const { money, pnl, pnlShort } = await import("./js/fmt.js");

const amounts = JSON.parse(process.argv[2]);
console.log(
  JSON.stringify(amounts.map((amount) => [money(amount), pnl(amount), pnlShort(amount)])),
);
