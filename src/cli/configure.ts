/** `teleport-email configure`: a sample of the configuration file. */

import { EXAMPLE, exampleFor } from "../config/example.ts";
import { SERVICE_NAMES, smtpService } from "../config/sections/smtp_services.ts";
import { EXIT_OK, usageExitCode } from "./exit_codes.ts";
import { type CliIo, reportErrors } from "./io.ts";

/** What the command takes from the command line. */
export interface ConfigureOptions {
  /** A mail service to fill in; none without it. */
  readonly service?: string;
}

/** Prints it; returns the exit code. */
export function configure({ service }: ConfigureOptions, io: CliIo): Promise<number> {
  if (service !== undefined && smtpService(service) === undefined) {
    const known = SERVICE_NAMES.join(", ");
    reportErrors(io, [`'${service}' is not a known mail service: choose one of ${known}`]);
    return Promise.resolve(usageExitCode("configure"));
  }
  io.stdout(service === undefined ? EXAMPLE : exampleFor(service));
  return Promise.resolve(EXIT_OK);
}
