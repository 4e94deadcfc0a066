/** The container image: what it is made of, and that it does the job without any right. */

import assert from "node:assert/strict";
import { join } from "node:path";
import project from "../../deno.json" with { type: "json" };
import { ask, listen, mailsTo, onStage, until } from "../support.ts";
import { must, run } from "./support/command.ts";
import { buildImage } from "./support/image.ts";
import { Container, debianImage, podman } from "./support/podman.ts";
import { buildRuntimeTarball } from "./support/runtime_tarball.ts";
import { findHadolint } from "./support/tools.ts";

const DOCKERFILE = new URL("../../Dockerfile", import.meta.url);
const PROGRAM = "/usr/local/bin/teleport-plugin";
const CONFIG = "/etc/teleport-email.toml";

const found = await debianImage("plain");
const hadolint = await findHadolint();
for (const lack of [found, hadolint]) {
  // deno-lint-ignore no-console -- for whoever runs the tests
  if (!lack.ok) console.warn(`tests of the image are skipped: ${lack.why}`);
}

Deno.test({
  name: "hadolint finds nothing in the Dockerfile",
  ignore: !hadolint.ok,
  fn: async () => {
    assert.ok(hadolint.ok);
    const { ok, stdout } = await run([hadolint.path, DOCKERFILE.pathname]);
    assert.ok(ok, stdout);
  },
});

Deno.test("the Dockerfile takes the tarball of this version", async () => {
  const versions = (await Deno.readTextFile(DOCKERFILE)).matchAll(/^ARG VERSION=(.*)$/gm);
  assert.deepEqual([...versions].map(([, version]) => version), Array(2).fill(project.version));
});

/** No right and nothing that can be written to; the network is the machine's, where the cluster is. */
const RESTRICTIONS = [
  "--read-only",
  "--read-only-tmpfs=false",
  "--cap-drop=ALL",
  "--security-opt=no-new-privileges",
  "--network=host",
  "--no-healthcheck",
];

Deno.test({
  name: "the image delivers a mail as 65532 with a read-only root",
  ignore: !found.ok,
  fn: async (t) => {
    assert.ok(found.ok);
    const base = found.image;
    const dir = await Deno.makeTempDir({ prefix: "teleport-email-image-test-" });
    try {
      await using image = await buildImage({
        tarball: await buildRuntimeTarball(dir),
        base,
        from: "docker.io/library/debian:bookworm-slim",
      });
      await t.step("its labels, its user and its health check", async () => {
        const [{ Config: config, Healthcheck: health, Architecture: machine }] = JSON.parse(
          await must(podman("inspect", image.id)),
        );
        assert.equal(config.User, "65532:65532");
        assert.deepEqual(config.Entrypoint, [PROGRAM]);
        const label = (name: string) => config.Labels[`org.opencontainers.image.${name}`];
        assert.deepEqual([label("version"), label("licenses")], [project.version, "Apache-2.0"]);
        assert.deepEqual(health.Test, ["CMD", PROGRAM, "health"]);
        assert.equal(machine, Deno.build.arch === "aarch64" ? "arm64" : "amd64");
      });

      await onStage({}, async (stage) => {
        await listen(stage);
        const { playground } = stage;
        const { paths, mail } = playground;
        const files = join(paths.config, "..");
        await must(["chgrp", "-R", "65532", files]);
        await must(["chmod", "-R", "g+rX", files]);
        const mounts = [`--volume=${paths.config}:${CONFIG}:ro`, `--volume=${files}:${files}:ro`];
        const options = [...RESTRICTIONS, ...mounts];

        await t.step("the original's command line works", async () => {
          const command = podman("run", "--rm", "--ulimit=nofile=20000:20000");
          const limited = [...command, "--ulimit=nproc=32768:32768", ...options, image.id];
          assert.match(
            await must([...limited, "version"]),
            new RegExp(`^teleport-email v${project.version}`),
          );
          assert.match(await must([...limited, "check"]), /\n0 problems, 0 warnings\n$/);
        });

        await using container = await Container.start(image.id, options, ["start"]);
        await t.step("it mails", async () => {
          ask(playground);
          await mail.waitForMails(1);
          assert.equal(mailsTo(mail.mails, "all@example.com").length, 1);
        });

        await t.step("it has no right", async () => {
          const pid = await must(podman("inspect", "--format", "{{.State.Pid}}", container.id));
          const status = await Deno.readTextFile(`/proc/${pid.trim()}/status`);
          assert.match(status, /^Name:\tdeno$/m, "no shell is left in between");
          assert.match(status, /^Uid:\t65532\t65532\t65532\t65532$/m);
          assert.match(status, /^CapEff:\t0+$/m);
          assert.match(status, /^NoNewPrivs:\t1$/m);
        });

        await t.step("its health check asks the daemon", async () => {
          assert.equal(await container.must(PROGRAM, "health"), "ok\n");
          await until("it is ready", async () => {
            return (await container.run(PROGRAM, "health", "--ready")).ok;
          });
        });

        await t.step("docker stop ends it with success", async () => {
          await must(podman("stop", "--time", "20", container.id));
          const code = await must(
            podman("inspect", "--format", "{{.State.ExitCode}}", container.id),
          );
          assert.equal(code.trim(), "0");
        });
      });
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});
