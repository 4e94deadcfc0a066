/** The container image: what it is made of, and that it does the job without any right. */

import assert from "node:assert/strict";
import { join } from "node:path";
import project from "../../deno.json" with { type: "json" };
import { ask, listen, mailsTo, onStage, until } from "../support.ts";
import { build, inFolder, tarballIn } from "./support/build.ts";
import { render } from "./support/chart.ts";
import { must, run } from "./support/command.ts";
import { findGenuinePair } from "./support/genuine_pair.ts";
import { buildImage, type BuiltImage, cLibraryImage } from "./support/image.ts";
import { startPod, Volumes } from "./support/pod.ts";
import { Container, debianImage, LIMITS, podman } from "./support/podman.ts";
import { findHadolint, findHelm } from "./support/tools.ts";

const DOCKERFILE = new URL("../../Dockerfile", import.meta.url);
const PROGRAM = "/usr/local/bin/teleport-plugin";
const CONFIG = "/etc/teleport-email.toml";
const MACHINE = Deno.build.arch === "aarch64" ? "arm64" : "amd64";

const debian = await debianImage("plain");
const [hadolint, helm] = [await findHadolint(), await findHelm()];
const pair = debian.ok ? await findGenuinePair("x86_64") : debian;
for (const lack of new Set([debian, hadolint, helm, pair])) {
  // deno-lint-ignore no-console -- tells why tests are skipped
  if (!lack.ok) console.warn(`tests of the image are skipped: ${lack.why}`);
}

/** Of the runtime form, which can be built everywhere. */
let image: BuiltImage;

Deno.test.beforeAll(async () => {
  if (!debian.ok) return;
  await inFolder(async (dir) => {
    const { ok, stderr } = await build(dir, ["--form=runtime"]);
    assert.ok(ok, stderr);
    const tarball = await tarballIn(dir, MACHINE);
    const from = "docker.io/library/debian:bookworm-slim";
    image = await buildImage({ tarballs: [tarball], base: debian.image, from });
  });
});

Deno.test.afterAll(async () => {
  if (debian.ok) await image[Symbol.asyncDispose]();
});

Deno.test({
  name: "hadolint finds nothing in the Dockerfile",
  ignore: !hadolint.ok,
  fn: async () => {
    assert.ok(hadolint.ok);
    const { ok, stdout } = await run([hadolint.path, DOCKERFILE.pathname]);
    assert.ok(ok, stdout);
  },
});

Deno.test("the Dockerfile uses the tarball of this version", async () => {
  const versions = (await Deno.readTextFile(DOCKERFILE)).matchAll(/^ARG VERSION=(.*)$/gm);
  assert.deepEqual([...versions].map(([, version]) => version), Array(2).fill(project.version));
});

Deno.test({
  name: "the image has its labels, its user and its health check",
  ignore: !debian.ok,
  fn: async () => {
    const [{ Config: config, Healthcheck: health, Architecture: machine }] = JSON.parse(
      await must(podman("inspect", image.id)),
    );
    assert.equal(config.User, "65532:65532");
    assert.deepEqual(config.Entrypoint, [PROGRAM]);
    const label = (name: string) => config.Labels[`org.opencontainers.image.${name}`];
    assert.deepEqual([label("version"), label("licenses")], [project.version, "Apache-2.0"]);
    assert.equal(label("base.name"), "docker.io/library/debian:bookworm-slim");
    for (const name of ["source", "url", "created", "revision", "base.digest"]) {
      assert.equal(typeof label(name), "string", name);
    }
    assert.deepEqual(health.Test, ["CMD", PROGRAM, "health"]);
    assert.equal(machine, MACHINE);
  },
});

Deno.test({
  name: "the image of an architecture contains the program for it",
  ignore: !debian.ok,
  fn: () =>
    inFolder(async (dir) => {
      const tarballs: string[] = [];
      for (const machine of ["amd64", "arm64"]) {
        const top = join(dir, machine, "teleport-access-email");
        await Deno.mkdir(top, { recursive: true });
        for (const name of ["teleport-email", "LICENSE", "THIRD-PARTY-LICENSES"]) {
          await Deno.writeTextFile(join(top, name), machine);
        }
        const name = `teleport-access-email-v${project.version}-linux-${machine}-bin.tar.gz`;
        await must(["tar", "-C", join(top, ".."), "-czf", join(dir, name), "."]);
        tarballs.push(join(dir, name));
      }
      for (const machine of ["amd64", "arm64"]) {
        await using built = await buildImage({
          tarballs,
          from: "scratch",
          platform: `linux/${machine}`,
        });
        const [{ Architecture: architecture }] = JSON.parse(
          await must(podman("inspect", built.id)),
        );
        assert.equal(architecture, machine);
        const root = (await must(podman("image", "mount", built.id))).trim();
        assert.equal(await Deno.readTextFile(join(root, PROGRAM)), machine);
        await must(podman("image", "unmount", built.id));
      }
      const layers = async () => {
        await using built = await buildImage({ tarballs, from: "scratch", epoch: 1_769_904_000 });
        const [{ RootFS: root }] = JSON.parse(await must(podman("inspect", built.id)));
        return root.Layers;
      };
      const first = await layers();
      // Directories that a build makes have its time, unless told otherwise.
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      assert.deepEqual(await layers(), first, "the same tarball gives the same layers");
    }),
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

/** Runs `image` without any right and has it deliver; `process` is the name of what runs in it. */
function deliverWithoutRights(
  t: Deno.TestContext,
  { id }: BuiltImage,
  process: string,
): Promise<void> {
  return onStage({}, async (stage) => {
    await listen(stage);
    const { playground } = stage;
    const { paths, mail } = playground;
    const files = join(paths.config, "..");
    await must(["chgrp", "-R", "65532", files]);
    await must(["chmod", "-R", "g+rX", files]);
    const mounts = [`--volume=${paths.config}:${CONFIG}:ro`, `--volume=${files}:${files}:ro`];
    const options = [...RESTRICTIONS, ...mounts];

    await t.step("the original's command line works", async () => {
      const command = podman("run", "--rm", ...LIMITS, ...options, id);
      const version = new RegExp(`^teleport-email v${project.version}`);
      assert.match(await must([...command, "version"]), version);
      assert.match(await must([...command, "check"]), /\n0 problems, \d warnings?\n$/);
    });

    await using container = await Container.start(id, options, ["start"]);
    await t.step("it mails", async () => {
      ask(playground);
      await mail.waitForMails(1);
      assert.equal(mailsTo(mail.mails, "all@example.com").length, 1);
    });

    await t.step("it has no right", async () => {
      const pid = await must(podman("inspect", "--format", "{{.State.Pid}}", container.id));
      const status = await Deno.readTextFile(`/proc/${pid.trim()}/status`);
      assert.match(status, new RegExp(`^Name:\t${process}$`, "m"), "no shell is left in between");
      assert.match(status, /^Uid:\t65532\t65532\t65532\t65532$/m);
      assert.match(status, /^CapEff:\t0+$/m);
      assert.match(status, /^NoNewPrivs:\t1$/m);
    });

    await t.step("its health check asks the daemon", async () => {
      assert.equal(await container.must(PROGRAM, "health"), "ok\n");
      const isReady = async () => (await container.run(PROGRAM, "health", "--ready")).ok;
      await until("it is ready", isReady);
    });

    await t.step("docker stop ends it with success", async () => {
      await must(podman("stop", "--time", "20", container.id));
      const state = podman("inspect", "--format", "{{.State.ExitCode}}", container.id);
      assert.equal((await must(state)).trim(), "0");
    });
  });
}

Deno.test({
  name: "the image delivers a mail as 65532 with a read-only root",
  ignore: !debian.ok,
  fn: (t) => deliverWithoutRights(t, image, "deno"),
});

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test({
  name: "a pod of the chart sends mails, and uses a new password without a restart",
  ignore: !debian.ok || !helm.ok,
  fn: () =>
    onStage({}, async ({ playground }) => {
      assert.ok(helm.ok);
      const { paths, proxy, mail } = playground;
      const folder = join(paths.config, "../pod");
      const rendered = await render(helm.path, {
        file: "ours_pod",
        set: [
          `teleport.address=${proxy.address}`,
          `smtp.port=${mail.port}`,
          `http.port=${freePort()}`,
        ],
      });
      const { spec } = rendered.get("Deployment").spec.template;
      const volumes = new Volumes(folder, spec);
      const write = async (password: string) =>
        await volumes.write({
          "release-name-teleport-plugin-email": { "teleport-email.toml": rendered.toml },
          identity: { auth_id: await Deno.readTextFile(paths.identity) },
          smtp: { smtpPassword: password },
          "mail-ca": { "ca.pem": mail.caPem },
        });
      await write("wrong");
      await using container = await startPod(image.id, spec, volumes);
      const ready = async () => (await container.run(PROGRAM, "health", "--ready")).stdout;
      await until("the wrong password shows", async () => /535/.test(await ready()), 30_000);
      ask(playground);
      await write("secret");
      await mail.waitForMails(1, 60_000);
      assert.equal(mailsTo(mail.mails, "all@example.com").length, 1);
      await until("it is ready", async () => await ready() === "ok\n");
    }),
});

Deno.test({
  name: "the image of one executable delivers a mail, with a C library and nothing else",
  ignore: !pair.ok,
  fn: (t) =>
    inFolder(async (dir) => {
      assert.ok(pair.ok);
      const env = { DENO: pair.deno, DENORT_BIN: pair.denort };
      const { ok, stderr } = await build(dir, ["--form=compiled"], env);
      assert.ok(ok, stderr);
      const tarball = await tarballIn(dir, MACHINE);
      await using image = await buildImage({ tarballs: [tarball], base: await cLibraryImage() });
      const command = podman("run", "--rm", ...LIMITS, ...RESTRICTIONS);
      assert.ok(!(await run([...command, "--entrypoint=/bin/sh", image.id, "-c", "true"])).ok);
      await deliverWithoutRights(t, image, PROGRAM.slice(PROGRAM.lastIndexOf("/") + 1));
    }),
});
