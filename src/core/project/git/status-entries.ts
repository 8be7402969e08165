import { ALL_FILES_LIMIT_MS, type GitOptions, readRecords } from './git.ts';

export interface StatusEntry {
  /** hidden: changed, but git was told to ignore changes to this file. */
  kind: 'changed' | 'untracked' | 'conflict' | 'hidden';
  /** Relative to the top of the working copy; an untracked folder ends with a slash. */
  path: string;
  /** The old name of a renamed or copied file. */
  from?: string;
  /** What git's index has for a path that is neither renamed nor in conflict; `UNTRACKED` for a new one. */
  index?: string;
  /** Only the content of a plain file differs from the index. */
  isOnlyContent?: true;
}

export const UNTRACKED = '?';

export interface StatusReading {
  /** Absent before the first commit. */
  head?: string;
  /** Absent when no branch is checked out. */
  branch?: string;
  entries: StatusEntry[];
}

/** Fields before the path, by the type of record; see "Porcelain Format Version 2" of git-status. */
const FIELDS_BEFORE_PATH: Readonly<Record<string, number>> = { '1': 8, '2': 9, u: 10 };

const STATUS = [
  ...['status', '--porcelain=v2', '--branch', '-z', '--no-ahead-behind'],
  // A person may have set it otherwise.
  '--untracked-files=normal',
];
/** Each new file, not only its folder. */
export const EACH_FILE = '--untracked-files=all';

/** Reads every file of a checkout. The status has all of its entries, however many. */
export async function readStatus(
  options: GitOptions,
  how: readonly string[] = [],
): Promise<StatusReading & { exitCode: number | null }> {
  const records: string[] = [];
  const limited = { timeoutMs: ALL_FILES_LIMIT_MS, ...options };
  const exitCode = await readRecords([...STATUS, ...how], limited, (record) => records.push(record));
  return { exitCode, ...parseStatus(records) };
}

/** Parses records of `git status --porcelain=v2 --branch -z`. Unknown and truncated ones are skipped. */
export function parseStatus(records: readonly string[]): StatusReading {
  const reading: StatusReading = { entries: [] };
  for (let index = 0; index < records.length; index += 1) {
    const record = records[index] ?? '';
    const type = record[0] ?? '';
    if (type === '#') readHeader(record, reading);
    else if (type === '?')
      reading.entries.push({ kind: 'untracked', path: record.slice(2), index: UNTRACKED });
    else if (type in FIELDS_BEFORE_PATH) {
      const fields = record.split(' ');
      const path = fields.slice(FIELDS_BEFORE_PATH[type]).join(' ');
      // The old name of a rename is a separate record.
      const from = type === '2' ? records[++index] : undefined;
      const kind = type === 'u' ? 'conflict' : 'changed';
      if (path)
        reading.entries.push({ kind, path, ...(from && { from }), ...(type === '1' && indexOf(fields)) });
    }
  }
  return reading;
}

function indexOf([, states, sub, , inIndex = '', inWorktree, , hash]: string[]): Partial<StatusEntry> {
  const isOnlyContent = states === '.M' && inIndex === inWorktree && inIndex.startsWith('100');
  return { index: [sub, inIndex, inWorktree, hash].join(' '), ...(isOnlyContent && { isOnlyContent }) };
}

function readHeader(record: string, reading: StatusReading): void {
  const [, name, value = ''] = record.split(' ');
  if (name === 'branch.oid' && value !== '(initial)') reading.head = value;
  if (name === 'branch.head' && value !== '(detached)') reading.branch = value;
}
