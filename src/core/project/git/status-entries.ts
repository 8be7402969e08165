import { ALL_FILES_LIMIT_MS, type GitOptions, readRecords } from './git.ts';

export interface StatusEntry {
  /** hidden: changed, but git was told to ignore changes to this file. */
  kind: 'changed' | 'untracked' | 'conflict' | 'hidden';
  /** Relative to the top of the working copy; an untracked folder ends with a slash. */
  path: string;
  /** The old name of a renamed or copied file. */
  from?: string;
}

export interface StatusReading {
  /** Absent before the first commit. */
  head?: string;
  /** Absent when no branch is checked out. */
  branch?: string;
  entries: StatusEntry[];
}

/** Fields before the path, by the type of record; see "Porcelain Format Version 2" of git-status. */
const FIELDS_BEFORE_PATH: Readonly<Record<string, number>> = { '1': 8, '2': 9, u: 10 };

export const GIT_STATUS = ['status', '--porcelain=v2', '--branch', '-z'];

/** The records of `git status` with `-z`, all of them, however many files it lists. It reads every file of a checkout. */
export async function readStatus(
  args: readonly string[],
  options: GitOptions,
): Promise<{ exitCode: number | null; records: string[] }> {
  const records: string[] = [];
  const limited = { timeoutMs: ALL_FILES_LIMIT_MS, ...options };
  const exitCode = await readRecords(args, limited, (record) => records.push(record));
  return { exitCode, records };
}

/** Parses records of `git status --porcelain=v2 --branch -z`. Unknown and truncated ones are skipped. */
export function parseStatus(records: readonly string[]): StatusReading {
  const reading: StatusReading = { entries: [] };
  for (let index = 0; index < records.length; index += 1) {
    const record = records[index] ?? '';
    const type = record[0] ?? '';
    if (type === '#') readHeader(record, reading);
    else if (type === '?') reading.entries.push({ kind: 'untracked', path: record.slice(2) });
    else if (type in FIELDS_BEFORE_PATH) {
      const path = record.split(' ').slice(FIELDS_BEFORE_PATH[type]).join(' ');
      // The old name of a rename is a separate record.
      const from = type === '2' ? records[++index] : undefined;
      if (path)
        reading.entries.push({ kind: type === 'u' ? 'conflict' : 'changed', path, ...(from && { from }) });
    }
  }
  return reading;
}

/** Those of the records that describe a path; the headers also change after a mere fetch. */
export function pathRecords(records: readonly string[]): string[] {
  return records.filter((record) => record !== '' && !record.startsWith('# '));
}

function readHeader(record: string, reading: StatusReading): void {
  const [, name, value = ''] = record.split(' ');
  if (name === 'branch.oid' && value !== '(initial)') reading.head = value;
  if (name === 'branch.head' && value !== '(detached)') reading.branch = value;
}
