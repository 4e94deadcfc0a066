/** The files that the configuration names beside credentials and passwords, which have lines of their own. */

import type { ConfigParts } from "../../config/config.ts";
import { readBytes } from "../../read_file.ts";
import { fileError } from "../../text.ts";
import type { Finding } from "./finding.ts";

/** What to do about a file that cannot be read. */
export const FILE_REMEDY =
  "check the path, and that the user who runs this program may read the file";

/** Names each file that cannot be read, with its key; nothing if all can be. */
export async function* checkFiles(parts: ConfigParts): AsyncGenerator<Finding> {
  for (const [key, path] of filesOf(parts)) {
    try {
      await readBytes(path);
    } catch (error) {
      const text = `Cannot read ${key}: ${fileError("open", path, error)}`;
      yield { check: "files", level: "problem", text, remedy: FILE_REMEDY };
    }
  }
}

function filesOf(
  { teleport, mail }: ConfigParts,
): readonly (readonly [key: string, path: string])[] {
  const files: Record<string, string | undefined> = {
    "teleport.web_root_cas": teleport?.webRootCas,
  };
  if (mail?.kind === "mailgun") files["mailgun.root_cas"] = mail.rootCas;
  if (mail?.kind === "smtp") {
    const { rootCas, clientCertificate, auth } = mail;
    files["smtp.root_cas"] = rootCas;
    files["smtp.client_crt"] = clientCertificate?.crt;
    files["smtp.client_key"] = clientCertificate?.key;
    const oauth2 = auth !== undefined && "oauth2" in auth ? auth.oauth2 : undefined;
    if (oauth2?.kind === "endpoint" || oauth2?.kind === "service-account") {
      files["smtp.oauth2.root_cas"] = oauth2.rootCas;
    }
    if (oauth2?.kind === "file") files["smtp.oauth2.access_token_file"] = oauth2.file;
    if (oauth2?.kind === "service-account") files["smtp.oauth2.service_account_file"] = oauth2.file;
    if (oauth2?.kind === "endpoint") {
      const { proof, grant } = oauth2;
      if (proof.kind === "certificate") {
        files["smtp.oauth2.client_certificate"] = proof.crt;
        files["smtp.oauth2.client_key"] = proof.key;
      }
      if (proof.kind === "federated") files["smtp.oauth2.federated_token_file"] = proof.file;
      if (grant.kind === "refresh_token") files["smtp.oauth2.refresh_token_file"] = grant.file;
    }
  }
  return Object.entries(files).flatMap(([key, path]) => path === undefined ? [] : [[key, path]]);
}
