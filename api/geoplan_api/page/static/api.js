// Asking the service. Addresses are relative, so that the page works behind a path of a proxy too.

import { t } from "./words.js";

/** An answer that is an error, with what the service says of it. */
export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

async function answered(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, t("page.no_connection"));
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Problem(response.status, body?.detail ?? body?.title ?? String(response.status));
  return body;
}

export function getJson(path, query = {}, signal = undefined) {
  const address = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  return answered(address, { signal, headers: { Accept: "application/json" } });
}

export function postJson(path, query, body, signal) {
  const address = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  return answered(address, { method: "POST", headers, body: JSON.stringify(body), signal });
}
