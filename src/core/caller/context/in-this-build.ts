import type { Registry } from '../../kernel/registry.ts';
import { ACTION_ERRORS } from '../errors/action-errors.ts';

/** Returns the contribution of the one extension that fills this registry. */
export function theExtension<T>({ name, items }: Registry<T>): T {
  const [only] = items;
  if (only === undefined) throw ACTION_ERRORS.not_in_this_build({ what: name });
  return only;
}
