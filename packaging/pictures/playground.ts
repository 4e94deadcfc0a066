/** Pictures of the playground in use. */

import type { Browser, Page } from "playwright-core";
import { runPlayground } from "../../sim/playground/playground_command.ts";
import { picture } from "./browser.ts";

const DESKTOP = { width: 1400, height: 900 };
const PHONE = { width: 390, height: 844 };

/** A playground with the program, until it is disposed. */
export interface RunningPlayground extends AsyncDisposable {
  readonly url: string;
}

/** Runs `deno task playground` in this process, and waits for its page. */
export async function openPlayground(): Promise<RunningPlayground> {
  const controller = new AbortController();
  const started = Promise.withResolvers<string>();
  const running = runPlayground([], {
    signal: controller.signal,
    write: (text) => {
      const [url] = /http:\S+/.exec(text) ?? [];
      if (url !== undefined) started.resolve(url);
    },
  });
  running.catch(started.reject);
  return {
    url: await started.promise,
    [Symbol.asyncDispose]: async () => {
      controller.abort();
      await running;
    },
  };
}

/** Plays a request in the page, and writes `playground-*.webp` into a folder. */
export async function playgroundPictures(browser: Browser, folder: URL): Promise<void> {
  await using playground = await openPlayground();
  const { url } = playground;
  const light = await open(browser, url, "light", DESKTOP);
  await play(light);
  await picture(light, new URL("playground-light.webp", folder));
  const dark = await open(browser, url, "dark", DESKTOP);
  await picture(dark, new URL("playground-dark.webp", folder));
  const phone = await open(browser, url, "light", PHONE);
  await phone.locator("#inboxes").evaluate((column) => column.scrollIntoView());
  await picture(phone, new URL("playground-phone.webp", folder));
}

async function open(
  browser: Browser,
  url: string,
  colorScheme: "light" | "dark",
  viewport: { readonly width: number; readonly height: number },
): Promise<Page> {
  const page = await browser.newPage({ colorScheme, viewport });
  await page.goto(url);
  await page.getByText("Daemon ready").waitFor();
  // The newest email of a request that is there already.
  if (await page.locator(".request").count() > 0) {
    await page.frameLocator(".reader iframe").locator("h1").waitFor();
    await page.locator("#routing .who").waitFor();
  }
  return page;
}

/** A request for a database, which the first of two reviewers approves. */
async function play(page: Page): Promise<void> {
  await page.getByText("Database orders", { exact: true }).click();
  await page.locator("#new-request [name=reason]").fill("Investigate slow orders, OPS-1234");
  await page.locator("#new-request [name=approve]").selectOption("2");
  await page.getByRole("button", { name: "Request access" }).click();
  await page.locator("#accounts").getByRole("button", { name: "carol@example.com" }).click();
  const email = page.frameLocator(".reader iframe");
  await email.getByRole("heading", { name: "You have a new Resource Request" }).waitFor();
  await page.locator("#routing .who").waitFor();
  await page.locator("#request").evaluate((column) => column.scrollTo(0, 330));
  await page.locator("#decide [name=reason]").fill("Go ahead");
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await email.getByRole("heading", { name: /bob@example\.com reviewed/ }).waitFor();
  // The figures follow within a second.
  await page.locator("#figures dd").first().getByText("10").waitFor();
}
