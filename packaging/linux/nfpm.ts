/** The description of a package for nfpm (nfpm.goreleaser.com/docs/configuration). */

import { join } from "node:path";
import { stringify } from "yaml";
import type { Target } from "../build/target.ts";

export interface PackageSource {
  /** A tree with everything below `/usr`, as `install` makes it. */
  readonly tree: string;
  /** The sample configuration. */
  readonly sample: string;
  /** The directory of the maintainer scripts and overrides. */
  readonly scripts: string;
  readonly version: string;
  readonly machine: Target["machine"];
  /** Seconds since 1970, the time of every file. */
  readonly epoch: number;
}

/** As Debian writes it. */
export const MAINTAINER = "The teleport-email authors <noreply@example.com>";
const CONFIG = "/etc/teleport-email.toml";
const GROUP = "teleport-email";

/** The YAML that nfpm makes both a .deb and a .rpm of. */
export function nfpmConfig(source: PackageSource): string {
  const { tree, sample, scripts, version, machine, epoch } = source;
  const script = (format: string, name: string) => join(scripts, format, name);
  return stringify({
    name: "teleport-email",
    arch: machine,
    platform: "linux",
    version,
    version_schema: "semver",
    release: "1",
    section: "admin",
    priority: "optional",
    maintainer: MAINTAINER,
    description: "Emails reviewers about Teleport Access Requests\n" +
      "A daemon that watches the Access Requests of a Teleport cluster and emails\n" +
      "the reviewers, by SMTP or Mailgun. It keeps an outbox in the cluster, so that\n" +
      "no notification is lost while the cluster or the mail server is down.",
    license: "Apache-2.0",
    homepage: "https://goteleport.com/docs/",
    mtime: new Date(epoch * 1000).toISOString(),
    contents: [
      { src: tree, dst: "/", type: "tree" },
      {
        src: sample,
        dst: CONFIG,
        // Never replaced, and never removed without a purge.
        type: "config|noreplace",
        file_info: { mode: 0o640, owner: "root", group: GROUP },
      },
    ],
    overrides: {
      deb: {
        depends: ["libc6", "libgcc-s1", "passwd"],
        recommends: ["ca-certificates"],
        scripts: {
          preinstall: script("deb", "preinst"),
          postinstall: script("deb", "postinst"),
          preremove: script("deb", "prerm"),
          postremove: script("deb", "postrm"),
        },
      },
      rpm: {
        depends: ["glibc", "libgcc", "shadow-utils"],
        scripts: {
          preinstall: script("rpm", "pre"),
          postinstall: script("rpm", "post"),
          preremove: script("rpm", "preun"),
          postremove: script("rpm", "postun"),
        },
      },
    },
    // nfpm's xz takes minutes; gzip is read by every version of dpkg and rpm.
    rpm: { group: "Applications/System", compression: "gzip" },
    deb: { compression: "gzip" },
  }, { lineWidth: 0 });
}
