/** The playground as people use it, with the real program and Debian's Chromium. */

import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { CHROMIUM, launchBrowser } from "../../packaging/pictures/browser.ts";
import { openPlayground } from "../../packaging/pictures/playground.ts";

const hasChromium = await Deno.stat(CHROMIUM).then(() => true, () => false);
if (!hasChromium) {
  // deno-lint-ignore no-console -- why tests are skipped
  console.warn(`tests in a browser are skipped: no ${CHROMIUM} (apt-get install chromium)`);
}

interface Stage extends AsyncDisposable {
  readonly url: string;
  readonly browser: Browser;
}

async function openStage(): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const { url } = stack.use(await openPlayground());
  const browser = stack.use(await launchBrowser());
  const owned = stack.move();
  return { url, browser, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** A page, and what its console complains about: scripts that fail, and what its policy blocks. */
async function openPage({ browser, url }: Stage, width = 1440) {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  page.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(url);
  return { page, complaints };
}

const inbox = (page: Page, name: string) => page.locator("#accounts").getByRole("button", { name });
const email = (page: Page) => page.frameLocator(".reader iframe");

Deno.test({
  name: "A request made in the page is mailed, reviewed from its email, and its thread closes",
  ignore: !hasChromium,
  fn: async () => {
    await using stage = await openStage();
    const { page, complaints } = await openPage(stage);
    const reason = '<img src=x onerror="document.title=1"> Slow orders & "quotes"';
    await page.getByText("Database orders", { exact: true }).click();
    await page.locator("#new-request [name=reason]").fill(reason);
    await page.getByRole("button", { name: "Request access" }).click();

    await inbox(page, "bob@example.com").click();
    const heading = email(page).getByRole("heading");
    await page.locator(".thread .badge.pending").waitFor();
    assert.equal(await heading.textContent(), "You have a new Resource Request");
    const body = email(page).locator("body");
    assert.match(await body.innerText(), /alice@example\.com requests Database orders for 4 hours/);
    assert.ok((await body.innerText()).includes(reason));
    await page.getByRole("button", { name: "Text", exact: true }).click();
    assert.match(await page.locator(".plain").innerText(), /Status: ⏳ PENDING/);
    await page.getByRole("button", { name: "HTML", exact: true }).click();

    const routing = page.locator("#routing");
    await routing.getByText("dev-lead@example.com").waitFor();
    assert.match(await routing.innerText(), /route production matches/);

    await email(page).getByRole("link", { name: "Review the request" }).click();
    const answer = page.locator("#decide [name=reason]");
    assert.ok(await answer.evaluate((input) => input === input.ownerDocument.activeElement));
    assert.equal(await page.locator("#decide [name=author]").inputValue(), "bob@example.com");
    await page.keyboard.type("Go ahead");
    await page.keyboard.press("Enter");

    await page.locator(".thread .badge.approved").waitFor();
    await email(page).getByText("has been resolved").waitFor();
    assert.match(await body.innerText(), /Decided by\s+bob@example\.com/);
    assert.match(await page.locator("#requests .badge").innerText(), /approved/i);
    assert.ok(await page.locator("#decide").isHidden());
    assert.match(await page.locator("#log").innerText(), /Successfully sent/);
    assert.equal(await page.title(), "teleport-email playground");

    assert.equal(await page.locator("iframe").getAttribute("sandbox"), "allow-same-origin");

    await page.locator("[data-break=mail]").click();
    await page.getByText(/Mail server down, \d+ s/).waitFor();

    const { page: phone } = await openPage(stage, 390);
    await phone.locator(".request").waitFor();
    assert.ok(await phone.evaluate("document.documentElement.scrollWidth <= innerWidth"));
    assert.deepEqual(complaints, []);
  },
});
