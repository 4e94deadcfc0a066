/** What servers and networks do to a connection that is to last for weeks. */

import assert from "node:assert/strict";
import { startCable } from "../../sim/proxy/cable.ts";
import { ROTATION_PHASES } from "../../sim/cluster/rotation.ts";
import { ask, onStage, until } from "../support.ts";

const RENEWING = 'refresh_identity = true\nrefresh_identity_interval = "1s"\n';

Deno.test("The program recovers from every end of a connection or a watch, and catches up", async () => {
  await onStage({}, async ({ playground, configure, start }) => {
    const { auth, mail, proxy } = playground;
    await using cable = await startCable(proxy.address);
    await configure((text) => text.replace(proxy.address, cable.address));
    const plugin = await start();
    const restart = async (server: { stop(): Promise<void>; start(): Promise<void> }) => {
      await server.stop();
      setTimeout(() => void server.start(), 500);
    };
    const incidents: Readonly<Record<string, () => void | Promise<void>>> = {
      "the watch ends in good order": () => auth.dropWatches(),
      "the watch overflows": () =>
        auth.dropWatches("INVALID_ARGUMENT", "watcher is closed: buffer overflow"),
      "the watch is reset": () =>
        auth.dropWatches("UNAVAILABLE", "stream terminated by RST_STREAM"),
      "GOAWAY": () => auth.goAway(),
      "RST": () => cable.resetConnections(),
      "the connection breaks": () => cable.breakConnections(),
      "the proxy restarts": () => restart(proxy),
      "the auth server restarts": () => restart(auth),
      "the auth server is slow": () => {
        auth.callDelayMs = auth.initDelayMs = 1_000;
        auth.breakConnections();
      },
    };
    for (const [what, happens] of Object.entries(incidents)) {
      const count = mail.mails.length + 2;
      await happens();
      ask(playground, { roles: ["dev"] });
      ask(playground, { roles: ["dev"] });
      await until(`mails although ${what}`, () => mail.mails.length >= count, 30_000);
      assert.equal(mail.mails.length, count, what);
      auth.clearFaults();
      auth.initDelayMs = 0;
    }
    assert.equal(await plugin.stop(), 0);
  });
});

for (const way of ["direct", "ssh"] as const) {
  Deno.test(`The host authority can be rotated under a running program, by way of ${way}`, async () => {
    await onStage({}, async ({ playground, configure, start }) => {
      const { auth, hostAuthority, mail } = playground;
      await configure((text) =>
        text.replace("[teleport]\n", `[teleport]\nvia = "${way}"\n${RENEWING}`)
          .replace("[smtp]", `web_root_cas = "${playground.paths.webCa}"\n[smtp]`)
      );
      const plugin = await start();
      for (const [index, phase] of ROTATION_PHASES.entries()) {
        await hostAuthority.enter(phase);
        await playground.renew();
        const renewed = (line: string) => /Credentials were renewed/.test(line);
        await until(
          "the new identity is noticed",
          () => plugin.lines.filter(renewed).length > index,
          20_000,
        );
        auth.breakConnections();
        ask(playground, { roles: ["dev"] });
        await mail.waitForMails(index + 1);
      }
      assert.equal(mail.mails.length, ROTATION_PHASES.length);
      assert.equal(await plugin.stop(), 0);
    });
  });
}

Deno.test("A renewed identity is used before the old one expires, without a gap and without a restart", async () => {
  const identity = { ttlMs: 8_000 };
  await onStage({ identity }, async ({ playground, configure, start }) => {
    const { auth, mail } = playground;
    const runsOut = Date.now() + identity.ttlMs;
    auth.disconnectExpired = true;
    await configure((text) => text.replace("[teleport]\n", `[teleport]\n${RENEWING}`));
    const plugin = await start();
    await playground.renew({ ttlMs: 3_600_000 });
    await plugin.waitFor(/Connection moved to the renewed credentials/);
    assert.ok(Date.now() < runsOut);
    await new Promise((resolve) => setTimeout(resolve, runsOut + 1_000 - Date.now()));
    ask(playground, { roles: ["dev"] });
    await mail.waitForMails(1);
    auth.dropWatches();
    ask(playground, { roles: ["dev"] });
    await mail.waitForMails(2);
    assert.deepEqual(plugin.lines.filter((line) => /Connection problem/.test(line)), []);
  });
});
