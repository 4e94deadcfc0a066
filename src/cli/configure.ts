/** `teleport-email configure`: a sample of the configuration file. */

import { EXAMPLE, exampleFor } from "../config/example.ts";
import { SERVICE_NAMES, smtpService } from "../config/sections/smtp_services.ts";
import type { CliIo } from "./io.ts";

/** What the command takes from the command line. */
export interface ConfigureOptions {
  /** A mail service to fill in; none without it. */
  readonly service?: string;
}

/** Prints it; returns the exit code. */
export function configure({ service }: ConfigureOptions, io: CliIo): Promise<number> {
  if (service !== undefined && smtpService(service) === undefined) {
    const known = SERVICE_NAMES.join(", ");
    io.stderr(`error: '${service}' is not a known mail service: choose one of ${known}\n`);
    return Promise.resolve(2);
  }
  io.stdout(service === undefined ? EXAMPLE : exampleFor(service));
  return Promise.resolve(0);
}
