/** The program beside a mail server of another make. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { onStage, type Stage, until } from "../../support.ts";
import { ACCOUNT, type DeliveredMail, type MailServer } from "./server.ts";

export interface MtaStage<S extends MailServer> extends Stage {
  readonly server: S;
  /** Writes the password file that the configuration names. */
  givePassword(password: string): Promise<void>;
  /** Sets keys of `[smtp]`, as in the file. */
  setSmtp(lines: readonly string[]): Promise<void>;
}

/** How the program reaches the server: by STARTTLS and login, or in clear text without login. */
export type Access = { readonly caPem: string } | "clear text";

/** As `onStage()`, with `server` in the place of the simulated mail server; the server is disposed of. */
export async function onMtaStage<S extends MailServer>(
  starting: Promise<S>,
  accessOf: (server: S) => Access,
  options: { readonly recipients: readonly string[]; readonly sender?: string },
  test: (stage: MtaStage<S>) => Promise<void>,
): Promise<void> {
  await using server = await starting;
  const { recipients, sender = "Teleport <teleport@example.com>" } = options;
  await onStage({ roleToRecipients: { "*": recipients } }, async (stage) => {
    const files = join(stage.playground.paths.config, "..");
    const [ca, password] = [join(files, "mail-ca.pem"), join(files, "password")];
    const givePassword = (text: string) =>
      Deno.writeTextFile(password, `${text}\n`, { mode: 0o600 });
    await givePassword(ACCOUNT.password);
    const access = accessOf(server);
    if (access !== "clear text") await Deno.writeTextFile(ca, access.caPem);
    const own = access === "clear text" ? ['starttls_policy = "disabled"'] : [
      `username = "${ACCOUNT.username}"`,
      `password_file = "${password}"`,
      `root_cas = "${ca}"`,
    ];
    const setSmtp = (lines: readonly string[]) =>
      stage.configure((text) => {
        const all = ['host = "localhost"', `port = ${server.port}`, ...own, ...lines];
        return text.replace(/\[smtp\][^[]*/, `[smtp]\n${all.join("\n")}\n\n`);
      });
    await setSmtp([]);
    await stage.configure((text) => text.replace(/sender = .*/, `sender = '${sender}'`));
    await test({ ...stage, server, givePassword, setSmtp });
  });
}

/** The mails that the server has delivered, once there are so many; then none comes twice. */
export async function delivered(
  server: MailServer,
  count: number,
): Promise<readonly DeliveredMail[]> {
  const enough = async () => (await server.mails()).length >= count;
  await until(`${count} mails are delivered`, enough, 30_000);
  const mails = await server.mails();
  const ids = mails.map(({ envelope, parsed }) => `${envelope.to} ${parsed.messageId}`);
  assert.deepEqual([ids.length, new Set(ids).size], [count, count], ids.join("\n"));
  return mails;
}

/** Asserts that each recipient has one mail of each request, and nothing else was delivered. */
export function assertOnceEach(
  mails: readonly DeliveredMail[],
  ids: readonly string[],
  recipients: readonly string[],
): void {
  const got = mails.map(({ envelope, parsed }) => `${envelope.to} ${parsed.subject}`);
  const wanted = ids.flatMap((id) =>
    recipients.map((to) => `${to} sim.example.com Role Request ${id}`)
  );
  assert.deepEqual(got.toSorted(), wanted.toSorted());
}
