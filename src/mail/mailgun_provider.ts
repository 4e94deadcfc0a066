/**
 * The HTTP side of mailgun.js. Its own one hides the response headers (Retry-After), turns network
 * errors into status 400 and knows no AbortSignal; `IRequestProvider` is its seam for another.
 */

import type Mailgun from "mailgun.js";

type Provider = ReturnType<Mailgun["client"]>["request"]["requestProvider"];

/** Every answer that is not 2xx. */
export class MailgunStatusError extends Error {
  override readonly name = "MailgunStatusError";
  constructor(readonly status: number, readonly words: string, readonly retryAfter: string | null) {
    super(`HTTP ${status}: ${words}`);
  }
}

/** A provider for one call: Basic authentication with `key`, ended by `signal`. */
export function mailgunProvider(key: string, signal: AbortSignal): Provider {
  return {
    async makeRequest(url, method, options) {
      const response = await fetch(url, {
        method,
        body: formIn(options),
        headers: {
          authorization: `Basic ${base64(`api:${key}`)}`,
          "user-agent": "teleport-email",
        },
        // A redirect would lose the body or take the mail to who knows where.
        redirect: "manual",
        signal,
      });
      const answer = await readAnswer(response);
      if (response.ok) return { status: response.status, body: answer };
      throw new MailgunStatusError(
        response.status,
        typeof answer["message"] === "string" ? answer["message"] : response.statusText,
        response.headers.get("retry-after"),
      );
    },
    setSubAccountHeader() {},
    resetSubAccountHeader() {},
  };
}

function formIn(options: unknown): FormData {
  const data = typeof options === "object" && options !== null && "data" in options
    ? options.data
    : undefined;
  if (data instanceof FormData) return data;
  throw new TypeError("mailgun.js did not make a form of the message");
}

/** JSON as an object; anything else becomes its `message`. The status counts, not the body. */
async function readAnswer(response: Response): Promise<Readonly<Record<string, unknown>>> {
  let text = "";
  try {
    text = await response.text();
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : { message: text };
  } catch (error) {
    // A mail that was accepted stays accepted although the rest of the answer is lost.
    if (!response.ok && !(error instanceof SyntaxError)) throw error;
    return { message: text };
  }
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
