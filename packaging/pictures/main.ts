/**
 * `deno task pictures`: screenshots for the documentation, by Debian's Chromium
 * (`apt-get install chromium fonts-roboto fonts-noto-color-emoji`, or the path of another one in
 * CHROMIUM): a thread, an email of every kind, and the playground in use.
 */

import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import type { MailContent } from "../../src/mail/content/compose.ts";
import { launchBrowser, picture } from "./browser.ts";
import { playgroundPictures } from "./playground.ts";
import { sampleMails } from "./samples.ts";
import { sheetPage } from "./sheet.ts";
import { threadPage } from "./thread.ts";

const IMAGES = new URL("../../docs/images/", import.meta.url);
/** Of kinds: `emails/<kind>.webp`. */
const EMAILS = new URL("emails/", IMAGES);

/** The emails of the thread: kind, title and time. */
const THREAD = [
  ["new", "New request", "10:24"],
  ["review", "Review", "10:30"],
  ["approved", "Decision", "10:31"],
] as const;

type Samples = ReadonlyMap<string, MailContent>;

async function threadPictures(browser: Browser, samples: Samples): Promise<void> {
  const page = threadPage(
    samples.get("new")?.subject ?? "",
    THREAD.map(([kind, title, time]) => ({ title, time, html: samples.get(kind)?.html ?? "" })),
  );
  for (const colorScheme of ["light", "dark"] as const) {
    const tab = await browser.newPage({ colorScheme });
    await tab.setContent(page, { waitUntil: "load" });
    await picture(tab, new URL(`thread-${colorScheme}.webp`, IMAGES), tab.locator("body"));
    await tab.close();
  }
}

async function emailPictures(browser: Browser, samples: Samples): Promise<void> {
  await Deno.mkdir(EMAILS, { recursive: true });
  for (const { name } of await Array.fromAsync(Deno.readDir(EMAILS))) {
    if (!samples.has(name.replace(".webp", ""))) await Deno.remove(new URL(name, EMAILS));
  }
  const tab = await browser.newPage();
  for (const [kind, { html = "" }] of samples) {
    await tab.setContent(sheetPage(html), { waitUntil: "load" });
    await picture(tab, new URL(`${kind}.webp`, EMAILS), tab.locator("main"));
  }
  await tab.close();
}

const samples: Samples = new Map(await sampleMails());
const browser = await launchBrowser();
try {
  await threadPictures(browser, samples);
  await emailPictures(browser, samples);
  await playgroundPictures(browser, IMAGES);
} finally {
  await browser.close();
}
// deno-lint-ignore no-console -- the result of the task
console.log(`${samples.size} emails, a thread and the playground in ${fileURLToPath(IMAGES)}`);
Deno.exit(0);
