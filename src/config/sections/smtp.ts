import * as v from "valibot";
import type { SmtpConfig } from "../config.ts";
import { choice, flag, integer, path, text } from "../values/fields.ts";
import { DEFAULT_MAX_CONNECTIONS, limitEntries } from "../values/limits.ts";
import type { Context, Report } from "../report.ts";
import { given, readSection } from "../section.ts";
import { checkSecret } from "../values/secret.ts";

const SUBMISSION_PORT = 587;
// RFC 8314 §3.3: TLS from the first byte.
const SUBMISSIONS_PORT = 465;

const POLICIES = ["mandatory", "opportunistic", "disabled"] as const;

function schemaOf(context: Context) {
  return v.partial(v.object({
    host: v.pipe(
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
    ),
    port: integer(0, 65535),
    username: text,
    password: text,
    password_file: path(context),
    starttls_policy: text,
    implicit_tls: flag,
    root_cas: path(context),
    server_name: text,
    insecure_skip_verify: flag,
    client_crt: path(context),
    client_key: path(context),
    auth_method: choice("plain", "login", "cram-md5"),
    hello_name: text,
    ...limitEntries,
  }));
}

/** Values of `[smtp]`, each right by itself. */
type SmtpValues = Partial<v.InferOutput<ReturnType<typeof schemaOf>>>;

/** Reads `[smtp]`; `undefined` when something is wrong and reported. */
export async function readSmtp(table: unknown, context: Context): Promise<SmtpConfig | undefined> {
  const { report } = context;
  const { values, isWrong } = readSection("smtp", table, schemaOf(context), report);
  const errorsBefore = report.errors.length;
  if (values.host === undefined && !isWrong("host")) report.error("provide smtp.host to use SMTP");
  if (values.host?.includes("://")) {
    // Upstream's own tests have such a host; it loads there and can never be reached.
    const fixed = values.host.replace(/^.*?:\/\//, "").replace(/[:/].*$/, "");
    report.warn(`smtp.host is '${values.host}', which is a URL: write '${fixed}'`);
  }
  const authIsWrong = isWrong("username") || isWrong("password") || isWrong("password_file");
  const auth = authIsWrong ? undefined : await readSmtpAuth(values, report);
  const starttlsPolicy = readPolicy(values.starttls_policy, context);
  const clientCertificate = readClientCertificate(values, context, isWrong);
  if (values.insecure_skip_verify === true) {
    report.warn("smtp.insecure_skip_verify is on: anybody in between can read and change the mail");
  }
  if (values.host === undefined || report.errors.length > errorsBefore) return undefined;
  const port = values.port || SUBMISSION_PORT;
  return {
    kind: "smtp",
    host: values.host,
    port,
    starttlsPolicy,
    implicitTls: values.implicit_tls ?? port === SUBMISSIONS_PORT,
    insecureSkipVerify: values.insecure_skip_verify ?? false,
    maxConnections: values.max_connections ?? DEFAULT_MAX_CONNECTIONS,
    ...given({
      auth,
      rootCas: values.root_cas,
      serverName: values.server_name,
      clientCertificate,
      helloName: values.hello_name,
      maxMessagesPerSecond: values.max_messages_per_second,
    }),
  };
}

/**
 * Reads how to log in; `undefined` for a relay that wants no login, which the original refuses,
 * and when something is wrong and reported.
 */
async function readSmtpAuth(
  { username, password, password_file: file, auth_method: method }: SmtpValues,
  report: Report,
): Promise<SmtpConfig["auth"]> {
  if (username === undefined) {
    if (password !== undefined || file !== undefined) {
      report.error("provide smtp.username to use SMTP");
    } else if (method !== undefined) {
      report.warn("smtp.auth_method has no effect without smtp.username");
    }
    return undefined;
  }
  const secret = await checkSecret({
    value: password,
    file,
    fileKey: "smtp.password_file",
    missing: "specify smtp.password or smtp.password_file",
    empty: "provide smtp.password or smtp.password_file",
  }, report);
  return secret === undefined ? undefined : { username, password: secret, ...given({ method }) };
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
