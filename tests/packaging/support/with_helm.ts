/** Tests that need Helm, and the word that they are skipped where it cannot be had. */

import { findHelm } from "./tools.ts";

const helm = await findHelm();
if (!helm.ok) {
  // deno-lint-ignore no-console -- tells why tests are skipped
  console.warn(`tests of the Helm chart are skipped: ${helm.why}`);
}

/** A test that gets the path of Helm. */
export function chartTest(name: string, test: (helm: string) => Promise<void>): void {
  Deno.test({ name, ignore: !helm.ok, fn: () => test(helm.ok ? helm.path : "") });
}
