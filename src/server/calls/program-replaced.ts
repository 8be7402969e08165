import { systemErrorCode } from '../../base/errors.ts';
import { SERVER_ERRORS } from './server-errors.ts';

/** The same failure in words that help, where another version was installed over this one: what it had not loaded yet is gone. */
export function explained(error: unknown): unknown {
  return systemErrorCode(error) === 'ERR_MODULE_NOT_FOUND'
    ? SERVER_ERRORS.program_replaced(undefined, { cause: error })
    : error;
}
