/** Mutations of how the cluster is dialed, and of what is verified on the way. */

import type { Target } from "./target.ts";

const TELEPORT = "src/teleport";
const DIAL = `${TELEPORT}/dial`;
const SSH = `${DIAL}/ssh`;

export const DIAL_TARGETS: readonly Target[] = [
  {
    file: `${DIAL}/direct.ts`,
    tests: [`${TELEPORT}/server_identity_test.ts`, `${TELEPORT}/wrong_targets_test.ts`],
    edits: [
      [
        "servername: AUTH_SERVER_NAME,",
        "servername: AUTH_SERVER_NAME,\n      checkServerIdentity: () => undefined,",
      ],
      [
        "servername: AUTH_SERVER_NAME,",
        "servername: AUTH_SERVER_NAME,\n      rejectUnauthorized: false,",
      ],
      ["if (socket.alpnProtocol === false) throw noProtocolChosen();", ""],
      ["await firstBytes(socket, credentials);", ""],
      [`[protocol, "h2"] : ["h2"]`, `["h2", protocol] : ["h2"]`],
      ["cert: credentials.certPem,", ""],
    ],
  },
  {
    file: `${DIAL}/web_tls.ts`,
    tests: [`${TELEPORT}/server_identity_test.ts`, `${TELEPORT}/wrong_targets_test.ts`],
    edits: [
      [
        "{ servername: host } : { host }",
        "{ servername: host, checkServerIdentity: () => undefined } : { host, checkServerIdentity: () => undefined }",
      ],
      ["...roots === undefined ? {} : { ca: [...roots] },", "rejectUnauthorized: false,"],
      ["...roots === undefined ? {} : { ca: [...roots] },", ""],
      [
        `fault === "untrusted" || fault === "name" ? "credentials" : "unavailable"`,
        `"unavailable"`,
      ],
    ],
  },
  {
    file: `${TELEPORT}/cluster_connections.ts`,
    tests: [`${TELEPORT}/cluster_connections_test.ts`],
    edits: [
      [
        "if (pems.length > 0) return pems;",
        "if (pems.length > 0) return [...pems, ...systemRoots() ?? []];",
      ],
      ["if (pems.length > 0) return pems;", "return pems;"],
    ],
  },
  {
    file: `${DIAL}/find.ts`,
    tests: [`${DIAL}/find_test.ts`],
    edits: [
      ["if (size > MAX_BYTES)", "if (false)"],
      ["return await orAborted(promise, deadline.signal);", "return await promise;"],
      ["if (parsed.success) return parsed.output;", "return parsed.output as ProxySettings;"],
      ["const MAX_BYTES = 1024 * 1024;", "const MAX_BYTES = 64;"],
    ],
  },
  {
    file: `${DIAL}/upgrade.ts`,
    tests: [`${TELEPORT}/connection_methods_test.ts`, `${TELEPORT}/wrong_targets_test.ts`],
    edits: [
      ["if (!(error instanceof ProtocolRefused)) break;", "break;"],
    ],
  },
  {
    file: `${DIAL}/websocket.ts`,
    tests: [`${DIAL}/websocket_test.ts`, `${TELEPORT}/wrong_targets_test.ts`],
    edits: [
      [`stream.on("end", () => stream.destroy());`, ""],
      ["if (status === 404) {", "if (false) {"],
    ],
  },
  {
    file: `${DIAL}/upgrade_need.ts`,
    tests: [`${DIAL}/upgrade_need_test.ts`, `${TELEPORT}/connection_methods_test.ts`],
    edits: [
      ["if (socket.alpnProtocol === REVERSE_TUNNEL) return socket;", "return socket;"],
      ["if (!(error instanceof NoCommonProtocol)) throw error;", "throw error;"],
      ["if (applies && NO.has(answer)) return false;", ""],
    ],
  },
  {
    file: `${DIAL}/dialer.ts`,
    tests: [`${DIAL}/dialer_test.ts`],
    edits: [
      ["cancelLimit();", ""],
      ["discard: (stream) => stream.destroy(),", "discard: () => {},"],
      ["return last === undefined ? METHODS", "return true ? METHODS"],
      [`via === "auto" ? this.#order() : [via]`, "this.#order()"],
      ["if (conclusive !== undefined) return conclusive.error;", ""],
    ],
  },
  {
    file: "src/net/staggered_race.ts",
    tests: ["src/net/staggered_race_test.ts"],
    edits: [
      ["if (over) discard(value);", "if (over) return;"],
      ["for (const controller of running.values()) controller.abort();", ""],
      ["cancelOverlap = clock.after(overlapMs, startNext);", ""],
      ["if (index === started - 1 && started < attempts.length) startNext();", ""],
    ],
  },
  {
    file: "src/net/http_connect.ts",
    tests: ["src/net/http_connect_test.ts"],
    edits: [
      ["Math.floor((response.statusCode ?? 0) / 100) !== 2", "false"],
      ["Math.floor((response.statusCode ?? 0) / 100) !== 2", "response.statusCode !== 200"],
      ["if (head.length > 0) stream.unshift(head);", ""],
      [
        `...proxy.authorization !== undefined && { "proxy-authorization": proxy.authorization },`,
        "",
      ],
    ],
  },
  {
    file: `${TELEPORT}/permissions.ts`,
    tests: [`${TELEPORT}/permissions_test.ts`],
    edits: [
      [`if (denying === "granted") return "denied";`, ""],
      [
        `allowing === "granted" && denying === "conditional" ? "conditional" : allowing`,
        "allowing",
      ],
      [`list.includes("*") || list.includes(name)`, "list.includes(name)"],
      [`matching.some(({ where }) => where === "") ? "granted" : "conditional"`, `"granted"`],
      ["names(kinds, kind) && names(verbs, verb)", "names(kinds, kind) || names(verbs, verb)"],
      ["where: where.trim(),", `where: "",`],
    ],
  },
  {
    file: `${TELEPORT}/grpc/calls.ts`,
    tests: [`${TELEPORT}/grpc/calls_test.ts`, `${TELEPORT}/client_test.ts`],
    edits: [
      [
        `if (signal.aborted) throw new CallError(Status.CANCELLED, "Cancelled on client");`,
        "",
      ],
      [`call.cancelWithStatus(Status.DEADLINE_EXCEEDED, "Deadline exceeded"),`, "{},"],
      ["if (code !== Status.OK) throw new CallError(code, details);", ""],
      [
        "if (signal.aborted) cancel();\n    else signal.addEventListener",
        "signal.addEventListener",
      ],
    ],
  },
  {
    file: `${TELEPORT}/calls/watch.ts`,
    tests: [`${TELEPORT}/calls/watch_test.ts`],
    edits: [
      ["if (!confirmed.includes(ACCESS_REQUEST)) throw watchNotAllowed();", ""],
      [
        "clock.after(INIT_TIMEOUT_MS, () => late.abort())",
        "clock.after(INIT_TIMEOUT_MS, () => {})",
      ],
      ["cancelLate();\n      const read", "const read"],
      ["also.filter((kind) => confirmed.includes(kind))", "also"],
    ],
  },
  {
    file: `${TELEPORT}/calls/caller.ts`,
    tests: [`${TELEPORT}/calls/caller_test.ts`, `${TELEPORT}/client_test.ts`],
    edits: [
      ["ageMs >= 0 && ageMs < UNSUPPORTED_FOR_MS", "ageMs >= 0"],
      ["ageMs >= 0 && ageMs < UNSUPPORTED_FOR_MS", "ageMs < UNSUPPORTED_FOR_MS"],
    ],
  },
  {
    file: `${SSH}/host_check.ts`,
    tests: [`${SSH}/host_check_test.ts`],
    edits: [
      [`if (certificate.kind !== "host") return refuse("is a user's certificate");`, ""],
      ["if (!known.some(({ key }) => key.equals(certificate.authority))) {", "if (false) {"],
      ["if (!isStrong(certificate.signatureAlgorithm)) {", "if (false) {"],
      [`if (!certificate.hasValidSignature()) return refuse("has a wrong signature");`, ""],
      ["if (nowMs < certificate.notBeforeMs) {", "if (false) {"],
      ["if (nowMs >= certificate.notAfterMs) {", "if (nowMs > certificate.notAfterMs) {"],
      [`if (certificate.principals.length === 0) return refuse("names no host");`, ""],
      ["principal.toLowerCase() === name", "true"],
      ["if (option !== undefined) return refuse", "if (false) return refuse"],
    ],
  },
  {
    file: `${SSH}/certificate.ts`,
    tests: [`${SSH}/certificate_test.ts`],
    edits: [
      ["reader.end();\n  return {\n    blob,", "return {\n    blob,"],
      ["validBefore === NO_END ? Infinity : ", ""],
      ["if (certificateType(certificate.keyType) !== type) {", "if (false) {"],
      ["const blob = Buffer.from(bytes);", "const blob = bytes;"],
      ["if (kind === undefined) throw", "if (false) throw"],
    ],
  },
  {
    file: `${SSH}/key.ts`,
    tests: [`${SSH}/key_test.ts`, `${SSH}/certificate_test.ts`],
    edits: [
      ["if (!signatureAlgorithms(type).includes(algorithm)) return false;", ""],
      [
        "x.length !== ED25519_KEY_BYTES",
        "false",
        "the runtime refuses keys of another length, too",
      ],
      ["if (reader.text() !== curve)", 'if (reader.text() === "")'],
      ["point.length !== 1 + 2 * bytes || point[0] !== 4", "point.length !== 1 + 2 * bytes"],
      ["if (numbers.some((number) => number.length > bytes)) return false;", ""],
    ],
  },
  {
    file: `${SSH}/wire.ts`,
    tests: [`${SSH}/wire_test.ts`],
    edits: [
      ["if (length > this.bytes.length - this.#offset) throw", "if (false) throw"],
      ["if (!Buffer.from(text).equals(bytes)) throw", "if (false) throw"],
      [`if (((bytes[0] ?? 0) & 0x80) !== 0) throw malformed("a number is negative");`, ""],
      ["if (!this.isAtEnd) throw", "if (false) throw"],
      ["isNegative ? Buffer.concat([Buffer.of(0), digits]) : digits", "digits"],
    ],
  },
  {
    file: `${SSH}/ca.ts`,
    tests: [`${SSH}/ca_test.ts`],
    edits: [
      ["matching.length > 0 ? matching : cas", "cas"],
      ["matching.length > 0 ? matching : cas", "matching"],
      [`marker !== "@cert-authority" || `, ""],
      [`pattern.startsWith("!") && matches(pattern.slice(1))`, "false"],
      ["host.toLowerCase();\n  const matches", "host;\n  const matches"],
    ],
  },
  {
    file: `${SSH}/user.ts`,
    tests: [`${SSH}/user_test.ts`],
    edits: [
      ["if (authorities.length === 0) {", "if (false) {"],
      [`if (certificate.kind !== "user") {`, "if (false) {"],
      ["if (certificate.notAfterMs <= nowMs) {", "if (false) {"],
      [
        "if (!spki(createPublicKey(privateKey)).equals(spki(certificate.key.key))) {",
        "if (false) {",
      ],
    ],
  },
  {
    file: `${SSH}/tunnel_address.ts`,
    tests: [`${SSH}/tunnel_address_test.ts`],
    edits: [
      ["address && !ANYWHERE.has(address.host) ? address", "address ? address"],
      ["return address && { host: address.host, port };", "return address;"],
      [
        "(tls ? routedAddress(ssh, dialed) : separateAddress(ssh, dialed))",
        "routedAddress(ssh, dialed)",
      ],
      ["listenedPort(ssh.web_listen_addr) ?? HTTPS_PORT", "HTTPS_PORT"],
      ["const address = fromEnvironment(env) ??\n    (", "const address = ("],
    ],
  },
];
