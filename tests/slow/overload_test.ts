/** Overload in small; `deno task faults --overload` has it in full. */

import { OVERLOADS } from "../faults/overload.ts";
import { onStage } from "../support.ts";

for (const { name, sizes: { small }, roleToRecipients, run } of OVERLOADS) {
  Deno.test(`Overload: ${small} ${name}`, async () => {
    await onStage({ roleToRecipients: roleToRecipients(small) }, async (stage) => {
      await run(stage, small);
    });
  });
}
