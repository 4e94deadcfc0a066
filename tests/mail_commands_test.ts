/** `preview`, `route` and `test-mail`. */

import assert from "node:assert/strict";
import { join } from "node:path";
import PostalMime from "postal-mime";
import { SAMPLE_KINDS, type SampleKind } from "../src/cli/sample_kinds.ts";
import { preview } from "../src/cli/preview.ts";
import { templates } from "../src/cli/templates.ts";
import { route } from "../src/cli/route.ts";
import { testMail } from "../src/cli/test_mail.ts";
import { ask, onStage, runCommand, textOf } from "./support.ts";

const CONFIG = `
[smtp]
host = "mail.invalid"
[delivery]
sender = "teleport@example.com"
[role_to_recipients]
dba = ["bob@example.com", "carol@example.com"]
"*" = ["all@example.com"]
`;

async function withConfig(text: string, test: (config: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    const config = join(dir, "teleport-email.toml");
    await Deno.writeTextFile(config, text.replace("$DIR", dir));
    await test(config);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("preview prints subject and text of each kind, and HTML alone", async () => {
  await withConfig(CONFIG, async (config) => {
    const run = async (kind: SampleKind, html = false) => {
      const { code, stdout, stderr } = await runCommand((io) =>
        preview({ config, kind, html }, io)
      );
      assert.deepEqual([code, stderr], [0, ""]);
      return stdout;
    };
    assert.match(await run("new"), /^Subject: .*\n\nYou have a new Role Request:\n/);
    assert.match(await run("review"), /bob@example\.com reviewed the request at /);
    assert.match(await run("denied"), /DENIED \(Not on a Friday\)\n$/);
    assert.match(await run("expired"), /EXPIRED\n$/);
    assert.match(await run("approved", true), /^<.*APPROVED/s);
    assert.notEqual(await run("requester-new"), await run("new"));
  });
});

Deno.test("preview reports a broken template, with code 2", async () => {
  await withConfig(`${CONFIG}[templates]\ndirectory = "$DIR"\n`, async (config) => {
    await Deno.writeTextFile(join(config, "..", "new.txt"), "{{ user ");
    const { code, stderr, stdout } = await runCommand((io) =>
      preview({ config, kind: "new", html: false }, io)
    );
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^teleport-email: error: .*new\.txt/m);
  });
});

Deno.test("preview needs no configuration, but takes the one that it is given", async () => {
  const config = "/nonexistent/teleport-email.toml";
  const shown = await runCommand((io) =>
    preview({ config, isDefaultConfig: true, html: false }, io)
  );
  assert.deepEqual([shown.code, shown.stderr], [
    0,
    `teleport-email: note: there is no '${config}': the built-in templates are used\n`,
  ]);
  assert.match(shown.stdout, /^Subject: .*\n\nYou have a new Role Request:\n/);
  const missing = await runCommand((io) => preview({ config, html: false }, io));
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /no such file or directory/);
});

Deno.test("Commands use the sections that they need of a configuration with other errors", async () => {
  const text = CONFIG.replace("[smtp]", "[smtp]\nport = 99999");
  assert.notEqual(text, CONFIG);
  await withConfig(text, async (config) => {
    const warning = /^teleport-email: warning: '.*' has errors in parts that are not needed here/;
    const shown = await runCommand((io) => preview({ config, html: false }, io));
    assert.equal(shown.code, 0);
    assert.match(shown.stderr, warning);
    const routed = await runCommand((io) => route({ config, roles: ["dba"], reviewers: [] }, io));
    assert.equal(routed.code, 0);
    assert.match(routed.stderr, warning);
    const sent = await runCommand((io) => testMail({ config, addresses: ["a@example.com"] }, io));
    assert.deepEqual([sent.code, sent.stdout], [2, ""]);
    assert.match(sent.stderr, /^teleport-email: error: Invalid smtp\.port: /m);
  });
});

Deno.test("preview writes every kind to a page, and as messages that mail programs read", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const [html, eml] = [join(dir, "all.html"), join(dir, "eml")];
    const options = { config: "/nonexistent", isDefaultConfig: true };
    const { code, stdout } = await runCommand((io) => preview({ ...options, html, eml }, io));
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^${SAMPLE_KINDS.length} emails in .*all\\.html\n`));
    const page = await Deno.readTextFile(html);
    assert.equal(page.split("<iframe ").length - 1, SAMPLE_KINDS.length * 3);
    for (const kind of SAMPLE_KINDS) {
      assert.ok(page.includes(`<section id="${kind}">`), kind);
      const email = await PostalMime.parse(await Deno.readFile(join(eml, `${kind}.eml`)));
      assert.match(
        email.subject ?? "",
        /^example\.teleport\.sh ((Role|Resource) Request |Access list review: )/,
      );
      assert.ok(email.text && email.html);
    }
    const unwritable = { ...options, html: "/proc/nothing/x.html" };
    const failed = await runCommand((io) => preview(unwritable, io));
    assert.equal(failed.code, 2);
    assert.match(
      failed.stderr,
      /^teleport-email: error: Cannot write to '\/proc\/nothing\/x\.html': /m,
    );
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("preview renders a request of a file, with the labels of resources beside it", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const request = join(dir, "request.yaml");
    await Deno.writeTextFile(
      request,
      `kind: access_request
metadata: { name: r1 }
spec:
  user: alice
  roles: [dba]
  request_reason: fix
  suggested_reviewers: [bob@example.com]
  resource_ids: [{ cluster: one, kind: db, name: orders }]
---
kind: db
metadata: { name: orders, labels: { env: prod } }
`,
    );
    const options = { config: "/nonexistent", isDefaultConfig: true, html: true, request };
    const { code, stdout } = await runCommand((io) => preview(options, io));
    assert.equal(code, 0);
    for (const fact of ["Resource Request", "orders", "env=prod", "fix", "bob@example.com"]) {
      assert.ok(stdout.includes(fact), fact);
    }
    const unknown = await runCommand((io) => preview({ ...options, request: "0198" }, io));
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /'0198' is not a file; a request of the cluster takes a config/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("preview renders a request of the cluster", async () => {
  await onStage({}, async ({ playground }) => {
    const { cluster, paths: { config } } = playground;
    cluster.resources.set({ kind: "node", name: "n1", hostname: "web-1" });
    const request = ask(playground, { resources: [{ kind: "node", name: "n1" }] });
    const shown = await runCommand((io) => preview({ config, html: true, request }, io));
    assert.equal(shown.code, 0, shown.stderr);
    assert.ok(shown.stdout.includes("web-1") && shown.stdout.includes(request));
    const gone = await runCommand((io) => preview({ config, html: true, request: "0" }, io));
    assert.match(gone.stderr, /'0' is neither a file nor a request of the cluster/);
  });
});

Deno.test("templates export writes files that load, and overwrites none", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const directory = join(dir, "templates");
    const first = await runCommand((io) => templates({ directory }, io));
    assert.deepEqual([first.code, first.stderr], [0, ""]);
    await Deno.writeTextFile(join(directory, "new.txt"), "mine");
    const again = await runCommand((io) => templates({ directory }, io));
    assert.equal(again.code, 2);
    assert.match(
      again.stderr,
      /^teleport-email: error: Cannot export to '.*': it already has README\.md, .*new\.html/,
    );
    assert.equal(await Deno.readTextFile(join(directory, "new.txt")), "mine");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("route names recipients and reason for each role and reviewer", async () => {
  await withConfig(CONFIG, async (config) => {
    const roles = ["dba", "ops"];
    const reviewers = ["Bob@example.com", "joe"];
    const { code, stdout } = await runCommand((io) => route({ config, roles, reviewers }, io));
    assert.equal(code, 0);
    assert.deepEqual(stdout.trimEnd().split("\n"), [
      "role 'dba' -> bob@example.com, carol@example.com (entry 'dba' of role_to_recipients)",
      "role 'ops' -> all@example.com (no entry 'ops' in role_to_recipients, so that of '*')",
      "suggested reviewer 'Bob@example.com' -> Bob@example.com (the name is an email address)",
      "suggested reviewer 'joe' -> no recipients (the name is not an email address)",
      "Recipients: bob@example.com, carol@example.com, all@example.com",
      "  bob@example.com (role 'dba', entry 'dba' of role_to_recipients; suggested reviewer)",
      "  carol@example.com (role 'dba', entry 'dba' of role_to_recipients)",
      "  all@example.com (role 'ops', entry '*' of role_to_recipients)",
    ]);
  });
  const text = CONFIG.replace("[delivery]", '[delivery]\nallowed_domains = ["example.com"]');
  await withConfig(text, async (config) => {
    const reviewers = ["eve@example.net"];
    const { stdout } = await runCommand((io) => route({ config, roles: ["x"], reviewers }, io));
    assert.match(
      stdout,
      /^suggested reviewer 'eve@example\.net' -> no recipients \(outside of delivery/m,
    );
    assert.match(stdout, /^Recipients: all@example\.com$/m);
  });
});

Deno.test("route reports a missing configuration, and the requester's mails, with code 2 and 0", async () => {
  const request = { roles: ["ops"], reviewers: [] };
  const missing = await runCommand((io) => route({ config: "/no", ...request }, io));
  assert.deepEqual([missing.code, missing.stdout, missing.stderr], [
    2,
    "",
    "teleport-email: error: open /no: no such file or directory\n" +
    "Name the file with --config; 'teleport-email configure' prints a sample\n",
  ]);
  const text = CONFIG.replace("[delivery]", "[delivery]\nnotify_requester = true");
  await withConfig(text, async (config) => {
    const { code, stdout } = await runCommand((io) => route({ config, ...request }, io));
    assert.equal(code, 0);
    assert.match(stdout, /\nThe requester is notified, too, if their email address is known /);
  });
});

Deno.test("test-mail sends five marked mails in one thread and repeats the server's answers", async () => {
  await onStage({}, async ({ playground: { paths: { config }, mail } }) => {
    const addresses = ["bob@example.com"];
    const { code, stdout } = await runCommand((io) => testMail({ config, addresses }, io));
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^ok {4}bob@example\.com {2}new: 250 /);
    assert.match(stdout, /\n5 emails accepted\n$/);
    const [first, ...others] = mail.mails;
    assert.ok(first);
    assert.equal(others.length, 4);
    for (const { parsed } of others) assert.equal(parsed.inReplyTo, first.parsed.messageId);
    for (const received of mail.mails) {
      assert.match(received.parsed.subject ?? "", /^\[TEST\] /);
      assert.match(textOf(received), /^This is a test of teleport-email\. /);
      assert.match(received.parsed.html ?? "", /<strong>This is a test of teleport-email\. /);
    }
  });
});

Deno.test("test-mail stops at once where no mail can be sent", async () => {
  await onStage({}, async ({ playground: { paths: { config } }, configure }) => {
    await configure((text) => text.replace("secret", "geheim"));
    const addresses = ["bob@example.com", "carol@example.com"];
    const { code, stdout } = await runCommand((io) => testMail({ config, addresses }, io));
    assert.equal(code, 1);
    assert.equal((stdout.match(/^FAIL/gm) ?? []).length, 1);
    assert.match(
      stdout,
      /\nSkipping the rest: .* See 'teleport-email check'\n10 of 10 emails not sent\n$/,
    );
  });
});

Deno.test("test-mail ends with code 1 where a mail is refused, and 2 for what is not an address", async () => {
  await onStage({}, async ({ playground: { paths: { config }, mail } }) => {
    mail.denyRecipient("no@example.com", 550, "5.1.1 No such user");
    const addresses = ["bob@example.com", "no@example.com"];
    const refused = await runCommand((io) => testMail({ config, addresses }, io));
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /^FAIL {2}no@example\.com {2}new: .* 5\.1\.1 No such user$/m);
    assert.match(refused.stdout, /\n5 of 10 emails not sent\n$/);
    const wrong = await runCommand((io) => testMail({ config, addresses: ["bob"] }, io));
    assert.equal(wrong.code, 2);
    assert.match(
      wrong.stderr,
      /^teleport-email: error: Cannot send to 'bob': it is not an email address/,
    );
    assert.equal(mail.mails.length, 5);
  });
});
