/** Loaded before the program (`--preload`): signals that stand for bugs. */

Deno.addSignalListener("SIGWINCH", () => {
  // A throw in the listener itself would be the last signal that it hears.
  setTimeout(() => {
    throw new RangeError("a bug in a callback");
  });
});
Deno.addSignalListener("SIGUSR2", () => {
  Promise.reject(new Error("a promise that nobody looks at"));
});
