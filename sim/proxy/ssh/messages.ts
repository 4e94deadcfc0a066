/** SSH messages for the server side of a tunnel that the library lacks. */

import { Buffer } from "node:buffer";
import {
  type SshDataWriter,
  SshExtendedDataType,
  SshMessage,
  SshProtocolExtensionNames,
  SshSessionConfiguration,
} from "@microsoft/dev-tunnels-ssh";
import { sshAlgorithms } from "./algorithm.ts";
import { Reader } from "./wire.ts";

/** SSH_MSG_CHANNEL_EXTENDED_DATA (RFC 4254 §5.2). */
const EXTENDED_DATA = 95;
/** A request's type follows the message type and channel number. */
const REQUEST_HEADER_BYTES = 1 + 4;

/** Text on a channel's stderr. */
export class ErrorText extends SshMessage {
  constructor(private readonly channel: number, private readonly text: string) {
    super();
  }

  override get messageType(): number {
    return EXTENDED_DATA;
  }

  protected override onWrite(writer: SshDataWriter): void {
    writer.writeUInt32(this.channel);
    writer.writeUInt32(SshExtendedDataType.STDERR);
    writer.writeBinary(Buffer.from(this.text));
  }
}

/** The type of a channel request, and the rest after its header as text. */
export function readRequest(request: SshMessage): { type: string; payload: string } {
  const bytes = Buffer.from(request.toBuffer()).subarray(REQUEST_HEADER_BYTES);
  const reader = new Reader(bytes);
  const type = reader.string().toString();
  return { type, payload: bytes.subarray(reader.offset + 1).toString() };
}

/** The library's defaults with our algorithms, and publickey as the only login method. */
export function serverConfiguration(rekeyBytes?: number): SshSessionConfiguration {
  const config = new SshSessionConfiguration(true);
  config.publicKeyAlgorithms.splice(0, Infinity, ...sshAlgorithms());
  config.protocolExtensions.splice(
    0,
    Infinity,
    SshProtocolExtensionNames.serverSignatureAlgorithms,
  );
  const others = config.authenticationMethods.filter((method) => method !== "publickey");
  for (const method of others) {
    config.authenticationMethods.splice(config.authenticationMethods.indexOf(method), 1);
  }
  if (rekeyBytes !== undefined) Object.assign(config, { keyRotationThreshold: rekeyBytes });
  return config;
}
