/** `[smtp.oauth2]`: access tokens in place of a password. */

import { defined } from "../../optional.ts";
import * as v from "valibot";
import type { OAuth2Config, OAuth2Proof } from "../config.ts";
import type { Context } from "../report.ts";
import { readSection } from "../section.ts";
import { choice, path, text } from "../values/fields.ts";
import { checkSecret } from "../values/secret.ts";

const MICROSOFT = {
  scope: "https://outlook.office365.com/.default",
  tokenUrl: (tenant: string) => `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`,
} as const;
const GOOGLE = {
  scope: "https://mail.google.com/",
  tokenUrl: "https://oauth2.googleapis.com/token",
} as const;

function schemaOf(context: Context) {
  return v.partial(v.object({
    provider: choice("microsoft", "google"),
    tenant: v.pipe(
      text,
      v.check(
        (value) => value === undefined || /^[A-Za-z0-9.-]+$/.test(value),
        (issue) => `must be a tenant's id or domain, current value is "${issue.input}"`,
      ),
    ),
    client_id: text,
    client_secret: text,
    client_secret_file: path(context),
    client_certificate: path(context),
    client_key: path(context),
    federated_token_file: path(context),
    service_account_file: path(context),
    token_url: v.pipe(
      text,
      v.check(
        (value) => value === undefined || isHttps(value),
        (issue) => `must be an https URL, current value is ${JSON.stringify(issue.input)}`,
      ),
    ),
    client_auth: choice("client_secret_post", "client_secret_basic"),
    grant: choice("client_credentials", "refresh_token"),
    refresh_token_file: path(context),
    scope: text,
    access_token_file: path(context),
    root_cas: path(context),
  }));
}

function isHttps(value: string): boolean {
  const url = URL.parse(value);
  return url?.protocol === "https:" && url.username + url.password + url.hash === "";
}

type Values = Partial<v.InferOutput<ReturnType<typeof schemaOf>>>;
const KEYS = ["client_id", "token_url", "service_account_file", "refresh_token_file"] as const;

/** Reads it; `undefined` when something is wrong and reported. `provider` is the service's own. */
export async function readOAuth2(
  table: unknown,
  provider: "microsoft" | "google" | undefined,
  context: Context,
): Promise<OAuth2Config | undefined> {
  const { report } = context;
  const before = report.errors.length;
  const { values } = readSection("smtp.oauth2", table, schemaOf(context), report);
  if (report.errors.length > before) return undefined;
  const config = await read({ ...values, provider: values.provider ?? provider }, context);
  return report.errors.length > before ? undefined : config;
}

async function read(values: Values, context: Context): Promise<OAuth2Config | undefined> {
  const { report } = context;
  const rootCas = defined({ rootCas: values.root_cas });
  if (values.access_token_file !== undefined) {
    const others = KEYS.filter((key) => values[key] !== undefined);
    if (others.length > 0) {
      report.error(
        `provide either smtp.oauth2.access_token_file or smtp.oauth2.${others[0]}, not both`,
      );
    }
    return { kind: "file", file: values.access_token_file };
  }
  if (values.service_account_file !== undefined) {
    if (values.provider !== "google") {
      report.error('smtp.oauth2.service_account_file needs smtp.oauth2.provider = "google"');
    }
    return {
      kind: "service-account",
      file: values.service_account_file,
      scope: values.scope ?? GOOGLE.scope,
      ...rootCas,
    };
  }
  const provider = values.provider ?? "generic";
  const grant = readGrant(values, context);
  const tokenUrl = readTokenUrl(values, context);
  const proof = await readProof(values, grant?.kind === "refresh_token", context);
  if (values.client_id === undefined) {
    report.error(
      values.provider === "google"
        ? "provide smtp.oauth2.service_account_file, or client_id and refresh_token_file"
        : "provide smtp.oauth2.client_id",
    );
  }
  if (
    grant === undefined || tokenUrl === undefined || proof === undefined ||
    values.client_id === undefined
  ) return undefined;
  const scope = values.scope ??
    (provider === "microsoft" && grant.kind === "client_credentials" ? MICROSOFT.scope : undefined);
  return {
    kind: "endpoint",
    provider,
    tokenUrl,
    clientId: values.client_id,
    proof,
    grant,
    ...defined({ scope }),
    ...rootCas,
  };
}

function readGrant(
  { grant, refresh_token_file: file, provider }: Values,
  { report }: Context,
): Extract<OAuth2Config, { kind: "endpoint" }>["grant"] | undefined {
  if ((grant ?? (file === undefined ? undefined : "refresh_token")) === "refresh_token") {
    if (file !== undefined) return { kind: "refresh_token", file };
    report.error('smtp.oauth2.grant = "refresh_token" needs smtp.oauth2.refresh_token_file');
    return undefined;
  }
  if (file !== undefined) {
    report.error('smtp.oauth2.refresh_token_file needs smtp.oauth2.grant = "refresh_token"');
  }
  if (grant !== undefined && provider === "google") {
    report.error("Google has no client credentials for mailboxes: use service_account_file");
  }
  return { kind: "client_credentials" };
}

function readTokenUrl(
  { token_url: url, tenant, provider, grant, refresh_token_file: file }: Values,
  { report }: Context,
): string | undefined {
  if (url !== undefined) return url;
  if (provider === "google") return GOOGLE.tokenUrl;
  if (provider === undefined) {
    report.error('provide smtp.oauth2.token_url, or provider = "microsoft" or "google"');
    return undefined;
  }
  if (tenant === undefined) {
    report.error("provide smtp.oauth2.tenant: the tenant's id or domain");
    return undefined;
  }
  const isShared = /^(common|organizations|consumers)$/i.test(tenant);
  if (isShared && (grant ?? (file === undefined ? "" : "refresh_token")) !== "refresh_token") {
    report.error(
      `smtp.oauth2.tenant must be a tenant's id or domain, current value is "${tenant}"`,
    );
  }
  return MICROSOFT.tokenUrl(tenant);
}

/** Exactly one; none for a public client with a refresh token. */
async function readProof(
  values: Values,
  mayBePublic: boolean,
  { report }: Context,
): Promise<OAuth2Proof | undefined> {
  const { client_certificate: crt, client_key: key, federated_token_file: federated } = values;
  const hasSecret = values.client_secret !== undefined || values.client_secret_file !== undefined;
  const hasCertificate = crt !== undefined || key !== undefined;
  const ways = [hasSecret, hasCertificate, federated !== undefined].filter((way) => way).length;
  if (ways > 1) {
    report.error(
      "provide one of smtp.oauth2.client_secret, client_certificate and federated_token_file",
    );
    return undefined;
  }
  if (federated !== undefined) return { kind: "federated", file: federated };
  if (hasCertificate) {
    if (crt !== undefined && key !== undefined) return { kind: "certificate", crt, key };
    report.error("provide both smtp.oauth2.client_certificate and smtp.oauth2.client_key");
    return undefined;
  }
  if (!hasSecret && mayBePublic) return { kind: "none" };
  const needed = values.provider === "microsoft"
    ? "provide smtp.oauth2.client_secret, client_secret_file, client_certificate with client_key, " +
      "or federated_token_file"
    : "provide smtp.oauth2.client_secret or client_secret_file";
  const secret = await checkSecret({
    value: values.client_secret,
    file: values.client_secret_file,
    valueKey: "smtp.oauth2.client_secret",
    fileKey: "smtp.oauth2.client_secret_file",
    missing: needed,
    empty: needed,
  }, report);
  return secret === undefined
    ? undefined
    : { kind: "secret", secret, inHeader: values.client_auth === "client_secret_basic" };
}
