/** Texts of the sample that its reader is to replace; as values they are refused. */
export const PLACEHOLDERS: ReadonlySet<string> = new Set([
  "<your Mailgun domain>",
  "<your Mailgun key>",
  "<your mail server>",
  "<user name>",
  "<password>",
  "<client secret>",
]);
