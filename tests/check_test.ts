/** `teleport-email check` against the simulated cluster and its mail servers. */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { PlaygroundOptions } from "../sim/playground/playground.ts";
import { runProgram } from "../sim/playground/plugin_process.ts";
import { checkExample, checkTexts } from "../packaging/docs/check_example.ts";
import { createPki } from "../sim/pki/pki.ts";
import { check } from "../src/cli/check.ts";
import { exampleFor } from "../src/config/example.ts";
import { listen, onStage, runCommand, type Stage, useMailgun } from "./support.ts";

interface Finding {
  readonly check: string;
  readonly level: string;
  readonly text: string;
  readonly remedy?: string;
  readonly attachment?: string;
}

/** Runs `check --json` and gives the exit code and the findings that are no success. */
async function trouble({ playground }: Stage, offline = false) {
  const options = { config: playground.paths.config, offline, json: true };
  const { code, stdout } = await runCommand((io) => check(options, io));
  const { findings }: { findings: Finding[] } = JSON.parse(stdout);
  const bad = findings.filter(({ level }) => level === "problem" || level === "warning");
  return { code, findings, bad, checks: bad.map((finding) => finding.check) };
}

Deno.test("check passes when everything is in order, sends nothing and leaves nothing", async () => {
  await onStage({}, async ({ playground }) => {
    const { code, stdout, stderr } = await runProgram([
      "check",
      "--config",
      playground.paths.config,
    ]);
    assert.deepEqual([code, stderr], [0, ""], stdout);
    assert.match(stdout, /\n0 problems, 0 warnings\n$/);
    assert.ok(!stdout.includes("\u001b"), "no colors without a terminal");
    const lines = [
      /^ok +log +to stderr$/m,
      /^- +health, metrics +http\.listen is not set/m,
      /^ok +credentials +user 'access-email', roles access-plugin, cluster .* left, not renewed$/m,
      /^ok +credentials, SSH +SSH certificate for 'access-email' matches the private key; 1 host CA$/m,
      /^ok +connection: direct +works \(\d+ ms\)$/m,
      /^- +connection: upgrade +does not work: the web certificate of '127\.0\.0\.1' is not signed .* \(\d+ ms\)$/m,
      /^ok +server +Teleport \S+, cluster '\S+', via direct \(\d+ ms\)$/m,
      /^ok +links in emails +below https:\/\/localhost:\d+\/web\/requests\/$/m,
      /^ok +may write records +verified with a write that changes nothing/m,
      /^ok +mail TLS +TLSv1\.[23], certificate 'CN=.*' by '.*' until \d{4}-/m,
      /^ok +mail login +as 'teleport'/m,
    ];
    for (const line of lines) assert.match(stdout, line);
    assert.deepEqual([playground.mail.mails.length, playground.cluster.pluginData.all()], [0, {}]);
  });
});

Deno.test("The pages show what check prints ('deno task docs' writes them)", async () => {
  const pages = [
    ["docs/commands.md", "long"],
    ["README.md", "short"],
  ] as const;
  const texts = checkTexts(await checkExample());
  for (const [path, length] of pages) {
    const page = await Deno.readTextFile(new URL(`../${path}`, import.meta.url));
    const [, block = ""] = /<!-- check -->\n\n```text\n([^]*?)```/.exec(page) ?? [];
    // Addresses and times of other machines may break lines elsewhere.
    const words = (text: string) => text.replace(/\s+/g, " ").replace(/\d+ ms/g, "n ms");
    assert.equal(words(block), words(texts[length]), path);
  }
});

interface Case {
  readonly name: string;
  readonly options?: Omit<PlaygroundOptions, "dir">;
  readonly spoil?: (stage: Stage) => Promise<unknown>;
  /** The checks that fail. */
  readonly checks: readonly string[];
  /** Of the first of them. */
  readonly cause: RegExp;
  readonly remedy: RegExp;
}

const CASES: readonly Case[] = [
  {
    name: "an expired identity",
    options: { identity: { ttlMs: -1000 } },
    checks: ["credentials"],
    cause: /^expired credential found: the certificate for 'access-email', .* not valid after /,
    remedy: /^sign new ones \('tctl auth sign /,
  },
  {
    name: "an identity that soon expires and is not renewed",
    options: { identity: { ttlMs: 600_000 } },
    checks: ["credentials"],
    cause: /, [89] min left, not renewed$/,
    remedy: /let tbot renew the identity file/,
  },
  {
    name: "a missing identity file",
    spoil: ({ configure }) =>
      configure((text) => text.replace(/identity = .*/, 'identity = "/no"')),
    checks: ["credentials"],
    cause: /^cannot read identity file '\/no': no such file or directory$/,
    remedy: /^check the path, and that the user/,
  },
  {
    name: "a directory in place of the identity file",
    spoil: ({ configure }) =>
      configure((text) => text.replace(/identity = .*/, 'identity = "/tmp"')),
    checks: ["credentials"],
    cause: /^cannot read identity file '\/tmp': it is a directory$/,
    remedy: /^name the file in \[teleport\]; tbot writes the file 'identity'/,
  },
  {
    name: "a log file in a missing directory",
    spoil: ({ configure }) =>
      configure((text) => text.replace(/output = .*/, 'output = "/no/where.log"')),
    checks: ["log"],
    cause: /^cannot write: open \/no\/where\.log: no such file or directory$/,
    remedy: /^check log\.output: the directory must exist/,
  },
  {
    name: "a listen address that another program uses",
    spoil: ({ playground, configure }) =>
      configure((text) => `${text}\n[http]\nlisten = "127.0.0.1:${playground.mail.port}"\n`),
    checks: ["http"],
    cause: /^Cannot listen on http\.listen '127\.0\.0\.1:\d+': the address is already in use/,
    remedy: /^set http\.listen to an address that is free$/,
  },
  {
    name: "the CAs of another cluster",
    spoil: async ({ playground }) => {
      const { identity } = playground.paths;
      const { hostCa } = await createPki("other");
      const text = await Deno.readTextFile(identity);
      await Deno.writeTextFile(
        identity,
        text.replace(playground.pki.hostCa.certPem, hostCa.certPem),
      );
    },
    checks: ["server"],
    cause:
      /^Cannot reach the cluster at '.*': all connection methods failed.*; see each connection method above$/,
    remedy: /^sign new credentials|^check host and port/,
  },
  {
    name: "a wrong port of the cluster",
    spoil: ({ configure }) =>
      configure((text) => text.replace(/addr = .*/, 'addr = "localhost:1"')),
    checks: ["server"],
    cause:
      /^Cannot reach the cluster at 'localhost:1': connection refused: nothing is listening on that port/,
    remedy: /^check host and port in teleport\.addr/,
  },
  {
    name: "a connection method that does not work there",
    spoil: ({ configure }) =>
      configure((text) => text.replace("[teleport]", '[teleport]\nvia = "upgrade"')),
    checks: ["connection.upgrade", "server"],
    cause: /^does not work: the web certificate of '127\.0\.0\.1' is not signed by a known CA/,
    remedy: /^set 'via' in \[teleport\] to a method that works/,
  },
  {
    name: "a role without access_plugin_data",
    spoil: ({ playground }) =>
      Promise.resolve(playground.cluster.roles.set("access-plugin", [
        { kind: "access_request", verbs: ["list", "read"] },
        { kind: "access_monitoring_rule", verbs: ["list", "read"] },
      ])),
    checks: ["permission.write_data", "permission.role"],
    cause: /access denied to perform action "update" on "access_plugin_data"/,
    remedy: /^give the role the verbs 'update' on 'access_plugin_data', see below$/,
  },
  {
    name: "a role whose listings are silently narrowed",
    spoil: ({ playground }) =>
      Promise.resolve(playground.cluster.roles.set("access-plugin", [
        { kind: "access_request", verbs: ["read"] },
        { kind: "access_plugin_data", verbs: ["list", "read", "update"] },
        { kind: "access_monitoring_rule", verbs: ["list", "read"] },
      ])),
    checks: ["permission.list", "permission.role"],
    cause: /^the roles do not grant 'list' on 'access_request', .* lists only some requests/,
    remedy: /^give the role the verbs 'list' and 'read' on 'access_request', see below$/,
  },
  {
    name: "a role that denies listings",
    spoil: ({ playground }) =>
      Promise.resolve(playground.cluster.roles.set("access-plugin", [
        { kind: "access_request", verbs: ["list", "read"] },
        { kind: "access_request", verbs: ["list"], deny: true },
        { kind: "access_plugin_data", verbs: ["list", "read", "update"] },
        { kind: "access_monitoring_rule", verbs: ["list", "read"] },
      ])),
    checks: ["permission.list", "permission.role"],
    cause: /^the roles do not grant 'list' on 'access_request', or deny it/,
    remedy: /^give the role the verbs/,
  },
  {
    name: "a role that lists under a condition",
    spoil: ({ playground }) =>
      Promise.resolve(playground.cluster.roles.set("access-plugin", [
        { kind: "access_request", verbs: ["list"], where: "equals(resource.spec.user, user.name)" },
        { kind: "access_request", verbs: ["read"] },
        { kind: "access_plugin_data", verbs: ["list", "read", "update"] },
        { kind: "access_monitoring_rule", verbs: ["list", "read"] },
      ])),
    checks: ["permission.list"],
    cause: /^the roles grant 'list' on 'access_request' only under a condition \('where'\)/,
    remedy: /^grant 'list' on 'access_request' in a rule without 'where'$/,
  },
  {
    name: "a missing mail server",
    spoil: ({ configure }) => configure((text) => text.replace(/port = .*/, "port = 1")),
    checks: ["mail.connect"],
    cause: /^Cannot connect to SMTP server 'localhost:1': /,
    remedy: /^check smtp\.host and smtp\.port/,
  },
  {
    name: "a mail server's private CA",
    spoil: ({ configure }) => configure((text) => text.replace(/root_cas = .*\n/, "")),
    checks: ["mail.tls"],
    cause: /certificate.* \(the server shows 'CN=.*' by '.*Simulated Mail CA.*' until \d{4}-/,
    remedy: /name it in smtp\.root_cas/,
  },
  {
    name: "a missing CA file",
    spoil: ({ configure }) =>
      configure((text) => text.replace(/root_cas = .*/, 'root_cas = "/no"')),
    checks: ["files"],
    cause: /^Cannot read smtp\.root_cas: open \/no: no such file or directory$/,
    remedy: /^check the path, and that the user/,
  },
  {
    name: "a wrong SMTP password",
    spoil: ({ configure }) => configure((text) => text.replace("secret", "geheim")),
    checks: ["mail.login"],
    cause: /^Cannot log in to SMTP server 'localhost:\d+' during AUTH \S+: 535 /,
    remedy: /^check smtp\.username and the password/,
  },
  {
    name: "a mail server without STARTTLS",
    options: { mail: { hideStarttls: true } },
    checks: ["mail.tls"],
    cause: /^Cannot connect to SMTP server 'localhost:\d+' during STARTTLS: /,
    remedy: /^the server offers no STARTTLS: use its port for implicit TLS \(465/,
  },
  {
    name: "implicit TLS on a port for STARTTLS",
    spoil: ({ configure }) =>
      configure((text) => text.replace("[smtp]", "[smtp]\nimplicit_tls = true")),
    checks: ["mail.tls"],
    cause: /^Cannot connect to SMTP server 'localhost:\d+': the server does not use implicit TLS$/,
    remedy: /^leave out smtp\.implicit_tls/,
  },
  {
    name: "mails that are sent in clear text",
    options: { mail: { hideStarttls: true } },
    spoil: ({ configure }) => configure((text) => text.replace('"mandatory"', '"disabled"')),
    checks: ["mail.tls"],
    cause: /^none: emails and replies are sent in clear text$/,
    remedy: /^use a server with STARTTLS/,
  },
];

for (const { name, options, spoil, checks, cause, remedy } of CASES) {
  Deno.test(`check reports ${name}, with the remedy`, async () => {
    await onStage(options ?? {}, async (stage) => {
      await spoil?.(stage);
      const { code, bad, ...result } = await trouble(stage);
      assert.deepEqual(result.checks, checks, JSON.stringify(bad, null, 2));
      assert.equal(code, bad.some(({ level }) => level === "problem") ? 1 : 0);
      assert.match(bad[0]?.text ?? "", cause);
      assert.match(bad[0]?.remedy ?? "", remedy);
      for (const finding of bad) assert.ok(finding.remedy, `${finding.check} says what to do`);
    });
  });
}

Deno.test("check warns when rules of the cluster cannot count, and asks only for what they need", async () => {
  await onStage({}, async (stage) => {
    const { roles, rules } = stage.playground.cluster;
    const asked = async () =>
      (await trouble(stage)).findings
        .filter(({ check }) => /rules|traits|labels|access_list/.test(check))
        .map(({ check, level }) => `${check} ${level}`);
    assert.deepEqual(await asked(), ["permission.rules ok"]);
    const condition = 'user.traits["team"].contains(access_request.spec.user)';
    rules.put({ name: "r1", condition, recipients: ["a@example.com"] });
    assert.deepEqual(await asked(), ["permission.rules ok", "permission.traits ok"]);
    roles.deny("user_login_state", true);
    roles.deny("user", true);
    assert.deepEqual(await asked(), ["permission.rules ok", "permission.traits warning"]);
    roles.deny("access_monitoring_rule", true);
    const { code, bad } = await trouble(stage);
    assert.deepEqual([code, bad.length], [0, 1]);
    assert.match(bad[0]?.text ?? "", /role_to_recipients decides$/);
    assert.match(bad[0]?.remedy ?? "", /preset role "access-plugin"/);
    roles.deny("access_monitoring_rule", false);
    rules.delete("r1");
    assert.deepEqual(await asked(), ["permission.rules ok"]);
    await stage.configure((text) =>
      text.replace(
        "[delivery]\n",
        '[delivery]\nnotify_requester = true\nrequester_trait = "email"\n',
      )
    );
    assert.deepEqual(await asked(), ["permission.rules ok", "permission.traits warning"]);
    await stage.configure((text) => `${text}\n[access_lists]\nremind = true\n`);
    const lists = async () =>
      (await asked()).find((line) => line.startsWith("permission.access_lists "));
    assert.equal(await lists(), "permission.access_lists ok");
    roles.deny("access_list", true);
    assert.equal(await lists(), "permission.access_lists warning");
    stage.playground.auth.advancedAccessWorkflows = false;
    assert.equal(await lists(), "permission.access_lists skipped");
    const owners = async () => (await asked()).find((line) => line.includes("list_owners"));
    assert.equal(await owners(), undefined);
    await stage.configure((text) => `${text}\n[[route]]\nrecipients = "access_list_owners"\n`);
    assert.equal(await owners(), "permission.access_list_owners skipped");
    stage.playground.auth.advancedAccessWorkflows = true;
    assert.equal(await owners(), "permission.access_list_owners warning");
    roles.deny("access_list", false);
    assert.equal(await owners(), "permission.access_list_owners ok");
  });
});

Deno.test("check prints a role with exactly what is missing", async () => {
  await onStage({}, async (stage) => {
    const { roles } = stage.playground.cluster;
    const attachment = async () =>
      (await trouble(stage)).bad.find(({ check }) => check === "permission.role")?.attachment ?? "";
    roles.set("access-plugin", []);
    assert.match(
      await attachment(),
      /rules:\n {6}- resources: \[access_request\]\n {8}verbs: \[list, read\]\n {6}- resources: \[access_plugin_data\]\n {8}verbs: \[update\]$/,
    );
    roles.set("access-plugin", [{ kind: "access_plugin_data", verbs: ["update"] }]);
    assert.match(
      await attachment(),
      /^kind: role\nversion: v7\n.*rules:\n {6}- resources: \[access_request\]\n {8}verbs: \[list, read\]$/s,
    );
  });
});

Deno.test("check asks Mailgun for the domain and sends nothing", async () => {
  await onStage({}, async (stage) => {
    await useMailgun(stage);
    const { mailgun } = stage.playground;
    assert.deepEqual((await trouble(stage)).checks, []);
    mailgun.domainState = "unverified";
    assert.match((await trouble(stage)).bad[0]?.text ?? "", /in state 'unverified'$/);
    mailgun.failNext(401);
    const refused = await trouble(stage);
    assert.deepEqual([refused.code, refused.checks], [0, ["mail.login"]]);
    mailgun.failNext(404);
    assert.match((await trouble(stage)).bad[0]?.remedy ?? "", /mailgun\.region/);
    assert.equal(mailgun.messages.length, 0);
  });
});

Deno.test("check --offline makes no connection, and reads a configuration from standard input", async () => {
  await onStage({}, async (stage) => {
    const { playground } = stage;
    await playground.mail.stop();
    await playground.proxy.stop();
    const { code, findings } = await trouble(stage, true);
    assert.equal(code, 0);
    assert.deepEqual(findings.map((finding) => finding.check), [
      "configuration",
      "templates",
      "log",
      "credentials",
      "credentials.ssh",
      "server",
      "mail.settings",
    ]);
    const { code: stdinCode, stdout } = await runProgram(["check", "--config", "-"]);
    assert.equal(stdinCode, 1);
    assert.match(stdout, /^FAIL +configuration +provide either \[mailgun\] or \[smtp\] sections/m);
  });
});

Deno.test("check ends with code 2 without a configuration, and 1 if it has errors", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const config = join(dir, "teleport-email.toml");
    const run = () => runCommand((io) => check({ config, offline: true, json: false }, io));
    const missing = await run();
    assert.equal(missing.code, 2);
    assert.match(missing.stdout, /^FAIL +configuration +open .*: no such file or directory$/m);
    assert.match(missing.stdout, /^ +Fix: name the file with --config, .*configure > FILE/m);
    await Deno.writeTextFile(config, '[smtp]\nhost = 1\n[log]\nseverity = "loud"\n');
    const wrong = await run();
    assert.equal(wrong.code, 1);
    assert.ok((wrong.stdout.match(/^FAIL +configuration/gm) ?? []).length >= 2, wrong.stdout);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("check names the proxy's variable where the proxy is at fault, and start ends at once", async () => {
  await onStage({}, async ({ playground, configure, launch }) => {
    await configure((text) => text.replace(/addr = .*/, 'addr = "192.0.2.1:443"'));
    const { config } = playground.paths;
    const serverLine = async (proxy: string) => {
      const args = ["check", "--config", config, "--json"];
      const { stdout } = await runProgram(args, { HTTPS_PROXY: proxy });
      const { findings }: { findings: Finding[] } = JSON.parse(stdout);
      return findings.find(({ check }) => check === "server");
    };
    const plugin = launch([], { HTTPS_PROXY: "http://[:1" });
    const [useless, dead, code] = await Promise.all([
      serverLine("socks5://127.0.0.1:1080"),
      serverLine("http://127.0.0.1:1"),
      plugin.ended(),
    ]);
    assert.match(
      useless?.text ?? "",
      /^cannot use the proxy of HTTPS_PROXY: its scheme is 'socks5'/,
    );
    assert.match(useless?.remedy ?? "", /^check the HTTP proxy in HTTPS_PROXY/);
    assert.match(dead?.remedy ?? "", /^check the HTTP proxy in HTTPS_PROXY/);
    assert.equal(code, 78);
    assert.match(
      plugin.lines.join("\n"),
      /Terminating with fatal error error:"cannot use the proxy of HTTPS_PROXY: it is not a URL .*NO_PROXY/,
    );
  });
});

Deno.test("check and start report all errors of all sections at once, files included", async () => {
  await onStage({}, async (stage) => {
    const { playground, configure, launch } = stage;
    const dir = await Deno.makeTempDir();
    try {
      await Deno.writeFile(join(dir, "subject.txt"), Uint8Array.of(0xff));
      await configure((text) =>
        text.replace(/identity = .*/, "").replace(/root_cas = .*/, 'root_cas = "/no"')
          .replace("[smtp]", "[smtp]\nclient_crt = 5") +
        `\n[templates]\ndirectory = "${dir}"\n[http]\nlisten = ":x"\n`
      );
      const { code, bad } = await trouble(stage, true);
      assert.equal(code, 1);
      const found = bad.map(({ check, text }) => `${check}: ${text.replace(dir, "DIR")}`);
      assert.deepEqual(found, [
        "configuration: Invalid smtp.client_crt: must be a string, current value is an integer",
        "configuration: Invalid http.listen: cannot use ':x' as an address: the port must be between 1 " +
        "and 65535, current value is 'x'",
        "templates: Cannot read template 'DIR/subject.txt': it is not UTF-8",
        "credentials: no credentials configured",
      ]);
      assert.match(bad[1]?.remedy ?? "", /^correct the file; /);
      assert.equal(bad[2]?.remedy, "save the file as UTF-8");
      const plugin = launch();
      assert.equal(await plugin.ended(), 78);
      assert.equal(plugin.lines.filter((line) => line.includes("error_number")).length, 4);

      await configure((text) => text.replace("client_crt = 5", "").replace(/listen = .*/, ""));
      const files = (await trouble(stage, true)).bad.map(({ check }) => check);
      assert.deepEqual(files, ["templates", "files", "credentials"]);
      const other = launch();
      assert.equal(await other.ended(), 78);
      assert.equal(other.lines.filter((line) => line.includes("error_number")).length, 2);
      assert.equal(playground.mail.mails.length, 0);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
});

Deno.test("check reads the sample of configure as what it is", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const config = join(dir, "teleport-email.toml");
    await Deno.writeTextFile(config, exampleFor("postmark"));
    const { stdout } = await runCommand((io) => check({ config, offline: true, json: false }, io));
    const left = [
      ...stdout.matchAll(/^warn +configuration +(\S+) is still '(\S+)', as in the sample$/gm),
    ];
    assert.deepEqual(left.map(([, key, value]) => `${key} ${value}`), [
      "teleport.addr 0.0.0.0:3025",
      "delivery.sender noreply@example.com",
      "role_to_recipients.dev dev-manager@example.com",
      "role_to_recipients.* root@example.com",
      "role_to_recipients.* admin@example.com",
    ]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("check reports whether a daemon runs at http.listen", async () => {
  await onStage({}, async (stage) => {
    await listen(stage);
    const http = async () =>
      (await trouble(stage)).findings.find(({ check }) => check === "http")?.text ?? "";
    assert.match(await http(), /^'127\.0\.0\.1:\d+' is free, no daemon runs there$/);
    await stage.start();
    assert.match(await http(), /^the daemon \S+ runs at '127\.0\.0\.1:\d+', ready$/);
  });
});
