/** Entropy for the TLS library (docs/internals/decisions/runtime.md, "Entropy is gathered while the program loads"). */

/**
 * Has the TLS library gather its entropy on another thread. Its first handshake would do so on this one, and
 * block it for 40 ms. Returns at once; calling it is never necessary.
 */
export function gatherEntropy(): void {
  // The key is not used: generating one takes random numbers from the library.
  crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"])
    .catch(() => {});
}
