/** Every surface at which bytes from outside come in. */

import type { Surface } from "./surface.ts";
import { DIALING } from "./surfaces/dialing.ts";
import { identityFiles, pluginData } from "./surfaces/files.ts";
import { grpcMessages } from "./surfaces/grpc_messages.ts";
import { httpListener } from "./surfaces/http_listener.ts";
import { smtpReplies } from "./surfaces/smtp.ts";
import { webFind } from "./surfaces/web_find.ts";

export const SURFACES: readonly Surface[] = [
  httpListener,
  smtpReplies,
  webFind,
  ...DIALING,
  grpcMessages,
  pluginData,
  identityFiles,
];
