/**
 * `deno task pictures`: screenshots of emails for the documentation, by Debian's Chromium
 * (`apt-get install chromium fonts-roboto fonts-noto-color-emoji`, or the path of another one in
 * CHROMIUM).
 */

import { fileURLToPath } from "node:url";
import { mustRun } from "../build/command.ts";
import { launchBrowser } from "./browser.ts";
import { type ThreadEmail, threadPage } from "./thread.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const IMAGES = new URL("../../docs/images/", import.meta.url);
/** Twice the size that readers see, for sharp text on their displays. */
const SCALE = 2;
const SCHEMES = ["light", "dark"] as const;

/** The emails of the picture: `preview --kind`, title and time. */
const THREAD = [
  ["new", "New request", "10:24"],
  ["review", "Review", "10:30"],
  ["approved", "Decision", "10:31"],
] as const;

async function preview(config: string, ...args: readonly string[]): Promise<string> {
  const command = ["run", "-A", `${ROOT}main.ts`, "preview", "--config", config, ...args];
  return await mustRun(Deno.execPath(), command);
}

/** The configuration that `preview` asks for; only its templates matter. */
const CONFIG = `
[teleport]
identity = "identity"
[smtp]
host = "mail.example.com"
[delivery]
sender = "teleport@example.com"
[role_to_recipients]
"*" = "security@example.com"
`;

async function thread(): Promise<string> {
  const config = await Deno.makeTempFile({ suffix: ".toml" });
  try {
    await Deno.writeTextFile(config, CONFIG);
    const [, subject = ""] = /^Subject: (.*)$/m.exec(await preview(config)) ?? [];
    const emails: ThreadEmail[] = [];
    for (const [kind, title, time] of THREAD) {
      emails.push({ title, time, html: await preview(config, "--kind", kind, "--html") });
    }
    return threadPage(subject, emails);
  } finally {
    await Deno.remove(config);
  }
}

const page = await thread();
const browser = await launchBrowser();
try {
  for (const colorScheme of SCHEMES) {
    const tab = await browser.newPage({ colorScheme, deviceScaleFactor: SCALE });
    await tab.setContent(page, { waitUntil: "load" });
    const path = fileURLToPath(new URL(`thread-${colorScheme}.png`, IMAGES));
    await tab.locator("body").screenshot({ path });
    await tab.close();
    // deno-lint-ignore no-console -- the result of the task
    console.log(path);
  }
} finally {
  await browser.close();
}
