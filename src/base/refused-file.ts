import { SamocodeError, systemErrorCode } from './errors.ts';

/** What a system says to a program that is in order itself. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user has no right to it',
  EPERM: 'this user may not change it',
  EROFS: 'its disk can only be read',
  ENOSPC: 'its disk is full',
  EDQUOT: 'this user has no room left on its disk',
};

/** Such a refusal as a failure that a person can mend; undefined for every other error. */
export function refusedFile(error: unknown): RefusedFileError | undefined {
  const reason = REASONS[systemErrorCode(error) ?? ''];
  if (error instanceof SamocodeError || reason === undefined) return undefined;
  return new RefusedFileError(reason, error as NodeJS.ErrnoException);
}

class RefusedFileError extends SamocodeError {
  readonly code = 'file_refused';

  constructor(reason: string, cause: NodeJS.ErrnoException) {
    super(
      'The machine refused a file.',
      `${cause.path ?? 'It'}: ${reason} (${cause.code}).`,
      'Put that right, then try again.',
    );
  }
}
