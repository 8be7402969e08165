import { systemErrorCode } from '../base/errors.ts';

/** Failures of the machine that pass or that a person ends; until then the worker waits and goes on by itself. */
const PASSING = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);

export function isPassing(error: unknown): boolean {
  const code = systemErrorCode(error);
  return code !== undefined && PASSING.has(code);
}
