/** Files with secrets that every user of the machine can read. */

import type { Config, ConfigParts, OAuth2Config, Secret } from "./config.ts";

const OTHERS_MAY_READ = 0o004;

/**
 * One warning that names all of them; undefined when there is none. Files that are not there, or that a
 * system without modes holds, are left to those that read them.
 */
export async function exposedFiles(config: ConfigParts, path: string): Promise<string | undefined> {
  const exposed: string[] = [];
  for (const file of new Set([...hasSecret(config) ? [path] : [], ...secretFiles(config)])) {
    const { mode, isFile } = await Deno.stat(file).catch(() => ({ mode: null, isFile: false }));
    if (isFile && ((mode ?? 0) & OTHERS_MAY_READ) !== 0) exposed.push(`'${file}'`);
  }
  if (exposed.length === 0) return undefined;
  return `every user of this machine can read secrets in ${
    exposed.join(", ")
  }: take that right from ` +
    "others (chmod o-r)";
}

/** Whether the configuration file itself has a secret in it. */
function hasSecret({ mail }: ConfigParts): boolean {
  return mail !== undefined && secretsOf(mail).some((secret) => "value" in secret);
}

function secretFiles({ teleport, mail }: ConfigParts): readonly string[] {
  const credentials = teleport?.credentials;
  const ofTeleport = [
    ...credentials?.kind === "identity" ? [credentials.path] : [],
    ...credentials?.kind === "files" ? [credentials.key] : [],
  ];
  if (mail === undefined) return ofTeleport;
  return [
    ...ofTeleport,
    ...secretsOf(mail).flatMap((secret) => "file" in secret ? [secret.file] : []),
    ...mail.kind === "smtp" && mail.clientCertificate ? [mail.clientCertificate.key] : [],
  ];
}

function secretsOf(mail: Config["mail"]): readonly Secret[] {
  if (mail.kind === "mailgun") return [mail.privateKey];
  if (mail.auth === undefined) return [];
  return "oauth2" in mail.auth ? tokenSecrets(mail.auth.oauth2) : [mail.auth.password];
}

function tokenSecrets(oauth2: OAuth2Config): readonly Secret[] {
  if (oauth2.kind !== "endpoint") return [{ file: oauth2.file }];
  const { proof, grant } = oauth2;
  return [
    ...proof.kind === "secret" ? [proof.secret] : [],
    ...proof.kind === "certificate" ? [{ file: proof.key }] : [],
    ...proof.kind === "federated" ? [{ file: proof.file }] : [],
    ...grant.kind === "refresh_token" ? [{ file: grant.file }] : [],
  ];
}
