/** Debian's Chromium, for screenshots and tests. */

import { type Browser, chromium } from "playwright-core";

/** Where it is: `apt-get install chromium`, or the path of another one in CHROMIUM. */
export const CHROMIUM: string = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";

/** Starts it without a window. */
export async function launchBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
}
