import { defined } from "../../optional.ts";
import * as v from "valibot";
import { isLoopback } from "../../net/address.ts";
import type { MailgunConfig } from "../config.ts";
import { choice, DEFAULT_MAX_CONNECTIONS, limitEntries, path, text } from "../values/fields.ts";
import type { Context, Report } from "../report.ts";
import { checkSecret } from "../values/secret.ts";
import { readSection } from "../section.ts";

const BASE_URLS = { us: "https://api.mailgun.net", eu: "https://api.eu.mailgun.net" } as const;

function schemaOf(context: Context) {
  return v.partial(v.object({
    domain: v.pipe(
      text,
      v.check(
        // The original's client refuses these when it sends.
        (value) => value === undefined || !/[:&'@(),!?#;%+=<>\s/]/.test(value),
        (issue) => `must be a domain name, current value is "${issue.input}"`,
      ),
    ),
    private_key: text,
    private_key_file: path(context),
    region: choice("us", "eu"),
    base_url: text,
    root_cas: path(context),
    ...limitEntries,
  }));
}

/** Reads `[mailgun]`; `undefined` when something is wrong and reported. */
export async function readMailgun(
  table: unknown,
  context: Context,
): Promise<MailgunConfig | undefined> {
  const { report } = context;
  const { values, isWrong } = readSection("mailgun", table, schemaOf(context), report);
  const privateKey = isWrong("private_key") || isWrong("private_key_file")
    ? undefined
    : await checkSecret({
      value: values.private_key,
      file: values.private_key_file,
      valueKey: "mailgun.private_key",
      fileKey: "mailgun.private_key_file",
      missing: "specify mailgun.private_key or mailgun.private_key_file",
      empty: "provide mailgun.private_key or mailgun.private_key_file to use Mailgun",
    }, report);
  if (values.domain === undefined && !isWrong("domain")) {
    report.error("provide mailgun.domain to use Mailgun");
  }
  const baseUrl = readBaseUrl(values, report);
  if (values.domain === undefined || privateKey === undefined || baseUrl === undefined) {
    return undefined;
  }
  return {
    kind: "mailgun",
    domain: values.domain,
    privateKey,
    baseUrl,
    maxConnections: values.max_connections ?? DEFAULT_MAX_CONNECTIONS,
    ...defined({
      rootCas: values.root_cas,
      maxMessagesPerSecond: values.max_messages_per_second,
    }),
  };
}

/** The API's root without the version, which people copy along from Mailgun's pages. */
function readBaseUrl(
  values: { readonly base_url?: string | undefined; readonly region?: "us" | "eu" | undefined },
  report: Report,
): string | undefined {
  if (values.base_url === undefined) return BASE_URLS[values.region ?? "us"];
  if (values.region !== undefined) {
    report.error("provide either mailgun.region or mailgun.base_url, not both");
  }
  const url = URL.parse(values.base_url);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search + url.hash !== "") {
    report.error(
      `Invalid mailgun.base_url: must be a URL such as ${BASE_URLS.eu}, ` +
        `current value is "${values.base_url}"`,
    );
    return undefined;
  }
  if (url.username + url.password !== "") {
    report.error("Invalid mailgun.base_url: must not hold a user name or password");
    return undefined;
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    report.warn(
      "mailgun.base_url is not https: the Mailgun key and the emails are sent in clear text",
    );
  }
  return url.href.replace(/\/+$/, "").replace(/\/v[1-5]$/, "");
}
