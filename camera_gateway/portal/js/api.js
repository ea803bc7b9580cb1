/* The one door to /api/v1: CSRF token, purpose, problem details. It knows no page. */

const BASE = "/api/v1/";

/** What the service answered when it did not do as asked (RFC 9457), or `offline` when it did not answer. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || body.code);
    this.status = status;
    this.code = body.code || `http-${status}`;
    this.hint = body.hint || "";
    this.body = body;
  }
}

/** The address of a route with its query; null and "" are left out, lists repeat the name. */
export function url(path, query = {}) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) if (one !== null && one !== undefined && one !== "") search.append(name, one);
  }
  const text = search.toString();
  return BASE + path + (text ? `?${text}` : "");
}

/** Make the client. `signedOut` is called when the session has ended; `csrf` is set by who signs in. */
export function makeApi({ signedOut = () => {} } = {}) {
  const api = {
    csrf: null,
    /** Set while a page draws itself anew without being asked. */
    background: false,
    async call(method, path, { query, body, signal, quiet = false, background = false } = {}) {
      const headers = { Accept: "application/json" };
      const options = { method, headers, signal, credentials: "same-origin", cache: "no-store", redirect: "error" };
      if (method !== "GET" && api.csrf) headers["X-CSRF-Token"] = api.csrf;
      // what a page asks by itself does not keep the session of somebody who has left
      if (background || api.background) headers["X-Background"] = "1";
      if (body !== undefined) {
        headers["Content-Type"] = "application/json";
        options.body = JSON.stringify(body);
      }
      let response;
      try {
        response = await fetch(url(path, query), options);
      } catch (error) {
        if (error.name === "AbortError") throw error;
        throw new Problem(0, { code: "offline", detail: error.message });
      }
      const text = await response.text();
      let answer = null;
      try {
        answer = text ? JSON.parse(text) : null;
      } catch {
        answer = { detail: text.slice(0, 200) };
      }
      if (response.ok) return answer;
      const problem = new Problem(response.status, answer ?? {});
      if (response.status === 401 && !quiet) signedOut(problem);
      throw problem;
    },
    get: (path, query, options) => api.call("GET", path, { query, ...options }),
    post: (path, body = {}, options) => api.call("POST", path, { body, ...options }),
    put: (path, body = {}, options) => api.call("PUT", path, { body, ...options }),
    patch: (path, body = {}, options) => api.call("PATCH", path, { body, ...options }),
    delete: (path, query, options) => api.call("DELETE", path, { query, ...options }),
    /** Every row of a paged list, at most `most`; a list that is not paged is returned as it is. */
    async all(path, query = {}, most = 5000, options = {}) {
      const items = [];
      let cursor = null;
      do {
        const page = await api.get(path, { ...query, limit: 500, cursor }, options);
        if (Array.isArray(page)) return page;
        items.push(...page.items);
        cursor = page.next;
      } while (cursor && items.length < most);
      return items;
    },
    url,
  };
  return api;
}
