import { dirname } from 'node:path';
import { SamocodeError, systemErrorCode } from './errors.ts';

/** What systems answer to a hard link in a folder of our own where the disk knows none: EPERM on Linux. */
const NOT_KNOWN: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** The failure of a hard link at `path` with its true reason; any other error as it is. */
export function explainedLink(error: unknown, path: string): unknown {
  return NOT_KNOWN.includes(systemErrorCode(error) ?? '')
    ? new NoHardLinksError(dirname(path), error)
    : error;
}

/** exFAT, and shared folders of virtual machines. */
export class NoHardLinksError extends SamocodeError {
  readonly code = 'no_hard_links';

  constructor(folder: string, cause: unknown) {
    super(
      'A file was not made.',
      `The file system of ${folder} has no hard links, by which one of several programs gets a name.`,
      'Set SESSIONS in .samocode to a folder on another disk.',
      { cause },
    );
  }
}
