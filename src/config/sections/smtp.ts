import { defined } from "../../optional.ts";
import { isIP } from "node:net";
import * as v from "valibot";
import { isLoopback } from "../../net/address.ts";
import type { SmtpConfig } from "../config.ts";
import {
  choice,
  DEFAULT_MAX_CONNECTIONS,
  flag,
  integer,
  intervalMs,
  limitEntries,
  path,
  text,
} from "../values/fields.ts";
import type { Context } from "../report.ts";
import { readSection } from "../section.ts";
import { checkSecret } from "../values/secret.ts";
import { readOAuth2 } from "./smtp_oauth2.ts";
import { SERVICE_NAMES, type SmtpService, smtpService } from "./smtp_services.ts";

const SUBMISSION_PORT = 587;
// RFC 8314 §3.3: TLS from the first byte.
const SUBMISSIONS_PORT = 465;

const POLICIES = ["mandatory", "opportunistic", "disabled"] as const;

/** Labels of a DNS name, or an address in brackets (RFC 5321 §4.1.2, §4.1.3). */
const HELLO_NAME =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f.:]+\])$/;

/** RFC 5321 §4.5.3.2.1: servers may take five minutes to greet. */
const DEFAULT_TIMEOUT_MS = 5 * 60_000;
const MAX_TIMEOUT_MS = 10 * 60_000;

const host = v.pipe(
  text,
  v.check(
    (value) => value === undefined || !value.includes("@"),
    // The value is not quoted: it may hold the password.
    "must be a host name, write user name and password into keys of their own",
  ),
  v.check(
    (value) => value === undefined || !/[\s\p{Cc}<>]/u.test(value),
    (issue) => `must be a host name, current value is ${JSON.stringify(issue.input)}`,
  ),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }): string | undefined => {
    // Upstream's own tests have a URL; it loads there and can never be reached.
    if (value === undefined || value.includes("://") || isIP(value) !== 0) return value;
    // Go's dialler wants IPv6 addresses in brackets.
    const [, literal, port] = /^\[([^\]]*)\](?::(.*))?$/.exec(value) ?? [];
    if (literal !== undefined && isIP(literal) === 6 && port === undefined) return literal;
    const [, name = value, , rest] = /^(\[[^\]]*\]|[^:/]*)(([:/]).*)$/.exec(value) ?? [];
    if (rest === undefined && literal === undefined) return value;
    const digits = /:(\d+)/.exec(value.slice(name.length))?.[1];
    addIssue({
      message: `must be a host name without port and path, current value is '${value}': write ` +
        `host = "${name}"${digits === undefined ? "" : ` and port = ${digits}`}`,
    });
    return NEVER;
  }),
);

function schemaOf(context: Context) {
  return v.partial(v.object({
    service: v.pipe(
      text,
      v.check(
        (value) => value === undefined || smtpService(value) !== undefined,
        (issue) => `must be one of ${SERVICE_NAMES.join(", ")}, current value is "${issue.input}"`,
      ),
    ),
    host,
    // 0 stands for the default, as in the original.
    port: integer(0, 65535, "between 1 and 65535"),
    username: text,
    password: text,
    password_file: path(context),
    require_auth: flag,
    oauth2: v.unknown(),
    starttls_policy: text,
    implicit_tls: flag,
    root_cas: path(context),
    server_name: text,
    insecure_skip_verify: flag,
    client_crt: path(context),
    client_key: path(context),
    auth_method: choice("plain", "login", "cram-md5"),
    hello_name: v.pipe(
      text,
      v.check(
        (value) => value === undefined || HELLO_NAME.test(value),
        (issue) =>
          "must be a host name such as mail.example.com, or an address in brackets, current value " +
          `is ${JSON.stringify(issue.input)}`,
      ),
    ),
    timeout: v.pipe(
      intervalMs,
      v.check(
        (value) => value <= MAX_TIMEOUT_MS,
        (issue) => `must be at most 10m, current value is ${issue.input / 1000}s`,
      ),
    ),
    max_messages_per_connection: integer(1, 100_000),
    ...limitEntries,
  }));
}

/** Values of `[smtp]`, each valid on its own. */
type SmtpValues = Partial<v.InferOutput<ReturnType<typeof schemaOf>>>;

/** Reads `[smtp]`; `undefined` when something is wrong and reported. */
export async function readSmtp(table: unknown, context: Context): Promise<SmtpConfig | undefined> {
  const { report } = context;
  const { values, isWrong } = readSection("smtp", table, schemaOf(context), report);
  const errorsBefore = report.errors.length;
  const service = values.service === undefined ? undefined : smtpService(values.service);
  const host = values.host ?? service?.host;
  if (host === undefined && !isWrong("host") && !isWrong("service")) {
    report.error("provide smtp.host to use SMTP");
  }
  if (host?.includes("://")) {
    const fixed = host.replace(/^.*?:\/\//, "").replace(/[:/].*$/, "");
    report.warn(`smtp.host is '${host}', which is a URL: write '${fixed}'`);
  }
  const authIsWrong = isWrong("username") || isWrong("password") || isWrong("password_file");
  const auth = authIsWrong ? undefined : await readAuth(values, service, context);
  const starttlsPolicy = readPolicy(values.starttls_policy, context);
  const clientCertificate = readClientCertificate(values, context, isWrong);
  if (values.insecure_skip_verify === true) {
    report.warn(
      "smtp.insecure_skip_verify is on: an attacker on the network can read and change the emails",
    );
  }
  const port = values.port || service?.port || SUBMISSION_PORT;
  const implicitTls = values.implicit_tls ??
    (values.port ? port === SUBMISSIONS_PORT : service?.implicitTls ?? port === SUBMISSIONS_PORT);
  const isExposed = starttlsPolicy === "disabled" && !implicitTls && !isLoopback(host ?? "");
  if (isExposed && auth !== undefined) {
    report.warn(
      `smtp.starttls_policy is "disabled": user name and ${
        "oauth2" in auth ? "access token" : "password"
      } travel in clear text`,
    );
  }
  if (values.hello_name !== undefined && !/[.[]/.test(values.hello_name)) {
    report.warn(
      `smtp.hello_name is '${values.hello_name}': some servers take fully qualified names only`,
    );
  }
  if (host === undefined || report.errors.length > errorsBefore) return undefined;
  const rate = service?.messagesPerMinute === undefined
    ? undefined
    : service.messagesPerMinute / 60;
  return {
    kind: "smtp",
    host,
    port,
    starttlsPolicy,
    implicitTls,
    insecureSkipVerify: values.insecure_skip_verify ?? false,
    timeoutMs: values.timeout ?? DEFAULT_TIMEOUT_MS,
    maxConnections: values.max_connections ?? service?.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
    ...defined({
      service: values.service,
      auth,
      rootCas: values.root_cas,
      serverName: values.server_name,
      clientCertificate,
      helloName: values.hello_name,
      maxMessagesPerConnection: values.max_messages_per_connection,
      maxMessagesPerSecond: values.max_messages_per_second ?? rate,
    }),
  };
}

/**
 * Reads how to log in; `undefined` for a relay that wants no login, which the original refuses,
 * and when something is wrong and reported.
 */
async function readAuth(
  values: SmtpValues,
  service: SmtpService | undefined,
  context: Context,
): Promise<SmtpConfig["auth"]> {
  const { report } = context;
  const { password, password_file: file, auth_method: method, require_auth: required } = values;
  const hasPassword = password !== undefined || file !== undefined;
  const username = values.username ?? (hasPassword ? service?.username : undefined);
  if (values.oauth2 !== undefined) {
    const oauth2 = await readOAuth2(values.oauth2, service?.oauth2, context);
    if (hasPassword) report.error("provide either smtp.password or [smtp.oauth2], not both");
    if (method !== undefined) report.warn("smtp.auth_method has no effect with [smtp.oauth2]");
    if (username === undefined) {
      report.error("provide smtp.username to use [smtp.oauth2]: the mailbox to send from");
    }
    return oauth2 === undefined || username === undefined ? undefined : { username, oauth2 };
  }
  if (username === undefined) {
    if (hasPassword) {
      const key = password === undefined ? "smtp.password_file" : "smtp.password";
      report.error(`provide smtp.username to use SMTP: ${key} is set, but not smtp.username`);
    }
    for (const [key, value] of Object.entries({ auth_method: method, require_auth: required })) {
      if (value !== undefined && !hasPassword) {
        report.warn(`smtp.${key} has no effect without smtp.username`);
      }
    }
    return undefined;
  }
  const secret = await checkSecret({
    value: password,
    file,
    valueKey: "smtp.password",
    fileKey: "smtp.password_file",
    missing: "specify smtp.password or smtp.password_file",
    empty: "provide smtp.password or smtp.password_file",
  }, report);
  return secret === undefined
    ? undefined
    : { username, password: secret, isRequired: required ?? false, ...defined({ method }) };
}

function readPolicy(value: string | undefined, { report }: Context): SmtpConfig["starttlsPolicy"] {
  const policy = POLICIES.find((name) => name === (value ?? "mandatory"));
  if (policy === undefined) {
    report.error(
      `invalid smtp.starttls_policy: unsupported starttls_policy ${JSON.stringify(value)} - ` +
        "provide one of mandatory, opportunistic, disabled or leave empty to default to mandatory",
    );
  }
  return policy ?? "mandatory";
}

function readClientCertificate(
  { client_crt: crt, client_key: key }: SmtpValues,
  { report }: Context,
  isWrong: (key: "client_crt" | "client_key") => boolean,
): SmtpConfig["clientCertificate"] {
  if (crt !== undefined && key !== undefined) return { crt, key };
  if (crt === key || isWrong("client_crt") || isWrong("client_key")) return undefined;
  report.error("provide both smtp.client_crt and smtp.client_key or neither");
  return undefined;
}
