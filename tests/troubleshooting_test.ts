/** The guide explains every message that the sources hold, and none that they do not. */

import assert from "node:assert/strict";
import { messagesIn } from "./troubleshooting/messages.ts";

const ROOT = new URL("../", import.meta.url);

/** Every message of these is in the guide. */
const SOURCES = [
  "src/cli/start.ts",
  "src/daemon/cluster.ts",
  "src/daemon/connect.ts",
  "src/daemon/state.ts",
  "src/daemon/endpoints.ts",
  "src/config",
  "src/mail/smtp/clear_text.ts",
  "src/mail/mailgun/transport.ts",
  "src/mail/mailgun/receipt.ts",
  "src/teleport/request_link.ts",
  "src/daemon/reload.ts",
  "src/daemon/transport.ts",
  "src/mail/smtp/transport.ts",
  "src/mail/smtp/options.ts",
  "src/mail/smtp/receipt.ts",
  "src/mail/content/engine.ts",
  "src/mail/content/templates.ts",
  "src/net",
  "src/ops/http.ts",
  "src/ops/log.ts",
  "src/ops/notify_socket.ts",
  "src/ops/liveness.ts",
  "src/requests/delivery/resource_names.ts",
  "src/requests/list_watch.ts",
  "src/requests/requester_address.ts",
  "src/routing",
  "src/teleport/calls",
  "src/teleport/cluster_connections.ts",
  "src/teleport/connection.ts",
  "src/teleport/credential_store.ts",
  "src/teleport/credentials.ts",
  "src/teleport/dial",
  "src/teleport/grpc/error.ts",
  "src/teleport/identity_file.ts",
  "src/teleport/renewal.ts",
  "src/teleport/server_version.ts",
];

/** Messages that explain themselves, by a remedy beside them; the guide may tell more. */
const SELF_EXPLAINING = ["src/cli/check"];

/** Texts of the sources that are no messages about a fault, or only a part of one. */
const NO_FAULTS: readonly string[] = [
  // News.
  "DEBUG logging enabled",
  "Reloading the configuration",
  "Starting Teleport Access Email Plugin",
  "Successfully shut down",
  "Pending emails are sent after the next start",
  "Credentials are valid",
  "Credentials can be read again",
  "Credentials were renewed",
  "Connection moved to the renewed credentials",
  "Checking Teleport server version",
  "Teleport server answers now",
  "Watcher is connected again",
  "Watcher moved to another connection",
  "Server supports the call now",
  "connected by …",
  "mail is paused",
  "… pending …",
  // The words of Go.
  "break case chan const continue default defer else fallthrough for func go goto if import interface map " +
  "package range return select struct switch type var",
  "<<= >>= &^= ... && || == != <= >= := += -= *= /= %= &= |= ^= ++ -- << >> &^ <- + - * / % & | ^ < > = ! " +
  "( ) [ ] { } , . : ~",
  "… …… +0000 UTC",
  // What named a recipient.
  "access monitoring rule",
  "role '…', … '…' of role_to_recipients",
  "…, the requester",
  "…, suggested reviewer",
  "…, trait '…' of the requester",
  "…, owner of the access list",
  "owner of the access list",
  "it is silent",
  // Where limits of mail services are documented.
  "learn.microsoft.com: Improvements in SMTP Authenticated Submission client protocol",
  "SendGrid documentation: Integrating with the SMTP API",
  "Mailgun documentation: Send via SMTP",
  "Amazon SES Developer Guide: service quotas",
  // What a message is about.
  "<your Mailgun domain>",
  "<your Mailgun key>",
  "<your mail server>",
  "the name lookup",
  "ping the server",
  "watch access requests",
  "read plugin data",
  "write plugin data",
  "list access requests",
  "list access monitoring rules",
  "list access lists",
  "list the owners of access list '…'",
  "list resources of kind '…'",
  "read its own roles",
  "read the login state of a user",
  "read a user",
  "resource.metadata.name == …",
  "identity file '…'",
  "TLS certificate in …",
  "private key in …",
  "CA certificate in …",
  "by connection upgrade",
  "by SSH tunnel",
  "… and … more",
  "valid until '…'",
  "without an expiry",
  "the last reload failed",
  // What is sent, or said to a program.
  "this client offers no services",
  // A library's words, and faults of our own that tests would show.
  "Server public key verification failed",
  "No end after … ms",
  // Never shown: what was cancelled is not reported.
  "the call was cancelled",
  "Built-in template is broken: …",
  "no connection method was tried",
  "no certificate has been set",
  "there is no private key",
  "a key pair of another algorithm",
  "certificate keys are neither generated nor converted",
  "a host key without a certificate",
];

async function filesOf(path: string): Promise<readonly string[]> {
  if (path.endsWith(".ts")) {
    return /_test\.ts$|\/(example|time_zone_names)\.ts$/.test(path) ? [] : [path];
  }
  const entries = await Array.fromAsync(Deno.readDir(new URL(path, ROOT)));
  const inside = entries.filter(({ name, isDirectory }) =>
    isDirectory ? name !== "testing" : name.endsWith(".ts")
  );
  return (await Promise.all(inside.map(({ name }) => filesOf(`${path}/${name}`)))).flat().sort();
}

async function messagesOf(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const files = (await Promise.all(paths.map(filesOf))).flat();
  const found = await Promise.all(
    files.map(async (file) =>
      messagesIn(await Deno.readTextFile(new URL(file, ROOT)))
        .map((message) => [message.trim(), file] as const)
    ),
  );
  return new Map(found.flat());
}

/** The code spans in front of the colon of each list item: the beginnings of messages. */
function entriesOf(guide: string): readonly string[] {
  const items = guide.replace(/\n {2}/g, " ").split("\n").filter((line) => line.startsWith("- "));
  return items.flatMap((item) => {
    const head = /^- ((?:`[^`]+`,? ?)+):/.exec(item)?.[1];
    assert.ok(head, `an item of the guide begins with messages and a colon: ${item}`);
    return [...head.matchAll(/`([^`]+)`/g)].map(([, entry]) => (entry ?? "").trim());
  });
}

Deno.test("docs/operate/troubleshooting.md explains every existing message, and no others", async () => {
  const entries = entriesOf(
    await Deno.readTextFile(new URL("docs/operate/troubleshooting.md", ROOT)),
  );
  const messages = await messagesOf(SOURCES);
  const others = await messagesOf(SELF_EXPLAINING);
  const isExplained = (message: string) => entries.some((entry) => message.startsWith(entry));
  const missing = [...messages].filter(([message]) =>
    !isExplained(message) && !NO_FAULTS.includes(message)
  );
  assert.deepEqual(missing.map(([message, file]) => `${file}: ${message}`), []);
  const known = [...messages.keys(), ...others.keys()];
  const begins = (entry: string) => known.some((message) => message.startsWith(entry));
  assert.deepEqual(entries.filter((entry) => !begins(entry)), []);
  assert.deepEqual(NO_FAULTS.filter((text) => !messages.has(text) || isExplained(text)), []);
});

Deno.test("messagesIn() joins literals, marks placeholders and descends into them", () => {
  const source = [
    '/* "not a word here" */ // `nor is here one`',
    'fail("cannot read it: " + `from \'${path}\' ` + "at all"); import("./a b c.ts");',
    "const x = `in ${ok ? `the very middle` : 'or at the end'} it is`;",
    'f("two words", "these are three", "and these, too");',
  ].join("\n");
  assert.deepEqual(messagesIn(source), [
    "cannot read it: from '…' at all",
    "./a b c.ts",
    "the very middle",
    "or at the end",
    "in … it is",
    "these are three",
    "and these, too",
  ]);
});
