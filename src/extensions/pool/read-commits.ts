import { runGit } from '../../core/project/git/git.ts';
import type { GitContext } from '../../core/project/git/repository.ts';
import type { Oid } from './boards/board.ts';

export interface CommitText {
  oid: Oid;
  tree: Oid;
  parents: readonly Oid[];
  message: string;
}

const MAX_BYTES = 64 * 1024 * 1024;

/** Reads commits in one call; skips ids that are missing or do not name a commit. */
export async function readCommits(
  oids: readonly Oid[],
  git: GitContext & { cwd: string },
): Promise<CommitText[]> {
  if (oids.length === 0) return [];
  // latin1 has one character per byte, and git prints lengths in bytes.
  const more = { input: `${oids.join('\n')}\n`, encoding: 'latin1', maxChars: MAX_BYTES } as const;
  const { stdout } = await runGit(['cat-file', '--batch'], { ...git, ...more });
  const commits: CommitText[] = [];
  for (let at = 0; at < stdout.length; ) {
    const end = stdout.indexOf('\n', at);
    const [oid = '', type, size] = stdout.slice(at, end).split(' ');
    // The line "<oid> missing" has no type and no size.
    const last = end + 1 + Number(size ?? -1);
    if (type === 'commit') commits.push(commitOf(oid, stdout.slice(end + 1, last)));
    at = last + 1;
  }
  return commits;
}

function commitOf(oid: Oid, text: string): CommitText {
  const end = text.indexOf('\n\n');
  const lines = text.slice(0, end).split('\n');
  const all = (key: string) =>
    lines.flatMap((line) => (line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : []));
  const message = Buffer.from(text.slice(end + 2), 'latin1').toString('utf8');
  return { oid, tree: all('tree')[0] ?? '', parents: all('parent'), message: message.trim() };
}
