/** Mailgun: whether it knows domain and key. Nothing is sent. */

import type { MailgunConfig } from "../../config/config.ts";
import { probeMailgun } from "../../mail/mailgun/probe.ts";
import { fileReader, secretReader } from "../../daemon/transport.ts";
import { type Finding, timed } from "./finding.ts";

/** Asks Mailgun for the domain. */
export async function checkMailgun(config: MailgunConfig): Promise<Finding> {
  const { domain, baseUrl } = config;
  const options = {
    domain,
    baseUrl,
    privateKey: secretReader(config.privateKey),
    ...config.rootCas === undefined ? {} : { rootCas: fileReader(config.rootCas) },
  };
  const { value: view, tookMs } = await timed(() =>
    probeMailgun(options, new AbortController().signal)
  );
  const base = { check: "mail.login", tookMs, details: { domain, base_url: baseUrl } };
  const where = `Mailgun '${baseUrl}'`;
  switch (view.kind) {
    case "known":
      if (view.state === "" || view.state === "active") {
        return { ...base, level: "ok", text: `${where} knows domain '${domain}' and the key` };
      }
      return {
        ...base,
        level: "problem",
        text: `${where} has the domain '${domain}' in state '${view.state}'`,
        remedy: "verify the domain at Mailgun: set the DNS records that its control panel names",
      };
    case "refused":
      // A sending key, which is all that the daemon needs, gets the same answer.
      return {
        ...base,
        level: "warning",
        text:
          `${where} does not let this key ask for domain '${domain}': the key is wrong, of another ` +
          "region, or a sending key, which is permitted to send only",
        remedy: "run 'teleport-email test-mail ADDRESS' to find out; check private_key and region",
      };
    case "unknown":
      return {
        ...base,
        level: "problem",
        text: `${where} does not know domain '${domain}'`,
        remedy: "check mailgun.domain, and mailgun.region: a domain is in 'us' or in 'eu'",
      };
    case "failed":
      return {
        ...base,
        level: "problem",
        text: `Cannot ask ${where}: ${view.error}`,
        remedy: "check mailgun.base_url or region, and that this machine reaches it by HTTPS",
      };
  }
}
