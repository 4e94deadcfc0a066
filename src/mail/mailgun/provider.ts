/**
 * The HTTP client for mailgun.js. Its built-in one hides the response headers (Retry-After), turns network
 * errors into status 400 and does not support AbortSignal; `IRequestProvider` allows another one.
 */

import type Mailgun from "mailgun.js";
import type { HttpsClient } from "../../net/https_client.ts";

type Provider = ReturnType<Mailgun["client"]>["request"]["requestProvider"];

/** A response that is not 2xx, or a 2xx response that is not Mailgun's. */
export class MailgunStatusError extends Error {
  override readonly name = "MailgunStatusError";
  constructor(readonly status: number, readonly words: string, readonly retryAfter: string | null) {
    super(words === "" ? `HTTP ${status}` : `HTTP ${status}: ${words}`);
  }
}

/** A provider for one call over `https`: Basic authentication with `key`, aborted by `signal`. */
export function mailgunProvider(
  key: string,
  https: Pick<HttpsClient, "fetch">,
  signal: AbortSignal,
): Provider {
  return {
    async makeRequest(url, method, options) {
      const response = await https.fetch(url, {
        method,
        body: formIn(options),
        headers: {
          authorization: authorization(key),
          "user-agent": "teleport-email",
        },
        signal,
      });
      const answer = await readAnswer(response);
      if (response.ok && answer !== undefined) return { status: response.status, body: answer };
      throw new MailgunStatusError(
        response.status,
        answer === undefined
          ? "not the Mailgun API: the response is not JSON"
          : String(answer["message"] ?? "") || response.statusText,
        response.headers.get("retry-after"),
      );
    },
    setSubAccountHeader() {},
    resetSubAccountHeader() {},
  };
}

/** The `Authorization` header for Basic authentication with the API key. */
export function authorization(key: string): string {
  return `Basic ${base64(`api:${key}`)}`;
}

function formIn(options: unknown): FormData {
  const data = typeof options === "object" && options !== null && "data" in options
    ? options.data
    : undefined;
  if (data instanceof FormData) return data;
  throw new TypeError("mailgun.js did not make a form of the message");
}

/**
 * Parses JSON to an object; other text becomes its `message`. Undefined for a 2xx response without JSON:
 * a login page or the like answered, and the email must not count as sent.
 */
async function readAnswer(
  response: Response,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  let text = "";
  try {
    text = await response.text();
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : { message: text };
  } catch (error) {
    // An accepted email stays accepted even if the rest of the response is lost.
    if (!response.ok && !(error instanceof SyntaxError)) throw error;
    return response.ok && !/^\s*(\{|$)/.test(text) ? undefined : { message: text };
  }
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
