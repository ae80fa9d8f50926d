/** What a page shows: everything, or one strategy, one account, or both; ids that are null are all. */

/** Whether something with strategy_id and account_id belongs to what is shown. */
export function within(scope) {
  const fits = (name, each) => !scope[name] || scope[name] === each[name];
  return (each) => fits("strategy_id", each) && fits("account_id", each);
}

/** Whether all of it is shown. */
export const isWhole = (scope) => !scope.strategy_id && !scope.account_id;

/** Change the query of the page's address without loading it; a null takes a name away. */
export function remember(query) {
  history.replaceState(null, "", changed(location.href, query));
}

/** The address with these changes of its query. */
export function changed(address, query) {
  const url = new URL(address, location.href);
  for (const [name, value] of Object.entries(query)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url.href;
}
