/**
 * HTTP calls that trust what the machine trusts. Deno's `fetch` knows its built-in CAs only, and neither
 * the system's store nor `SSL_CERT_FILE`; proxies of the environment it respects on its own.
 */

import { systemRoots } from "./system_roots.ts";

/** What a call may answer with: more is no API's answer, and must not fill the memory. */
const MAX_BODY = 1024 * 1024;

export class HttpsClient implements Disposable {
  #current: { readonly pem: string; readonly client: Deno.HttpClient } | undefined;

  /** `rootCas` reads further CAs, PEM, before each call. */
  constructor(private readonly rootCas?: () => Promise<string>) {}

  /**
   * Calls as `fetch` does, without following redirects. Reading a body of more than a mebibyte fails.
   *
   * @throws what `fetch` throws, and what `rootCas` throws
   */
  async fetch(url: string, init: RequestInit): Promise<Response> {
    const client = this.#clientFor(await this.rootCas?.() ?? "");
    const response = await fetch(url, { ...init, redirect: "manual", client });
    const { body, status, statusText, headers } = response;
    return new Response(body?.pipeThrough(limit()) ?? null, { status, statusText, headers });
  }

  /** A changed file means a new client; calls under way finish with the old one. */
  #clientFor(pem: string): Deno.HttpClient {
    if (this.#current?.pem !== pem) {
      this[Symbol.dispose]();
      const caCerts = [...systemRoots() ?? [], ...pem === "" ? [] : [pem]];
      this.#current = { pem, client: Deno.createHttpClient({ caCerts }) };
    }
    return this.#current.client;
  }

  [Symbol.dispose](): void {
    this.#current?.client.close();
    this.#current = undefined;
  }
}

function limit(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let length = 0;
  return new TransformStream({
    transform(chunk, controller) {
      length += chunk.length;
      if (length > MAX_BODY) controller.error(new Error("the answer is too long"));
      else controller.enqueue(chunk);
    },
  });
}
