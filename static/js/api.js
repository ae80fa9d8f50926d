/** Calls to the server's JSON API on the same origin, with the session's CSRF token. */

/** A call that failed; `fields` maps a field's name to what is wrong with it. */
export class ApiError extends Error {
  constructor(status, detail, code, fields = {}) {
    super(detail);
    Object.assign(this, { name: "ApiError", status, code, fields });
  }
}

/** The API's list of {field, problem} as one mapping. */
const fieldMap = (fields) =>
  Object.fromEntries(fields.map(({ field, problem }) => [field, problem]));

async function failure(response) {
  const body = await response.json().catch(() => ({}));
  const detail = body.detail ?? `The server answered ${response.status} ${response.statusText}.`;
  return new ApiError(response.status, detail, body.error_code, fieldMap(body.fields ?? []));
}

async function call(method, path, body) {
  const headers = { Accept: "application/json" };
  if (method !== "GET")
    headers["X-CSRFToken"] = document.querySelector("meta[name=csrf-token]").content;
  const form = body instanceof FormData;
  if (body !== undefined && !form) headers["Content-Type"] = "application/json";
  const options = {
    method,
    headers,
    credentials: "same-origin",
    body: form ? body : body && JSON.stringify(body),
  };
  const response = await fetch(path, options).catch(() => {
    throw new ApiError(
      0,
      "The server cannot be reached. Nothing is known to have happened; check the connection.",
    );
  });
  if (!response.ok) throw await failure(response);
  return response.status === 204 ? {} : response.json();
}

/** Read `path` with a query; parameters that are null or empty are left out. */
export function get(path, query = {}) {
  const filled = Object.entries(query).filter(
    ([, value]) => value !== null && value !== undefined && value !== "",
  );
  const text = new URLSearchParams(filled).toString();
  return call("GET", text ? `${path}?${text}` : path);
}

/** Send `body` as JSON. */
export function post(path, body = {}) {
  return call("POST", path, body);
}

/** Put `body` as JSON in place of what is at `path`. */
export function put(path, body) {
  return call("PUT", path, body);
}

/** Change what `body` names of what is at `path`. */
export function patch(path, body) {
  return call("PATCH", path, body);
}

/** Send a form with its files. */
export function upload(path, form) {
  return call("POST", path, form);
}

/** Ask for what is at `path` to be taken away. */
export function remove(path) {
  return call("DELETE", path);
}
