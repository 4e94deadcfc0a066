/** The three requests of the demo. */

import { RequestState } from "../../src/teleport/generated/types_pb.ts";
import type { MailPrinter } from "./mail_printer.ts";
import type { Playground } from "./playground.ts";

/** What the story is played with. */
export interface Stage {
  readonly playground: Playground;
  readonly say: (text: string) => void;
  readonly mails: MailPrinter;
  /** Time for a person to read. */
  readonly pause: () => Promise<void>;
}

/** Plays the three requests. */
export async function play({ playground, say, mails, pause }: Stage): Promise<void> {
  const { cluster } = playground;
  const create = (roles: string[], reason: string, reviewers: string[] = []) =>
    cluster.create({ user: "alice@example.com", roles, reason, reviewers })
      .Metadata?.Name ?? "";
  const read = async (count: number) => {
    await mails.expect(count);
    await pause();
  };

  say("\n=== Alice asks for the roles dev and dba, and suggests Bob as a reviewer\n");
  await pause();
  const first = create(["dev", "dba"], "Rollout of release 7\nTicket OPS-1234", [
    "bob@example.com",
  ]);
  await read(3);
  say("\n=== Bob reviews the request: all recipients get an email in the same thread\n");
  cluster.review(first, { author: "bob@example.com", state: RequestState.APPROVED, reason: "ok" });
  await read(3);
  say("\n=== It is approved\n");
  cluster.setState(first, RequestState.APPROVED, { reason: "Have a good rollout" });
  await read(3);

  say("\n=== Alice asks for the role dba, and that is denied\n");
  const second = create(["dba"], "Just curious");
  await read(1);
  cluster.setState(second, RequestState.DENIED, { reason: "Not without a ticket" });
  await read(1);

  say("\n=== Alice asks for the role dev, and the request expires\n");
  const third = create(["dev"], "Look at the logs");
  await read(1);
  cluster.expire(third);
  await mails.expect(1);
}

/** What came of it, for the end of the demo. */
export function summary({ mail, auth }: Playground, sinceMs: number): string {
  const roots = mail.mails.filter(({ parsed }) => parsed.inReplyTo === undefined).length;
  const ids = new Set(mail.mails.map(({ parsed }) => parsed.messageId));
  const writes = auth.calls.get("UpdatePluginData") ?? 0;
  return [
    `\n=== Done in ${((Date.now() - sinceMs) / 1000).toFixed(1)} s: 3 requests, ` +
    `${mail.mails.length} mails in ${roots} threads,`,
    `    ${ids.size === mail.mails.length ? "none twice" : "SOME TWICE"}, ` +
    `${writes} writes of plugin data, ${mail.connections} mail connections open.`,
  ].join("\n");
}
