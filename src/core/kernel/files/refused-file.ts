import { BASE_ERRORS } from '../base-errors.ts';
import { isSamocodeError, systemErrorCode } from '../errors.ts';

/** System errors that are not bugs, with advice to a person. */
const REFUSALS: Readonly<Record<string, readonly [refusal: string, fix: string]>> = {
  EACCES: ['Permission denied', 'Give your user access to it'],
  EPERM: ['Operation not permitted', 'Allow your user to change it'],
  EROFS: ['Read-only file system', 'Use a disk that can be written to'],
  ENOSPC: ['No space or no inode left on the disk', 'Free some space'],
  EDQUOT: ['Disk quota exceeded', 'Free some space'],
  EIO: ['The disk failed', 'Repair the disk'],
};

/** The expected failure for one of these system errors; undefined for any other error. */
export function refusedFile(error: unknown) {
  if (isSamocodeError(error) || REFUSALS[systemErrorCode(error) ?? ''] === undefined) return undefined;
  return fileRefused(error);
}

export function fileRefused(error: unknown, { path, then }: { path?: string; then?: string } = {}) {
  const code = systemErrorCode(error) ?? '';
  const [refusal, fix] = REFUSALS[code] ?? ['The system refused the file', 'Fix that'];
  return BASE_ERRORS.file_refused({
    path: path ?? (error as NodeJS.ErrnoException).path,
    refusal,
    code,
    fix,
    then,
  });
}
