/**
 * Value files of the original's chart have the results that its own snapshot tests have
 * (original.md §10.2).
 */

import assert from "node:assert/strict";
import { containerOf, named, render, template } from "./support/chart.ts";
import { chartTest } from "./support/with_helm.ts";

const FOLDER = "/var/lib/teleport/plugins/email";
const TELEPORT = {
  addr: "teleport.example.com:1234",
  identity: `${FOLDER}/teleport-identity/auth_id`,
  "refresh_identity": true,
};
const SMTP = {
  host: "smtp.example.com",
  port: 1234,
  username: "mysmtpuser",
  "password_file": `${FOLDER}/smtp_password`,
  "starttls_policy": "mandatory",
};
const BASE = { delivery: { sender: "teleport@example.com", recipients: ["all@example.com"] } };
const STDOUT = { output: "stdout", severity: "INFO" };
const FILE = { output: "/var/log/teleport-email.log", severity: "DEBUG" };

const CONFIGS: Readonly<Record<string, object>> = {
  smtp: {
    teleport: TELEPORT,
    smtp: SMTP,
    delivery: { sender: "teleport@example.com", recipients: ["security@mycompany.com"] },
    log: FILE,
  },
  roles: {
    teleport: TELEPORT,
    smtp: SMTP,
    delivery: { sender: "teleport@example.com" },
    "role_to_recipients": { "*": ["security@mycompany.com"], dev: ["developers@mycompany.com"] },
    log: FILE,
  },
  "password_file": { teleport: TELEPORT, smtp: SMTP, ...BASE, log: STDOUT },
  "starttls_disabled": {
    teleport: TELEPORT,
    smtp: { ...SMTP, starttls_policy: "disabled" },
    ...BASE,
    log: STDOUT,
  },
  "no_starttls": { teleport: TELEPORT, smtp: SMTP, ...BASE, log: STDOUT },
  mailgun: {
    teleport: TELEPORT,
    mailgun: {
      domain: "mymailgunsubdomain.mailgun.org",
      "private_key_file": `${FOLDER}/mailgun_private_key`,
    },
    ...BASE,
    log: STDOUT,
  },
};

for (const [name, config] of Object.entries(CONFIGS)) {
  chartTest(`the original's values '${name}' give its configuration`, async (helm) => {
    const rendered = await render(helm, { file: `original_configmap_${name}` });
    assert.deepEqual(rendered.original, config);
    const { metadata, data } = rendered.get("ConfigMap");
    assert.equal(metadata.name, "release-name-teleport-plugin-email");
    assert.deepEqual(Object.keys(data), ["teleport-email.toml"]);
    assert.deepEqual(metadata.labels, {
      "app.kubernetes.io/instance": "release-name",
      "app.kubernetes.io/managed-by": "Helm",
      "app.kubernetes.io/name": "teleport-plugin-email",
      "app.kubernetes.io/version": "0.1.0",
      "helm.sh/chart": "teleport-plugin-email-0.1.0",
    });
  });
}

chartTest("the configuration is written as the original writes it", async (helm) => {
  const { toml } = await render(helm, { file: "original_configmap_roles" });
  assert.equal(
    toml.replace(/\[http\]\n.*\n\n/, ""),
    `[teleport]
addr = "teleport.example.com:1234"
identity = "/var/lib/teleport/plugins/email/teleport-identity/auth_id"
refresh_identity = true

[smtp]
host            = "smtp.example.com"
port            = 1234
username        = "mysmtpuser"
password_file   = "/var/lib/teleport/plugins/email/smtp_password"
starttls_policy = "mandatory"

[delivery]
sender = "teleport@example.com"

[role_to_recipients]
"*" = ["security@mycompany.com"]
"dev" = ["developers@mycompany.com"]

[log]
output = "/var/log/teleport-email.log"
severity = "DEBUG"
`,
  );
});

const OWN_SECRET = "release-name-teleport-plugin-email-secret";
const SMTP_FILE = "smtp_password";
const MAILGUN_FILE = "mailgun_private_key";

const DEPLOYMENTS: Readonly<Record<string, { volume: string; secret: string; item: object }>> = {
  mailgun: {
    volume: "password-file",
    secret: OWN_SECRET,
    item: { key: "mailgunPrivateKey", path: MAILGUN_FILE },
  },
  smtp: {
    volume: "password-file",
    secret: OWN_SECRET,
    item: { key: "smtpPassword", path: SMTP_FILE },
  },
  "volume_name": {
    volume: "secret-volume",
    secret: OWN_SECRET,
    item: { key: "smtpPassword", path: SMTP_FILE },
  },
  "secret_mailgun": {
    volume: "password-file",
    secret: "my-secret-name",
    item: { key: "my-path-in-secret", path: MAILGUN_FILE },
  },
  "secret_smtp": {
    volume: "password-file",
    secret: "my-secret-name",
    item: { key: "my-path-in-secret", path: SMTP_FILE },
  },
};

for (const [name, { volume, secret, item }] of Object.entries(DEPLOYMENTS)) {
  chartTest(`the original's values '${name}' put the secret where it has it`, async (helm) => {
    const rendered = await render(helm, { file: `original_deployment_${name}` });
    // The whole folder, so that Kubernetes renews the file; the file's path is the original's.
    assert.deepEqual(named(containerOf(rendered).volumeMounts, volume), {
      name: volume,
      mountPath: FOLDER,
      readOnly: true,
    });
    const { volumes } = rendered.get("Deployment").spec.template.spec;
    assert.deepEqual(named(volumes, volume).secret, {
      secretName: secret,
      defaultMode: 0o440,
      items: [item],
    });
  });
}

chartTest("image, command, variable and mounts are the original's", async (helm) => {
  const rendered = await render(helm, { file: "original_deployment_image" });
  const container = containerOf(rendered);
  assert.equal(container.image, "gcr.io/overridden/repository:v98.76.54");
  assert.equal(container.name, "teleport-plugin-email");
  assert.equal(container.imagePullPolicy, "IfNotPresent");
  const command = "/usr/local/bin/teleport-plugin start --config /etc/teleport-email.toml";
  assert.deepEqual(container.command, command.split(" "));
  assert.deepEqual(container.env, [{ name: "TELEPORT_PLUGIN_FAIL_FAST", value: "true" }]);
  assert.deepEqual(
    container.volumeMounts.map(({ name, mountPath }: Record<string, string>) => [name, mountPath]),
    [
      ["config", "/etc/teleport-email.toml"],
      ["password-file", FOLDER],
      ["teleport-identity", `${FOLDER}/teleport-identity`],
    ],
  );
  const { replicas, selector } = rendered.get("Deployment").spec;
  assert.equal(replicas, 1);
  assert.deepEqual(selector.matchLabels, {
    "app.kubernetes.io/instance": "release-name",
    "app.kubernetes.io/name": "teleport-plugin-email",
  });
});

chartTest(
  "a secret is made for a password or key in the values, and for nothing else",
  async (helm) => {
    const secretOf = async (file: string) => (await render(helm, { file })).all("Secret");
    const [smtp] = await secretOf("original_secret_smtp");
    assert.deepEqual([smtp.type, smtp.metadata.name], ["Opaque", OWN_SECRET]);
    assert.deepEqual(smtp.data, { smtpPassword: "bXlzbXRwcGFzc3dk" });
    const [mailgun] = await secretOf("original_secret_mailgun");
    assert.deepEqual(mailgun.data, { mailgunPrivateKey: btoa("--- TEST PRIVATE KEY ---") });
    for (const name of ["deployment_secret_smtp", "deployment_secret_mailgun"]) {
      assert.deepEqual(await secretOf(`original_${name}`), [], name);
    }
  },
);

chartTest(
  "names follow release, nameOverride and fullnameOverride as in the original",
  async (helm) => {
    const nameOf = async (options: { release?: string; set?: string[] }) =>
      (await render(helm, options)).get("Deployment").metadata.name;
    assert.equal(await nameOf({ release: "a" }), "a-teleport-plugin-email");
    assert.equal(await nameOf({ release: "my-teleport-plugin-email" }), "my-teleport-plugin-email");
    assert.equal(await nameOf({ release: "a", set: ["nameOverride=mails"] }), "a-mails");
    assert.equal(await nameOf({ release: "mails-eu", set: ["nameOverride=mails"] }), "mails-eu");
    assert.equal(await nameOf({ set: ["fullnameOverride=access"] }), "access");
    const long = `fullnameOverride=${"x".repeat(62)}-yz`;
    assert.equal(await nameOf({ set: [long] }), "x".repeat(62));
  },
);

chartTest("every value of the original's chart is accepted", async (helm) => {
  const rendered = await render(helm, { file: "original_everything" });
  const { metadata, spec } = rendered.get("Deployment", "access-mails");
  assert.deepEqual(metadata.annotations, { "example.com/key": "deployment" });
  const { annotations } = spec.template.metadata;
  assert.equal(annotations["example.com/key"], "pod");
  assert.equal(annotations["old.example.com/key"], "pod-old");
  const pod = spec.template.spec;
  const [container] = pod.containers;
  assert.equal(container.image, "registry.example.com/plugin:1.2.3");
  assert.equal(container.imagePullPolicy, "Always");
  assert.equal(container.securityContext.runAsUser, 1000);
  assert.equal(container.resources.limits.cpu, "100m");
  assert.equal(pod.securityContext.fsGroup, 2000);
  assert.deepEqual(pod.imagePullSecrets, [{ name: "pull-secret" }]);
  assert.deepEqual(pod.nodeSelector, { "kubernetes.io/os": "linux" });
  assert.equal(pod.tolerations.length, 1);
  assert.ok(pod.affinity.nodeAffinity);
  assert.deepEqual(named(pod.volumes, "authorities").configMap, { name: "authorities" });
  assert.equal(named(container.volumeMounts, "authorities").mountPath, "/etc/ssl/private-ca");
  assert.equal(named(pod.volumes, "mail-secret").secret.secretName, "smtp-secret");
  assert.equal(
    named(pod.volumes, "teleport-identity").secret.secretName,
    "teleport-plugin-email-identity",
  );
  const config = rendered.get("ConfigMap", "access-mails");
  assert.deepEqual(config.metadata.annotations, { "example.com/key": "config" });
  assert.deepEqual(rendered.original["role_to_recipients"], {
    "*": "admin@example.com",
    dev: ["dev-team+accessrequest@example.com", "devops@example.com"],
  });
  assert.deepEqual(rendered.all("Secret"), []);
});

chartTest("with tbot, its address, its secret and its file are used", async (helm) => {
  const rendered = await render(helm, { file: "original_tbot" });
  const teleport = rendered.original["teleport"];
  assert.deepEqual(teleport, {
    addr: "test.teleport.sh:443",
    identity: `${FOLDER}/teleport-identity/identity`,
    "refresh_identity": true,
  });
  const { volumes } = rendered.get("Deployment", "release-name-teleport-plugin-email").spec
    .template.spec;
  assert.equal(named(volumes, "teleport-identity").secret.secretName, "release-name-tbot-out");
  assert.deepEqual(rendered.all("TeleportBotV1"), []);
});

chartTest("the operator's resources are the original's", async (helm) => {
  const rendered = await render(helm, { file: "original_operator_override" });
  const bot = rendered.get("TeleportBotV1");
  assert.equal(bot.apiVersion, "resources.teleport.dev/v1");
  assert.equal(bot.metadata.name, "release-name-teleport-plugin-email");
  assert.equal(bot.metadata.namespace, "namespace");
  assert.deepEqual(bot.spec, { roles: ["access-plugin"] });
  const token = rendered.get("TeleportProvisionToken");
  assert.equal(token.apiVersion, "resources.teleport.dev/v2");
  assert.equal(token.metadata.name, "release-name-tbot");
  assert.deepEqual(token.spec, {
    roles: ["Bot"],
    "bot_name": "release-name-teleport-plugin-email",
    "join_method": "kubernetes",
    kubernetes: {
      type: "static_jwks",
      allow: [{ "service_account": "namespace:release-name-tbot" }],
      "static_jwks": { jwks: "test-jwks\n" },
    },
  });
  const elsewhere = await render(helm, { file: "original_operator_namespace" });
  for (const kind of ["TeleportBotV1", "TeleportProvisionToken"]) {
    assert.equal(elsewhere.get(kind).metadata.namespace, "test-namespace");
  }
  assert.equal(elsewhere.get("TeleportProvisionToken").spec.kubernetes.type, "in_cluster");
});

const GITHUB = "crd.tokenSpecOverride.github=test";
const REFUSED: readonly (readonly [string, readonly string[]])[] = [
  ["Custom resources cannot be deployed without tbot enabled", ["tbot.enabled=false"]],
  ["`tbot.clusterName` must be provided", ["tbot.clusterName="]],
  [
    "`tbot.teleportAuthAddress` or `tbot.teleportProxyAddress` must be provided",
    ["tbot.teleportProxyAddress="],
  ],
  [
    "`tbot.teleportAuthAddress` and `tbot.teleportProxyAddress` are mutually exclusive",
    ["tbot.teleportAuthAddress=auth.example.com:3025"],
  ],
  [
    "crd.tokenSpecOverride.join_method must be same as tbot.joinMethod",
    ["crd.tokenSpecOverride.join_method=github", GITHUB],
  ],
  ["crd.tokenSpecOverride cannot be empty in chart values", ["tbot.joinMethod=github"]],
  [
    "crd.tokenSpecOverride.join_method cannot be empty in chart values",
    ["tbot.joinMethod=github", GITHUB],
  ],
];

for (const [message, set] of REFUSED) {
  chartTest(`the chart refuses in the original's words: ${message}`, async (helm) => {
    const created = ["crd.create=true", ...set];
    const { ok, stderr } = await template(helm, { set: created, file: "original_tbot" });
    assert.ok(!ok);
    assert.ok(stderr.includes(message), stderr);
  });
}
