import { CONFIG_EXITS, type Definition, withConfig } from "../definition.ts";

/** The command `test-mail`. */
export const TEST_MAIL: Definition = {
  name: "test-mail",
  summary: "Sends sample emails and reports the mail server's replies.",
  details: [
    "Each address gets five emails in one thread, as for a real request: new, review, approved, denied, " +
    "expired. Subject and text mark them as a test.",
    `Exit codes: 0 if the mail server accepted every email, 1 if it refused one, ${CONFIG_EXITS}.`,
  ],
  example: "teleport-email test-mail alice@example.com",
  define: (command, { run }) => {
    withConfig(command).argument("<address...>", "recipients")
      .action((addresses, options) =>
        run("testMail", async () => (await import("../test_mail.ts")).testMail, {
          ...options,
          addresses,
        })
      );
  },
};
