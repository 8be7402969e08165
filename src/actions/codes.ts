import type { BASE_ERRORS } from '../base/base-errors.ts';
import { isSamocodeError, type SamocodeError } from '../base/errors.ts';
import type { SESSION_ERRORS } from '../session/session-errors.ts';
import type { ACTION_ERRORS } from './action-errors.ts';
import type { INSTALL_ERRORS } from './install/install-errors.ts';
import type { READING_ERRORS } from './reading-errors.ts';
import type { START_ERRORS } from './start-errors.ts';

type Tables = [
  typeof ACTION_ERRORS,
  typeof BASE_ERRORS,
  typeof INSTALL_ERRORS,
  typeof READING_ERRORS,
  typeof SESSION_ERRORS,
  typeof START_ERRORS,
];

/** The codes of a tuple of error tables. */
type CodesOf<T extends readonly unknown[]> = { [K in keyof T]: keyof T[K] & string }[number];

/** Every code that a use case may fail with; server and CLI add their own. */
export type Code = CodesOf<Tables>;

/** Whether it is a failure of one of these codes, wherever it was found: here, or by the worker. */
export function hasCode(error: unknown, ...codes: readonly Code[]): error is SamocodeError {
  return isSamocodeError(error) && codes.some((code) => code === error.code);
}
