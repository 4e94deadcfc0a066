/** Mail services by name: `smtp.service` fills in what their documentation says. */

/** What a service is reached at, and what it lets an account do. */
export interface SmtpService {
  /** For messages. */
  readonly title: string;
  readonly host: string;
  readonly port: number;
  readonly implicitTls: boolean;
  /** The user name that all accounts share. */
  readonly username?: string;
  /** Whose access tokens it takes. */
  readonly oauth2?: "microsoft" | "google";
  readonly maxConnections?: number;
  readonly messagesPerMinute?: number;
  readonly messagesPerConnection?: number;
  /** Of one account, or what the smallest account may send. */
  readonly messagesPerDay?: number;
  /** Where the limits are documented. */
  readonly source: string;
}

const STARTTLS = { port: 587, implicitTls: false } as const;
const IMPLICIT_TLS = { port: 465, implicitTls: true } as const;

const SERVICES: ReadonlyMap<string, SmtpService> = new Map<string, SmtpService>([
  ["microsoft365", {
    title: "Microsoft 365",
    host: "smtp.office365.com",
    ...STARTTLS,
    oauth2: "microsoft",
    maxConnections: 3,
    messagesPerMinute: 30,
    messagesPerDay: 10_000,
    source: "learn.microsoft.com: Improvements in SMTP Authenticated Submission client protocol",
  }],
  ["google", {
    title: "Google Workspace",
    host: "smtp.gmail.com",
    ...IMPLICIT_TLS,
    oauth2: "google",
    messagesPerDay: 2000,
    source: "support.google.com/a/answer/166852",
  }],
  ["sendgrid", {
    title: "SendGrid",
    host: "smtp.sendgrid.net",
    ...STARTTLS,
    username: "apikey",
    messagesPerConnection: 5000,
    source: "SendGrid documentation: Integrating with the SMTP API",
  }],
  ["postmark", {
    title: "Postmark",
    host: "smtp.postmarkapp.com",
    ...STARTTLS,
    source: "postmarkapp.com/support/article/811",
  }],
  ["mailgun-smtp:us", {
    title: "Mailgun",
    host: "smtp.mailgun.org",
    ...STARTTLS,
    source: "Mailgun documentation: Send via SMTP",
  }],
  ["mailgun-smtp:eu", {
    title: "Mailgun",
    host: "smtp.eu.mailgun.org",
    ...STARTTLS,
    source: "Mailgun documentation: Send via SMTP",
  }],
]);

/** What may stand in `smtp.service`, with a place for the region. */
export const SERVICE_NAMES: readonly string[] = [...SERVICES.keys(), "ses:<region>"];

/** The service of that name; undefined when there is none. */
export function smtpService(name: string): SmtpService | undefined {
  const region = /^ses:([a-z]{2}(?:-[a-z]+)+-\d+)$/.exec(name)?.[1];
  if (region === undefined) return SERVICES.get(name);
  return {
    title: "Amazon SES",
    // Amazon's domains in China have an ending of their own.
    host: `email-smtp.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`,
    ...STARTTLS,
    source: "Amazon SES Developer Guide: service quotas",
  };
}
