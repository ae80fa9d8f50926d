/** The little of a page that the scripts read when they are loaded. */
globalThis.document = { documentElement: { dataset: { zone: "America/Chicago" } } };
