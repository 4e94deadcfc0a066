/** A stand-in for Mailgun's HTTP API. */

export interface MailgunCall {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | null;
  readonly fields: Readonly<Record<string, string>>;
}

export interface TestMailgunServer extends AsyncDisposable {
  readonly url: string;
  readonly calls: readonly MailgunCall[];
}

/** Mailgun's answer to an accepted mail; it repeats the Message-ID of the request. */
function accepted(call: MailgunCall): Response {
  return Response.json({ id: call.fields["h:Message-Id"], message: "Queued. Thank you." });
}

/** Starts a server on a free port of 127.0.0.1. */
export function startMailgunServer(
  answer: (call: MailgunCall) => Response | Promise<Response> = accepted,
): TestMailgunServer {
  const calls: MailgunCall[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const fields: Record<string, string> = {};
      for (const [name, value] of await request.formData()) {
        fields[name] = name in fields ? `twice: ${value}` : String(value);
      }
      const call = {
        method: request.method,
        path: new URL(request.url).pathname,
        authorization: request.headers.get("authorization"),
        fields,
      };
      calls.push(call);
      return await answer(call);
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    calls,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
