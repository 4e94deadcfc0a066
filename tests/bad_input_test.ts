/** Each bad input gets one clear line; only what a restart cannot heal ends the program. */

import assert from "node:assert/strict";
import { identityFileText, issueIdentity } from "../sim/pki/identity.ts";
import { createPki } from "../sim/pki/pki.ts";
import { PluginProcess, runProgram } from "../sim/playground/plugin_process.ts";
import { ask, onStage, type Stage } from "./support.ts";

/** Warnings and errors, without their time stamps. */
function complaints(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/^\S+Z /, "")).filter((line) =>
    /^(WARN|ERRO)/.test(line)
  );
}

interface FatalCase {
  readonly name: string;
  /** Spoils the files of a stage that would work. */
  readonly spoil: (stage: Stage, dir: string) => Promise<void>;
  /** What the program's only error says, whole or in part. */
  readonly error: RegExp;
  /** A restart may find the cause gone; the configuration itself is not at fault. */
  readonly mayHeal?: true;
}

const edit = (from: string | RegExp, to: string): FatalCase["spoil"] => (stage) =>
  stage.configure((text) => {
    const changed = text.replace(from, to);
    assert.notEqual(changed, text, `nothing replaced by ${to}`);
    return changed;
  });

const writeIdentityText =
  (make: (text: string, stage: Stage) => Promise<string> | string): FatalCase["spoil"] =>
  async (stage) => {
    const path = stage.playground.paths.identity;
    await Deno.writeTextFile(path, await make(await Deno.readTextFile(path), stage));
  };

const FATAL: readonly FatalCase[] = [
  { name: "broken TOML", spoil: edit("[smtp]", "[smtp"), error: /teleport-email\.toml.*\(?\d+/ },
  { name: "a wrong type", spoil: edit(/port = \d+/, 'port = "x"'), error: /smtp\.port/ },
  {
    name: "no mail section",
    spoil: edit("[smtp]", "[other]"),
    error: /provide either \[mailgun\] or \[smtp\] sections to work with plugin/,
  },
  {
    name: "no recipients",
    spoil: edit("[role_to_recipients]", "[other]"),
    error: /missing required value role_to_recipients/,
  },
  {
    name: "a recipient that is not an address",
    spoil: edit("all@example.com", "all at example.com"),
    error: /invalid email address all at example\.com in role_to_recipients\.\*/,
  },
  {
    name: "an invalid address",
    spoil: edit(/addr = ".*"/, 'addr = "localhost:99999"'),
    error: /teleport\.addr.*99999/,
  },
  {
    name: "no credentials",
    spoil: edit(/identity = .*\n/, ""),
    error: /no credentials configured/,
  },
  {
    name: "a missing identity",
    mayHeal: true,
    spoil: (stage) => Deno.remove(stage.playground.paths.identity),
    error: /cannot read identity file '.*identity': no such file or directory/,
  },
  {
    name: "an empty identity",
    mayHeal: true,
    spoil: writeIdentityText(() => ""),
    error: /identity file could not be decoded: the file is empty \(identity file '.*identity'\)/,
  },
  {
    name: "a truncated identity",
    mayHeal: true,
    spoil: writeIdentityText((text) => text.slice(0, -100)),
    error: /identity file could not be decoded: invalid PEM block \(fragment\)/,
  },
  {
    name: "an expired identity",
    mayHeal: true,
    spoil: async ({ playground }) => void await playground.renew({ ttlMs: -60_000 }),
    error:
      /expired credential found: the certificate for 'access-email', issued by 'sim\.example\.com' is not valid after '.*Z' \(identity file '.*identity'\)/,
  },
  {
    name: "a key that does not match the certificate",
    mayHeal: true,
    spoil: writeIdentityText(async (text, { playground }) => {
      const other = await issueIdentity(playground.pki);
      return other.keyPem + text.slice(text.indexOf("-----BEGIN CERTIFICATE"));
    }),
    error:
      /the private key in identity file '.*' does not match the certificate for 'access-email'/,
  },
  {
    name: "the CAs of another cluster",
    mayHeal: true,
    spoil: writeIdentityText(async () =>
      identityFileText(await issueIdentity(await createPki("sim.example.com")))
    ),
    error: /Cannot reach the cluster at '127\.0\.0\.1:\d+': .*not signed by a CA of cluster/,
  },
  {
    name: "a role that may not watch",
    mayHeal: true,
    spoil: ({ playground }) => Promise.resolve(playground.cluster.roles.set("access-plugin", [])),
    error: /Cannot watch access requests: .* 'list' and 'read' on 'access_request'/,
  },
  {
    name: "a server that is too old",
    mayHeal: true,
    spoil: ({ playground }) => {
      playground.auth.serverVersion = "5.2.1";
      return Promise.resolve();
    },
    error: /incompatible versions: 5\.2\.1 < 6\.1\.0-beta\.1/,
  },
  {
    name: "a template with an error",
    spoil: async (stage, dir) => {
      await Deno.writeTextFile(`${dir}/new.txt`, "Hello {{ nobody }}");
      await edit("[delivery]", `[templates]\ndirectory = "${dir}"\n\n[delivery]`)(stage, dir);
    },
    error: /new\.txt.*nobody/,
  },
  {
    name: "a missing password file",
    mayHeal: true,
    spoil: edit(/^password = .*/m, 'password_file = "/nonexistent/password"'),
    error: /smtp\.password_file: .*\/nonexistent\/password/,
  },
  {
    name: "a log file that cannot be opened",
    spoil: edit('output = "stderr"', 'output = "/nonexistent/x.log"'),
    error:
      /failed to init the log file shared writer: open \/nonexistent\/x\.log: this program is only allowed to write to \/var\/log and /,
  },
];

for (const { name, spoil, error, mayHeal = false } of FATAL) {
  const expected = mayHeal ? 1 : 78;
  Deno.test(`start ends with one line and code ${expected} for ${name}`, async () => {
    await onStage({}, async (stage) => {
      const dir = await Deno.makeTempDir();
      try {
        await spoil(stage, dir);
        const plugin = stage.launch();
        assert.equal(await plugin.ended(), expected, plugin.lines.join("\n"));
        const errors = complaints(plugin.lines).filter((line) => line.startsWith("ERRO"));
        assert.equal(errors.length, 1, plugin.lines.join("\n"));
        assert.match(errors[0] ?? "", /^ERRO {2}Terminating with fatal error error:/);
        assert.match((errors[0] ?? "").replaceAll('\\"', '"'), error);
        assert.ok(!plugin.lines.some((line) => /^\s+at |secret/.test(line)), "stack or password");
      } finally {
        await Deno.remove(dir, { recursive: true });
      }
    });
  });
}

Deno.test("start reports all errors of a file at once, numbered", async () => {
  await onStage({}, async (stage) => {
    await stage.configure((text) =>
      text.replace(/port = \d+/, "port = 99999").replace("mandatory", "sometimes")
        .replace("all@example.com", "nobody")
    );
    const plugin = stage.launch();
    assert.equal(await plugin.ended(), 78);
    assert.deepEqual(
      complaints(plugin.lines).map((line) => /error_number:(\d)/.exec(line)?.[1]),
      ["1", "2", "3"],
      plugin.lines.join("\n"),
    );
  });
});

Deno.test("start without a configuration file names the missing file", async () => {
  const plugin = new PluginProcess("/nonexistent/x.toml");
  assert.equal(await plugin.ended(), 78);
  assert.match(plugin.lines.join("\n"), /error:"open \/nonexistent\/x\.toml: no such file/);
});

Deno.test("A wrong argument gets its line, a hint and code 1", async () => {
  const { code, stdout, stderr } = await runProgram(["start", "--nosuch"]);
  assert.deepEqual([code, stdout, stderr], [
    1,
    "",
    "teleport-email: error: unknown long flag '--nosuch'\n" +
    "'teleport-email help start' lists the flags\n",
  ]);
});

interface HealingCase {
  readonly name: string;
  readonly spoil: (stage: Stage) => Promise<unknown>;
  readonly heal: (stage: Stage) => Promise<unknown>;
  readonly warning: RegExp;
}

const HEALING: readonly HealingCase[] = [
  {
    name: "a closed port at the cluster's address",
    spoil: ({ playground }) => playground.proxy.stop(),
    heal: ({ playground }) => playground.proxy.start(),
    warning: /Cannot reach the cluster at '127\.0\.0\.1:\d+': connection refused/,
  },
  {
    name: "the mail server is down",
    spoil: ({ playground }) => playground.mail.stop(),
    heal: ({ playground }) => playground.mail.start(),
    warning: /Mail transport is paused.*localhost:\d+.*category:network/,
  },
];

for (const { name, spoil, heal, warning } of HEALING) {
  Deno.test(`start continues, with one warning, when ${name}`, async () => {
    await onStage({}, async (stage) => {
      await spoil(stage);
      const plugin = stage.launch();
      const line = await plugin.waitFor(/WARN/);
      assert.match(line, warning);
      const id = ask(stage.playground, { roles: ["dev"] });
      await heal(stage);
      const [mail] = await stage.playground.mail.waitForMails(1);
      assert.match(mail?.parsed.subject ?? "", new RegExp(id));
      assert.equal(complaints(plugin.lines).length, 1, plugin.lines.join("\n"));
    });
  });
}

Deno.test("start continues when the mail server refuses the password, until the file has the right one", async () => {
  await onStage({}, async (stage) => {
    const path = `${stage.playground.paths.config}.password`;
    await Deno.writeTextFile(path, "wrong-password\n", { mode: 0o600 });
    await stage.configure((text) =>
      text.replace('password = "secret"', `password_file = "${path}"`)
    );
    const plugin = stage.launch();
    const line = await plugin.waitFor(/WARN/);
    assert.match(line, /Mail transport is paused.*535.*category:authentication/);
    ask(stage.playground, { roles: ["dev"] });
    await Deno.writeTextFile(path, "secret\n");
    await stage.playground.mail.waitForMails(1);
    assert.ok(!plugin.lines.some((line) => line.includes("wrong-password")));
  });
});

Deno.test("start continues when another service answers at the cluster's address", async () => {
  await onStage({}, async (stage) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = (listener.addr as Deno.NetAddr).port;
    const answering = (async () => {
      for await (const conn of listener) {
        await conn.write(new TextEncoder().encode("SSH-2.0-Teleport\r\n")).catch(() => {});
        conn.close();
      }
    })();
    await stage.configure((text) => text.replace(/addr = ".*"/, `addr = "127.0.0.1:${port}"`));
    const plugin = stage.launch();
    const line = await plugin.waitFor(/WARN/);
    assert.match(
      line,
      new RegExp(`Cannot reach the cluster at '127.0.0.1:${port}': .*(?:SSH|TLS)`),
    );
    assert.equal(await plugin.stop(), 0);
    listener.close();
    await answering;
  });
});
