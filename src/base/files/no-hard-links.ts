import { dirname } from 'node:path';
import { BASE_ERRORS } from '../base-errors.ts';
import { systemErrorCode } from '../errors.ts';

/** What systems answer to a hard link in a folder of our own where the disk knows none: EPERM on Linux. */
const NOT_KNOWN: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** The failure of a hard link at `path` with its true reason; any other error as it is. */
export function explainedLink(error: unknown, path: string): unknown {
  return NOT_KNOWN.includes(systemErrorCode(error) ?? '')
    ? BASE_ERRORS.no_hard_links({ folder: dirname(path) }, { cause: error })
    : error;
}
