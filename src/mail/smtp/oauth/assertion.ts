/** Signed assertions that authenticate a client: Entra's client assertion, Google's service account. */

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { SignJWT } from "jose";
import * as oauth from "oauth4webapi";
import { TokenError } from "./error.ts";
import type { ClientProof, OAuthOptions, ReadText } from "./options.ts";
import { reasonOf } from "../../../text.ts";

/** Microsoft advises five to ten minutes, Google takes an hour at most. */
const LIFE_S = 300;

/** Google's token endpoint. */
export const GOOGLE_TOKEN_URL = "https://oauth2.googleapis.com/token";

/** The proof for one request, and the secrets in it. @throws {TokenError} */
export async function clientProof(
  proof: ClientProof,
  tokenUrl: string,
  now: () => number,
): Promise<{ readonly proof: oauth.ClientAuth; readonly secrets: readonly string[] }> {
  switch (proof.kind) {
    case "none":
      return { proof: oauth.None(), secrets: [] };
    case "secret": {
      const secret = await read(proof.secret);
      const make = proof.inHeader ? oauth.ClientSecretBasic : oauth.ClientSecretPost;
      return { proof: make(secret), secrets: [secret, encodeURIComponent(secret)] };
    }
    case "federated": {
      const assertion = (await read(proof.assertion)).trim();
      return {
        proof: (_as, client, body) => {
          body.set("client_id", client.client_id);
          body.set(
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
          );
          body.set("client_assertion", assertion);
        },
        secrets: [assertion],
      };
    }
    case "certificate":
      return { proof: await certificateProof(proof, tokenUrl, now), secrets: [] };
  }
}

/** As Entra wants it: PS256, and the certificate by its SHA-256 thumbprint. */
async function certificateProof(
  { crt, key }: Extract<ClientProof, { kind: "certificate" }>,
  tokenUrl: string,
  now: () => number,
): Promise<oauth.ClientAuth> {
  const certificate = readCertificate(await read(crt));
  const privateKey = readPrivateKey(await read(key), "smtp.oauth2.client_key");
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new TokenError(
      "configuration",
      "smtp.oauth2.client_key is not the key of client_certificate",
      {
        remedy: "name a certificate and a key that belong together",
      },
    );
  }
  const thumbprint = await crypto.subtle.digest("SHA-256", new Uint8Array(certificate.raw));
  const signingKey = await importRsaKey(privateKey, "RSA-PSS");
  return oauth.PrivateKeyJwt(signingKey, {
    [oauth.modifyAssertion](header, payload) {
      header["typ"] = "JWT";
      header["x5t#S256"] = base64url(new Uint8Array(thumbprint));
      payload["aud"] = tokenUrl;
      const nowS = Math.floor(now() / 1000);
      payload["iat"] = payload["nbf"] = nowS;
      payload["exp"] = nowS + LIFE_S;
    },
  });
}

/** The grant of a service account that acts for the mailbox (RFC 7523 §2.1). @throws {TokenError} */
export async function serviceAccountAssertion(
  { account, scope }: Extract<OAuthOptions, { kind: "service-account" }>,
  subject: string,
  now: () => number,
): Promise<{ readonly assertion: string; readonly tokenUrl: string }> {
  const { email, key, keyId, tokenUrl } = parseAccount(await read(account));
  const privateKey = readPrivateKey(key, "the private_key of smtp.oauth2.service_account_file");
  const nowS = Math.floor(now() / 1000);
  const assertion = await new SignJWT({ scope })
    .setProtectedHeader({ alg: "RS256", typ: "JWT", ...keyId === undefined ? {} : { kid: keyId } })
    .setIssuer(email)
    .setSubject(subject)
    .setAudience(tokenUrl)
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + LIFE_S)
    .sign(await importRsaKey(privateKey, "RSASSA-PKCS1-v1_5"));
  return { assertion, tokenUrl };
}

function parseAccount(text: string) {
  let fields: Record<string, unknown> = {};
  try {
    fields = { ...JSON.parse(text) };
  } catch {
    // Falls through to the fields that are missing.
  }
  const field = (name: string) => typeof fields[name] === "string" ? fields[name] : undefined;
  const [email, key] = [field("client_email"), field("private_key")];
  const tokenUrl = field("token_uri") ?? GOOGLE_TOKEN_URL;
  if (email === undefined || key === undefined) {
    throw new TokenError(
      "configuration",
      "smtp.oauth2.service_account_file is not a service account's key: client_email or private_key " +
        "is missing",
      { remedy: "create a JSON key of the service account and name its file" },
    );
  }
  if (URL.parse(tokenUrl)?.protocol !== "https:") {
    throw new TokenError(
      "configuration",
      "the token_uri of smtp.oauth2.service_account_file is not an https URL",
      { remedy: "use the key file as Google made it" },
    );
  }
  return { email, key, keyId: field("private_key_id"), tokenUrl };
}

async function read(text: ReadText): Promise<string> {
  try {
    return await text();
  } catch (error) {
    throw new TokenError("configuration", reasonOf(error), {
      remedy:
        "check the paths in [smtp.oauth2], and that the user who runs this program may read them",
    });
  }
}

/** The first certificate of a PEM file. @throws {TokenError} */
export function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new TokenError(
      "configuration",
      "smtp.oauth2.client_certificate is not a PEM certificate",
      {
        remedy: "name a file that begins with -----BEGIN CERTIFICATE-----",
      },
    );
  }
}

/** PKCS#8 and PKCS#1 alike. */
function readPrivateKey(pem: string, what: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "rsa") return key;
  } catch {
    // Falls through.
  }
  throw new TokenError("configuration", `${what} is not an RSA private key without a passphrase`, {
    remedy: "name a PEM file that begins with -----BEGIN PRIVATE KEY----- or BEGIN RSA PRIVATE KEY",
  });
}

async function importRsaKey(key: KeyObject, name: "RSA-PSS" | "RSASSA-PKCS1-v1_5") {
  const der = new Uint8Array(key.export({ type: "pkcs8", format: "der" }));
  return await crypto.subtle.importKey("pkcs8", der, { name, hash: "SHA-256" }, false, ["sign"]);
}

function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
