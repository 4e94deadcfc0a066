/** The chart's values, from what Helm is given to what the program reads. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "smol-toml";
import type { Config } from "../../src/config/config.ts";
import { EXAMPLE } from "../../src/config/example.ts";
import { parseConfig } from "../../src/config/load.ts";
import { named, render, type Rendered, template, valueFiles } from "./support/chart.ts";
import { chartTest } from "./support/with_helm.ts";

const FOLDER = "/var/lib/teleport/plugins/email";

/** Loads what a container would load; the secrets lie in a folder of the test. */
async function load({ toml }: Rendered): Promise<{ config: Config; warnings: readonly string[] }> {
  const dir = await Deno.makeTempDir();
  try {
    for (const file of ["smtp_password", "mailgun_private_key"]) {
      await Deno.writeTextFile(join(dir, file), "secret\n");
    }
    const result = await parseConfig(toml.replaceAll(FOLDER, dir), "teleport-email.toml", {});
    assert.ok(result.ok, JSON.stringify(result));
    return result;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const COMPLETE = [
  "original_configmap_smtp",
  "original_configmap_roles",
  "original_everything",
  ...valueFiles("seed"),
  ...valueFiles("ours"),
];

for (const file of COMPLETE) {
  chartTest(`our own loader takes the configuration of '${file}'`, async (helm) => {
    const { warnings } = await load(await render(helm, { file }));
    const expected = file === "original_configmap_smtp"
      ? /^The delivery.recipients config option is deprecated/
      : /^smtp.insecure_skip_verify is on/;
    for (const warning of warnings) assert.match(warning, expected);
  });
}

chartTest("every key of the configuration can be set by a value", async (helm) => {
  const keysOf = (text: string) =>
    Object.entries(parse(text)).flatMap(([section, values]) =>
      Object.keys(values as object).map((key) => `${section}.${key}`)
    );
  const keys = new Set<string>();
  for (const file of ["ours_full", "ours_mailgun", "ours_oauth2", "original_configmap_smtp"]) {
    for (const key of keysOf((await render(helm, { file })).toml)) keys.add(key);
  }
  const base = "mailgun.baseUrl=https://mailgun.example.com";
  const withUrl = await render(helm, { file: "original_configmap_mailgun", set: [base] });
  for (const key of keysOf(withUrl.toml)) keys.add(key);
  // Secrets come from files; three PEM files are not a thing of the original's chart.
  const others = /^(smtp\.password|mailgun\.private_key|teleport\.(client_(key|crt)|root_cas))$/;
  const all = EXAMPLE.replaceAll(/^#(?=[[a-z])/gm, "");
  const missing = keysOf(all).filter((key) =>
    !keys.has(key) && !others.test(key) && !key.startsWith("role_to_recipients.")
  );
  assert.deepEqual(missing, []);
});

chartTest("values reach the program unchanged, whatever they contain", async (helm) => {
  const { config } = await load(await render(helm, { file: "ours_full" }));
  assert.ok(config.mail.kind === "smtp");
  assert.equal(config.mail.auth?.username, 'corp\\mailer "one"');
  assert.deepEqual(config.roleToRecipients.get('quote"and\\slash'), ["lead@example.com"]);
  assert.deepEqual(config.delivery.sender, { name: "Access", address: "teleport@example.com" });
  assert.deepEqual(config.delivery.allowedDomains, ["example.com", ".example.org"]);
  assert.equal(config.delivery.retryForMs, 90 * 60_000);
  assert.deepEqual(config.routing, { precedence: "routes", strictSchedules: true });
  const [production, sandbox] = config.routes;
  assert.equal(production?.match, 'regexp.match(access_request.spec.roles, "^prod-\\\\w+$")');
  assert.deepEqual(production?.recipients, [
    "prod@example.com",
    "trait:manager",
    "suggested_reviewers",
  ]);
  assert.deepEqual([production?.continues, production?.on], [true, ["new"]]);
  assert.equal(production?.schedules.get('office "hours"')?.shifts[1]?.weekday, "Tuesday");
  assert.deepEqual([sandbox?.silence, sandbox?.name], [true, "2"]);
  assert.equal(config.mail.maxMessagesPerSecond, 0.5);
  assert.deepEqual(config.http.listen, { host: "::", port: 9090 });
  const secret = (await render(helm, { file: "ours_full" })).get("Secret");
  assert.equal(atob(secret.data.smtpPassword), 'p"\\ss');
  const odd = await render(helm, {
    file: "seed_roles",
    set: ['smtp.username=a\n"b"\\\\c\u007f</script>', "delivery.sender=Ärger <a@example.com>"],
  });
  const loaded = (await load(odd)).config;
  assert.ok(loaded.mail.kind === "smtp");
  assert.equal(loaded.mail.auth?.username, 'a\n"b"\\c\u007f</script>');
  assert.equal(loaded.delivery.sender.name, "Ärger");
});

chartTest("with both transports SMTP is used, and only its secret", async (helm) => {
  const rendered = await render(helm, { file: "original_everything" });
  assert.ok("smtp" in rendered.original && !("mailgun" in rendered.original));
  const relay = await render(helm, { file: "ours_relay" });
  const { config } = await load(relay);
  assert.ok(config.mail.kind === "smtp" && config.mail.auth === undefined);
  assert.deepEqual(relay.all("Secret"), []);
  const own = await render(helm, {
    set: ["smtp.enabled=true", "smtp.password=a", "mailgun.enabled=true", "mailgun.privateKey=b"],
  });
  assert.deepEqual(own.get("Secret").data, { smtpPassword: btoa("a") });
});

chartTest("a mail service with access tokens needs neither host nor password", async (helm) => {
  const rendered = await render(helm, { file: "ours_oauth2", set: ["networkPolicy.enabled=true"] });
  assert.deepEqual(Object.keys(rendered.original["smtp"] as object), [
    "username",
    "service",
    "oauth2",
  ]);
  assert.deepEqual(rendered.all("Secret"), []);
  const { egress } = rendered.get("NetworkPolicy").spec;
  assert.deepEqual(egress.at(-1), { ports: [{ port: 443 }] });
});

chartTest("templates come from values or from a config map", async (helm) => {
  const full = await render(helm, { file: "ours_full" });
  const { data } = full.get("ConfigMap", "release-name-teleport-plugin-email-templates");
  assert.deepEqual(data, {
    "subject.txt": "{{ user }} wants {{ roles }}",
    "new.txt": "Hello,\n  {{ user }} asks.\n",
  });
  assert.equal((await load(full)).config.templates.directory, "/etc/teleport-email/templates");
  const { volumes } = (await render(helm, { file: "ours_mailgun" })).get("Deployment").spec
    .template.spec;
  assert.equal(named(volumes, "templates").configMap.name, "mail-templates");
});

chartTest("removed values count as empty", async (helm) => {
  const gone = ["smtp.helloName", "delivery.replyTo", "volumes", "podAnnotations", "resources"];
  const rendered = await render(helm, {
    file: "original_configmap_smtp",
    set: gone.map((value) => `${value}=null`),
  });
  assert.doesNotMatch(rendered.toml, /hello_name|reply_to|null/);
});

const WRONG: readonly (readonly [string, string, RegExp])[] = [
  ["a misspelled section", "smpt.enabled=true", /at '': additional properties 'smpt' not allowed/],
  ["a misspelled key", "smtp.hots=a", /at '\/smtp': additional properties 'hots' not allowed/],
  ["a key of the wrong section", "teleport.sender=a", /at '\/teleport': .* 'sender' not allowed/],
  ["a port that is no number", "smtp.port=smtp", /at '\/smtp\/port': got string, want integer/],
  ["a port beyond all ports", "http.port=70000", /at '\/http\/port': maximum: got 70,?000/],
  ["a switch that is no boolean", "mailgun.enabled=on", /at '\/mailgun\/enabled': got string/],
  ["an unknown policy", "smtp.starttlsPolicy=tls", /at '\/smtp\/starttlsPolicy': value must be/],
  ["an unknown way", "teleport.via=tunnel", /at '\/teleport\/via': value must be one of/],
  ["an unknown region", "mailgun.region=asia", /at '\/mailgun\/region': value must be one of/],
  ["an unknown severity", "log.severity=LOUD", /at '\/log\/severity': value must be one of/],
  [
    "a recipient that is not an address",
    "roleToRecipients.\\*=root",
    /at '\/roleToRecipients\/\*'/,
  ],
  ["recipients without *", "roleToRecipients.dev=a@b.c", /missing property '\*'/],
  ["an empty list of recipients", "roleToRecipients.\\*={}", /at '\/roleToRecipients\/\*'/],
  ["a duration without a unit", "delivery.retryFor=5", /at '\/delivery\/retryFor': got number/],
  ["a duration with another unit", "delivery.catchUp=2d", /at '\/delivery\/catchUp': '2d' does/],
  ["a relative path", "smtp.rootCas=ca.pem", /at '\/smtp\/rootCas': 'ca.pem' does not match/],
  ["a tag that is a number", "image.tag=1", /at '\/image\/tag': got number, want string/],
  ["a sender that is no address", "delivery.sender=teleport", /at '\/delivery\/sender'/],
  ["a limit of none", "smtp.maxConnections=0", /at '\/smtp\/maxConnections': minimum/],
  [
    "a section that is taken out",
    "smtp=null",
    /values of smtp are missing: .*--reset-then-reuse-values/,
  ],
  ["an unknown value of tbot", "tbot.clustername=a", /at '\/tbot': .* 'clustername' not allowed/],
];

for (const [name, set, message] of WRONG) {
  chartTest(`${name} is refused with its path`, async (helm) => {
    const { ok, stderr } = await template(helm, { set: [set] });
    assert.ok(!ok, "it is taken");
    assert.match(stderr, message);
  });
}
