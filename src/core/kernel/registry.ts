/** The additions of extensions to the core. Each main program hands them over once, before anything reads them. */
export interface Registry<T> {
  /** Names the items in the plural, such as `providers`. */
  readonly name: string;
  /** @throws if it was handed over before: whoever read the first list would lack the second. */
  handOver(items: readonly T[]): void;
  /** @throws if nothing was handed over yet: whatever was read would lack the extensions. */
  readonly items: readonly T[];
}

export function newRegistry<T>(name: string): Registry<T> {
  let given: readonly T[] | undefined;
  return {
    name,
    handOver(items) {
      if (given !== undefined) throw new Error(`The ${name} of the extensions were handed over twice`);
      given = items;
    },
    get items() {
      if (given === undefined)
        throw new Error(`The ${name} of the extensions were read before the main program handed them over`);
      return given;
    },
  };
}
