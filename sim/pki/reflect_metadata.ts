/**
 * A minimal `Reflect` metadata API for `@peculiar/x509`: its dependency tsyringe requires
 * `Reflect.getMetadata` at load time but reads only metadata that is never set. These three functions
 * replace the polyfill package. Import this file first.
 */

interface MetadataReflect {
  getMetadata?: (key: unknown, target: object) => unknown;
  getOwnMetadata?: (key: unknown, target: object) => unknown;
  defineMetadata?: (key: unknown, value: unknown, target: object) => void;
}

const metadata = new WeakMap<object, Map<unknown, unknown>>();
const reflect = Reflect as MetadataReflect;
const read = (key: unknown, target: object) => metadata.get(target)?.get(key);

reflect.getMetadata ??= read;
reflect.getOwnMetadata ??= read;
reflect.defineMetadata ??= (key, value, target) => {
  const known = metadata.get(target) ?? new Map<unknown, unknown>();
  metadata.set(target, known.set(key, value));
};
