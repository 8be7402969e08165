import { newRegistry } from './registry.ts';

/**
 * What an extension gives to programs: all of it to server and terminal, that of five extensions to the supervisor, and
 * `application` alone to workers and action.yml. Each member is declared next to the code that uses it, in a file that
 * adds it to this interface, and loads its code on first use.
 */
export interface Extension {
  /** Where branches are published and issues are read. */
  forge?: Forge;
}

/** Its members stand beside what asks for them, as those of an extension. */
// biome-ignore lint/suspicious/noEmptyInterface: it has the members that other files add
export interface Forge {}

/** A program hands over what its extensions give, and of them only what it uses. */
export const extensions = newRegistry<Extension>('extensions');

/** What the extensions give under this name, in their order. */
export function fromExtensions<K extends keyof Extension>(name: K): NonNullable<Extension[K]>[] {
  const all: (Extension[K] | undefined)[] = extensions.items.map((extension) => extension[name]);
  return all.filter((one) => one !== undefined);
}
