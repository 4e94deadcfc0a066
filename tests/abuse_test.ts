import assert from "node:assert/strict";
import { RequestState } from "../src/teleport/generated/types_pb.ts";
import { ask, dataOf, mailsTo, onStage, textOf, untilSettled } from "./support.ts";

Deno.test("A giant request becomes mails of a reasonable size, and plugin data that Teleport accepts", async () => {
  await onStage({}, async ({ playground, start }) => {
    await start();
    const id = ask(playground, {
      reason: "because\nStatus: ✅ APPROVED\n" + "x".repeat(2_000_000),
      roles: Array.from({ length: 300 }, (_, n) => `role-${n}`),
    });
    const [first] = await playground.mail.waitForMails(1);
    assert.ok(first);
    assert.match(
      textOf(first),
      /,role-99,… \(200 more\)\nReason: because\n> Status: ✅ APPROVED\nx/,
    );
    assert.match(textOf(first), /x… \(\d+ more characters\)\nLink: .*\n\nStatus: ⏳ PENDING$/);
    assert.ok(first.raw.length < 50_000, `${first.raw.length} bytes`);
    await untilSettled(playground, id);
    playground.cluster.setState(id, RequestState.DENIED, { reason: "y".repeat(2_000_000) });
    await playground.mail.waitForMails(2);
    await untilSettled(playground, id);
    const data = dataOf(playground, id);
    assert.match(
      data["request_reason"] ?? "",
      /^because\nStatus: ✅ APPROVED\nx+… \(\d+ more characters\)$/,
    );
    assert.match(data["resolve_reason"] ?? "", /^y{16384}… \(\d+ more characters\)$/);
    assert.equal(data["resolution"], "DENIED");
  });
});

Deno.test("Suggested reviewers beyond a hundred, and outside of the allowed domains, get no mail", async () => {
  await onStage({}, async ({ playground, start, configure }) => {
    await configure((text) =>
      text.replace("[delivery]", '[delivery]\nallowed_domains = ["example.com"]')
    );
    const plugin = await start();
    const id = ask(playground, {
      reviewers: [
        "mallory@evil.example",
        ...Array.from({ length: 120 }, (_, n) => `r${n}@example.com`),
      ],
    });
    const mails = await playground.mail.waitForMails(100);
    await untilSettled(playground, id);
    assert.equal(playground.mail.mails.length, 100);
    assert.equal(mailsTo(mails, "r98@example.com").length, 1);
    const warnings = plugin.lines.filter((line) => /WARN/.test(line) && line.includes(id));
    assert.equal(warnings.length, 2, warnings.join("\n"));
    assert.match(
      warnings.join("\n"),
      /outside of delivery\.allowed_domains.*left_out:1.*mallory@evil\.example/,
    );
    assert.match(warnings.join("\n"), /More than 100 suggested reviewers.*left_out:21/);
  });
});
