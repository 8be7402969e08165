import { resolve } from 'node:path';
import * as z from 'zod';
import { isSamocodeError } from '../../kernel/errors.ts';
import { plainText } from '../../kernel/files/plain-file.ts';
import { runGit } from '../git/git.ts';
import type { GitContext } from '../git/repository.ts';

/** What is checked out in the main checkout. Its files and index are a person's to change. */
export const MainCheckout = z.object({
  head: z.string().optional(),
  /** Absent when no branch is checked out. */
  branch: z.string().optional(),
  /** What changes how git reads the history, line by line, for each key of `UNDO`. */
  history: z.record(z.string(), z.array(z.string())).optional(),
  /** The reason why it could not be read: then nothing else is known. */
  problem: z.string().optional(),
});
export type MainCheckout = z.infer<typeof MainCheckout>;

/** Cheap enough before and after every iteration; never throws. */
export async function readMainCheckout({
  mainRepo,
  ...context
}: GitContext & { mainRepo: string }): Promise<MainCheckout> {
  try {
    const { stdout } = await runGit(ASK, { ...context, cwd: mainRepo });
    const [head, branch, commonDir = '', , ...replaced] = stdout.trimEnd().split('\n');
    const history: Record<string, string[]> = { 'refs/replace': replaced };
    for (const name of ['shallow', 'info/grafts', 'objects/info/alternates']) {
      const text = await plainText(resolve(mainRepo, commonDir, name), MAX_BYTES);
      history[name] = text?.split('\n').filter((line) => line !== '') ?? [];
    }
    return { head, branch: branch === 'HEAD' ? undefined : branch, history };
  } catch (error) {
    return { problem: isSamocodeError(error) ? `${error.what} ${error.why}` : String(error) };
  }
}

/** The top folder is asked for only because git refuses it where nothing is checked out any more. */
const ASK = [
  ...['rev-parse', 'HEAD', '--abbrev-ref', 'HEAD', '--git-common-dir', '--show-toplevel'],
  '--glob=refs/replace/',
];

const MAX_BYTES = 1024 * 1024;

/** An agent's git shares these files with the person's clone. */
const UNDO: Record<string, string> = {
  shallow: 'its history became shallower; `git fetch --unshallow` there brings it back',
  'info/grafts': 'it gained grafts; remove the new lines of `info/grafts` in its git folder',
  'refs/replace':
    'it gained replacements of commits; list them with `git replace`, remove one with `git replace -d`',
  'objects/info/alternates':
    'it gained alternates; `git repack -a -d` there, then remove the new lines of `objects/info/alternates` in its git folder',
};

export function movesBetween(before: MainCheckout, after: MainCheckout): string[] {
  const moves: string[] = [];
  if (before.problem !== undefined) return [];
  if (after.problem !== undefined) return [`it can no longer be read: ${after.problem}`];
  if (before.branch !== after.branch) {
    moves.push(`the branch changed from ${before.branch ?? 'none'} to ${after.branch ?? 'none'}`);
  }
  if (before.head !== after.head) {
    moves.push(`HEAD moved from ${short(before.head)} to ${short(after.head)}`);
  }
  for (const [name, undo] of Object.entries(UNDO)) {
    const [old, now] = [before.history?.[name], after.history?.[name] ?? []];
    // Deepening a shallow clone moves its boundary: then an old line is gone.
    const isDeeper = name === 'shallow' && old?.some((line) => !now.includes(line));
    if (old && !isDeeper && now.some((line) => !old.includes(line))) moves.push(undo);
  }
  return moves;
}

function short(commit = 'no commit'): string {
  return commit.slice(0, 10);
}
