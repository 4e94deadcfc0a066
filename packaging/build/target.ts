/** The machines that can be built for. */

export interface Target {
  /** As in `Deno.build.arch`. */
  readonly arch: "x86_64" | "aarch64";
  /** In the names of tarballs, as the original has it. */
  readonly machine: "amd64" | "arm64";
  /** As `deno compile` has it. */
  readonly triple: string;
  /** As the packages of Deno on PyPI have it. */
  readonly wheelPlatform: string;
}

export const TARGETS: readonly Target[] = [
  {
    arch: "x86_64",
    machine: "amd64",
    triple: "x86_64-unknown-linux-gnu",
    wheelPlatform: "manylinux_2_27_x86_64",
  },
  {
    arch: "aarch64",
    machine: "arm64",
    triple: "aarch64-unknown-linux-gnu",
    wheelPlatform: "manylinux_2_27_aarch64",
  },
];
