import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { decode, readPlainFile } from '../../kernel/files/plain-file.ts';
import { threeDigits } from '../../kernel/files/stamps.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import { MAX_DOCUMENT_BYTES } from '../layout/paths.ts';

/** The kinds of documents in a session folder, each with its expected sections. */
export const DOCUMENT_KINDS = {
  dive: ['Summary', 'Key Findings', 'Code Structure', 'Dependencies', 'Considerations', 'Recommendations'],
  requirements: ['Summary', 'Architectural Decisions', 'Implementation Requirements', 'Out of Scope'],
  plan: ['Task Definition', 'Requirements', 'Context', 'Implementation Phases', 'Notes'],
  task: ['Description', 'Requirements', 'Clarifications', 'Edge Cases', 'Success Criteria'],
  do: ['What was done', 'Files Changed', 'Testing', 'Notes'],
  dop: ['Completed Items', 'Files Changed', 'Testing', 'Notes'],
  'solution-minimal': ['Approach', 'Proposed Changes', 'Trade-offs', 'Risks'],
  'solution-clean': ['Approach', 'Proposed Changes', 'Benefits', 'Risks'],
  comparison: ['Differences', 'Pros and Cons', 'Risk', 'Recommendation', 'Hybrid'],
  'test-report': ['Summary', 'Run', 'Tests', 'Issues', 'Method', 'Environment', 'Recommendation'],
  cleanup: ['Issues', 'Summary', 'Phases'],
  'quality-review': ['Summary', 'Cleanup', 'Reviews', 'Blocking', 'Non-blocking', 'Actions', 'Final Status'],
  summary: [
    ...['Overview', 'Changes', 'Files', 'Testing', 'Quality', 'Not done or not tested', 'Decisions'],
    ...['PR Description', 'Notes'],
  ],
} as const satisfies Record<string, readonly string[]>;
export type DocumentKind = keyof typeof DOCUMENT_KINDS;

export interface DocumentName {
  /** `MM-DD-HHMM`, without the colon of old names. */
  stamp: string;
  /** Undefined for an unknown kind. */
  kind: DocumentKind | undefined;
  slug: string;
}

/** Parses the name of a document, including old names with a colon; undefined for other files. */
export function parseDocumentName(file: string): DocumentName | undefined {
  const match = /^(\d\d-\d\d-\d\d):?(\d\d)-([^/\\]{1,200})\.md$/.exec(file);
  if (!match) return undefined;
  const [, hour = '', minute = '', rest = ''] = match;
  const kinds = Object.keys(DOCUMENT_KINDS) as DocumentKind[]; // its keys are the type
  const kind = kinds.find((name) => rest === name || rest.startsWith(`${name}-`));
  return { stamp: `${hour}${minute}`, kind, slug: kind ? rest.slice(kind.length + 1) : rest };
}

/**
 * Sorts documents newest first, then other files. Stamps have no year: it is the one in which they are nearest to the
 * session's first day.
 * @param startedOn the session's first day as `MM-DD` or `YY-MM-DD`
 */
export function sortNewestFirst(files: readonly string[], startedOn = ''): string[] {
  const firstDay = dayOfYear(startedOn.slice(-5));
  const keyOf = (file: string) => {
    const stamp = parseDocumentName(file)?.stamp;
    if (!stamp) return '';
    const days = firstDay === undefined ? 0 : (dayOfYear(stamp) ?? firstDay) - firstDay;
    const year = days < -HALF_A_YEAR ? 2 : days > HALF_A_YEAR ? 0 : 1;
    return `${year}-${stamp}`;
  };
  const keyed = files.map((file) => ({ file, key: keyOf(file), name: file.replace(/\.md$/, '') }));
  keyed.sort(
    (a, b) =>
      b.key.localeCompare(a.key, 'en') ||
      // With equal stamps, `plan-jwt-2.md` is newer than `plan-jwt.md` and older than `plan-jwt-10.md`.
      b.name.localeCompare(a.name, 'en', { numeric: true }) ||
      b.file.localeCompare(a.file, 'en'),
  );
  return keyed.map(({ file }) => file);
}

const HALF_A_YEAR = 183;

/** @param date begins with `MM-DD`; days are counted in a leap year */
function dayOfYear(date: string): number | undefined {
  const ms = Date.parse(`2000-${date.slice(0, 5)}T00:00:00Z`);
  return Number.isNaN(ms) ? undefined : ms / 86_400_000;
}

/** The name of an agent's log in `_logs/`: `01-08-1437-007-planning.jsonl`. */
export function logFileName(stamp: string, iteration: number, phase: Phase): string {
  return `${stamp}-${threeDigits(iteration)}-${phase}.jsonl`;
}

export function stderrFileName(logName: string): string {
  return logName.replace(/\.jsonl$/, '.stderr');
}

/** The text of a session's file, which may have been replaced by anything; undefined if it is not a plain file. */
export async function documentText(path: string, maxBytes = MAX_DOCUMENT_BYTES): Promise<string | undefined> {
  const reading = await readPlainFile(path, maxBytes);
  return reading.kind === 'bytes' ? decode(reading.bytes) : undefined;
}

/** The fingerprint of a file's `documentText`, as recorded in events. */
export async function documentFingerprint(path: string): Promise<string | undefined> {
  const text = await documentText(path);
  return text === undefined ? undefined : fingerprint(text);
}
