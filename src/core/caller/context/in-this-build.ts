import { type Extension, fromExtensions } from '../../kernel/extension.ts';
import { ACTION_ERRORS } from '../errors/action-errors.ts';

/**
 * What the only extension with this member gives.
 * @param what names it for people, in the plural
 * @throws not_in_this_build if no extension gives it
 */
export function theExtension<K extends keyof Extension>(name: K, what: string): NonNullable<Extension[K]> {
  const [only] = fromExtensions(name);
  if (only === undefined) throw ACTION_ERRORS.not_in_this_build({ what });
  return only;
}
