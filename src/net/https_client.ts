/**
 * HTTP calls that trust the machine's CAs. Deno's `fetch` trusts only its built-in list, and ignores the
 * system's store and `SSL_CERT_FILE`. It respects proxy variables of the environment on its own.
 */

import { systemRoots } from "./system_roots.ts";

/** Maximum size of a response body, in bytes: no API sends more, and memory is limited. */
const MAX_BODY = 1024 * 1024;

export class HttpsClient implements Disposable {
  #current: { readonly pem: string; readonly client: Deno.HttpClient } | undefined;

  /** `rootCas` reads additional CAs, PEM, before each call. */
  constructor(private readonly rootCas?: () => Promise<string>) {}

  /**
   * Calls `fetch` without following redirects. Reading a body larger than one mebibyte fails.
   *
   * @throws the errors of `fetch` and of `rootCas`
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
