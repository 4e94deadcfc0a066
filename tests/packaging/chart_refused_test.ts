/** Values that can never work are refused before anything is installed, and the message says what to do. */

import assert from "node:assert/strict";
import { render, template } from "./support/chart.ts";
import { chartTest } from "./support/with_helm.ts";

interface Refusal {
  readonly name: string;
  readonly set: readonly string[];
  readonly says: RegExp;
}

const MAILGUN = ["mailgun.enabled=true", "smtp.host="];

const REFUSED: readonly Refusal[] = [
  { name: "no address", set: ["teleport.address="], says: /teleport\.address is empty: set it/ },
  {
    name: "no identity",
    set: ["teleport.identitySecretName="],
    says:
      /tctl auth sign --format=file[^]*kubectl -n namespace create secret[^]*teleport\.identitySecretName/,
  },
  {
    name: "two identities of one's own",
    set: ["teleport.identityFile=/a", "teleport.identityVolume.emptyDir.medium=Memory"],
    says: /teleport\.identityVolume and teleport\.identityFile exclude each other/,
  },
  {
    name: "no transport",
    set: ["smtp.host=", "mailgun.domain="],
    says: /no mail transport: set smtp\.host or mailgun\.domain/,
  },
  {
    name: "SMTP without a host",
    set: ["smtp.enabled=true", "smtp.host="],
    says: /smtp\.host is empty/,
  },
  { name: "a login without a user", set: ["smtp.username="], says: /smtp\.authenticate to false/ },
  {
    name: "a login without a password",
    set: ["smtp.password="],
    says: /no SMTP password: store it in a secret with the key smtpPassword/,
  },
  {
    name: "Mailgun without a domain",
    set: [...MAILGUN, "mailgun.domain="],
    says: /mailgun\.domain is empty/,
  },
  {
    name: "Mailgun without a key",
    set: [...MAILGUN, "mailgun.privateKey="],
    says: /no Mailgun API key: .* the key mailgunPrivateKey/,
  },
  { name: "no sender", set: ["delivery.sender="], says: /delivery\.sender is empty/ },
  {
    name: "no recipients",
    set: ["delivery.recipients=null"],
    says: /set roleToRecipients, with "\*"/,
  },
  {
    name: "the original's image",
    set: [
      "image.repository=public.ecr.aws/gravitational/teleport-plugin-email",
      "image.tag=18.7.3",
    ],
    says: /image\.repository is Teleport's own plugin[^]*image\.tag/,
  },
  {
    name: "a monitor without metrics",
    set: ["metrics.podMonitor.enabled=true", "http.enabled=false"],
    says: /metrics\.podMonitor\.enabled needs http\.enabled/,
  },
  {
    name: "a chart that is not enabled",
    set: ["enabled=false"],
    says: /`condition: <name>\.enabled`/,
  },
  {
    name: "values of another chart, by --reuse-values",
    set: ["http=null", "metrics=null", "networkPolicy=null"],
    says: /values of http, networkPolicy, metrics are missing: .*--reset-then-reuse-values/,
  },
  {
    name: "values of an older chart, by --reuse-values",
    set: ["metrics.rules=null"],
    says: /values of metrics\.rules are missing/,
  },
];

for (const { name, set, says } of REFUSED) {
  chartTest(`the chart refuses ${name}`, async (helm) => {
    const { ok, stderr } = await template(helm, { set });
    assert.ok(!ok, "it is accepted");
    assert.match(stderr, says);
    assert.doesNotMatch(stderr, /nil pointer|can't evaluate|error calling/);
  });
}

chartTest("the chart refuses tbot that writes no identity", async (helm) => {
  const off = "tbot.defaultOutput.enabled=false";
  const { stderr } = await template(helm, { file: "original_tbot", set: [off] });
  assert.match(stderr, /tbot writes no identity: set tbot\.defaultOutput\.enabled/);
  const own = "teleport.identitySecretName=own";
  assert.ok((await template(helm, { file: "original_tbot", set: [off, own] })).ok);
});

chartTest("the chart lists all problems at once", async (helm) => {
  const { stderr } = await template(helm, { isBare: true });
  assert.equal(stderr.match(/^ {2}- /gm)?.length, 5, stderr);
});

chartTest("the transport that is filled in is used where none is enabled", async (helm) => {
  const smtp = await render(helm, {});
  assert.ok("smtp" in smtp.original && !("mailgun" in smtp.original));
  const mailgun = await render(helm, { set: ["smtp.host="] });
  assert.ok("mailgun" in mailgun.original && !("smtp" in mailgun.original));
  assert.deepEqual(Object.keys(mailgun.get("Secret").data), ["mailgunPrivateKey"]);
  const policy = await render(helm, { set: ["networkPolicy.enabled=true", "smtp.port=2525"] });
  const ports = JSON.stringify(policy.get("NetworkPolicy").spec.egress);
  assert.ok(ports.includes('{"port":2525}'), ports);
});
