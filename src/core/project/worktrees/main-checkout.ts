import * as z from 'zod';
import { isSamocodeError } from '../../kernel/errors.ts';
import { runGit } from '../git/git.ts';
import type { GitContext } from '../git/repository.ts';

/** What is checked out in the main checkout. Its files and index are a person's to change. */
export const MainCheckout = z.object({
  head: z.string().optional(),
  /** Absent when no branch is checked out. */
  branch: z.string().optional(),
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
    const [head, branch] = stdout.split('\n');
    return { head, branch: branch === 'HEAD' ? undefined : branch };
  } catch (error) {
    return { problem: isSamocodeError(error) ? `${error.what} ${error.why}` : String(error) };
  }
}

/** The top folder is asked for only because git refuses it where nothing is checked out any more. */
const ASK = ['rev-parse', 'HEAD', '--abbrev-ref', 'HEAD', '--show-toplevel'];

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
  return moves;
}

function short(commit = 'no commit'): string {
  return commit.slice(0, 10);
}
