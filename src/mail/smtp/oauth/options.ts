/** How an SMTP transport gets access tokens: fits `[smtp.oauth2]` of the configuration. */

/** Reads a file, or a value of the configuration. @throws {Error} with the path and the reason */
export type ReadText = () => Promise<string>;

/** How the client proves to the token endpoint who it is. */
export type ClientProof =
  | { readonly kind: "secret"; readonly secret: ReadText; readonly inHeader: boolean }
  /** A signed assertion (`private_key_jwt`), by a key whose certificate the server knows. */
  | { readonly kind: "certificate"; readonly crt: ReadText; readonly key: ReadText }
  /** An assertion that another issuer signed, such as a token of a Kubernetes service account. */
  | { readonly kind: "federated"; readonly assertion: ReadText }
  /** A public client. */
  | { readonly kind: "none" };

/** What access tokens are asked for with. */
export type TokenGrant =
  | { readonly kind: "client_credentials" }
  | { readonly kind: "refresh_token"; readonly refreshToken: ReadText };

/** The source of access tokens: a token endpoint, a Google service account, or a file. */
export type OAuthOptions =
  | {
    readonly kind: "endpoint";
    /** Whose errors are explained; `generic` for any other. */
    readonly provider: "microsoft" | "google" | "generic";
    readonly tokenUrl: string;
    readonly clientId: string;
    readonly proof: ClientProof;
    readonly grant: TokenGrant;
    readonly scope?: string;
  }
  | {
    /** Google's domain-wide delegation: the account's key signs for a mailbox (RFC 7523). */
    readonly kind: "service-account";
    /** The account's key file, JSON. */
    readonly account: ReadText;
    readonly scope: string;
  }
  /** Something else renews the file. */
  | { readonly kind: "file"; readonly token: ReadText };
