/** Fetching again after an event, at most so often however many events come. */

/**
 * A function that runs `fetchIt` once `pauseMs` after it is asked, and once more when it was asked
 * meanwhile.  A failed call is left to the next event; the connection's sign says that it is lost.
 */
export function renewing(fetchIt, pauseMs = 1000) {
  let waiting = null;
  return () => {
    waiting ??= setTimeout(async () => {
      waiting = null;
      try {
        await fetchIt();
      } catch (error) {
        if (error.name !== "ApiError") throw error;
      }
    }, pauseMs);
  };
}
