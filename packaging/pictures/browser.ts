/** Debian's Chromium, for screenshots and tests. */

import { Buffer } from "node:buffer";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";

/** Where it is: `apt-get install chromium`, or the path of another one in CHROMIUM. */
export const CHROMIUM: string = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";

/** Starts it without a window. */
export async function launchBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
}

type Clip = NonNullable<Awaited<ReturnType<Locator["boundingBox"]>>>;

const VISIBLE = "({ x: scrollX, y: scrollY, width: innerWidth, height: innerHeight })";

/** More pixels than readers' displays have points, for sharp text. */
const SCALE = 1.5;

/** A picture of what is visible, or of a whole element. WebP is a third of PNG's size. */
export async function picture(page: Page, path: URL, element?: Locator): Promise<void> {
  const clip = await element?.boundingBox() ?? await page.evaluate(VISIBLE) as Clip;
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", {
    format: "webp",
    quality: 82,
    clip: { ...clip, scale: SCALE },
    captureBeyondViewport: element !== undefined,
  });
  await session.detach();
  await Deno.writeFile(path, Buffer.from(data, "base64"));
}
