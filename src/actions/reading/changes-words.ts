import { counted } from '../../base/plain-words.ts';
import type { FileChange } from '../../project/worktrees/changes.ts';
import type { SessionChanges } from './read-changes.ts';

/** What a session changed, as lines: commits, files, what no commit holds. Subjects and paths are children's words. */
export function changesWords(changes: SessionChanges): string {
  const { since, commits, stat, uncommitted, patch, outsidePlan } = changes;
  if (patch !== undefined) return patch.text;
  const { files, fileCount, insertions, deletions } = stat;
  const lines = [
    `${counted(commits.total, 'commit')} since ${since}`,
    ...commits.commits.map(({ hash, subject }) => `${hash.slice(0, 8)} ${subject}`),
    ...more(commits.total - commits.commits.length),
    `${counted(fileCount, 'file')}, +${insertions} -${deletions}`,
    ...files.map((file) => `${fileLine(file)}${outsidePlan.includes(file.path) ? ' (not in the plan)' : ''}`),
    ...more(fileCount - files.length),
  ];
  if (uncommitted.length > 0) lines.push('Not committed', ...uncommitted.slice(0, MOST_UNCOMMITTED));
  lines.push(...more(uncommitted.length - MOST_UNCOMMITTED));
  return lines.join('\n');
}

const MOST_UNCOMMITTED = 50;

function fileLine({ path, renamedFrom, insertions, deletions }: FileChange): string {
  const lines = insertions === null ? '(binary)' : `+${insertions} -${deletions}`;
  return `${renamedFrom === undefined ? '' : `${renamedFrom} -> `}${path} ${lines}`;
}

function more(left: number): string[] {
  return left > 0 ? [`… and ${left} more`] : [];
}
