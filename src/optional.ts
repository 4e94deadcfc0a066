/** Objects without the keys that have no value, as `exactOptionalPropertyTypes` wants them. */

/** `T` with every key that may be undefined made optional instead. */
export type Defined<T> =
  & { [K in keyof T as undefined extends T[K] ? never : K]: T[K] }
  & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

/** A copy of `values` without the keys whose value is undefined. */
export function defined<T extends object>(values: T): Defined<T> {
  const result: Partial<T> = {};
  for (const key in values) if (values[key] !== undefined) result[key] = values[key];
  return result as unknown as Defined<T>;
}
