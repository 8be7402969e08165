import * as z from 'zod';
import { isSamocodeError } from '../../kernel/errors.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { pathInside, realPathAsFar } from '../git/real-path.ts';
import type { GitContext } from '../git/repository.ts';
import { GIT_STATUS, parseStatus, pathRecords, readStatus } from '../git/status-entries.ts';

/** The state of the main checkout at one moment. If all fields are equal, it has not changed. */
export const MainCheckout = z.object({
  /** Absent before the first commit. */
  head: z.string().optional(),
  /** Absent when no branch is checked out. */
  branch: z.string().optional(),
  /** SHA-256 over staged, changed and new paths with the hashes of staged content; without SESSIONS and WORKTREES. */
  statusHash: z.string(),
  /** The reason why it could not be read: then nothing else is known. */
  problem: z.string().optional(),
});
export type MainCheckout = z.infer<typeof MainCheckout>;

export interface MainCheckoutPlace extends GitContext {
  mainRepo: string;
  /** Our folders, which may be inside: SESSIONS and WORKTREES. */
  ours: readonly string[];
}

/** A fingerprint of MAIN_REPO's checkout, cheap enough to take before and after every iteration; never throws. */
export async function readMainCheckout(place: MainCheckoutPlace): Promise<MainCheckout> {
  try {
    return await readState(place);
  } catch (error) {
    const problem = isSamocodeError(error) ? `${error.what} ${error.why}` : String(error);
    return { statusHash: '', problem };
  }
}

async function readState({ mainRepo, ours, ...context }: MainCheckoutPlace): Promise<MainCheckout> {
  const options = { ...context, cwd: mainRepo };
  const ask = [...ASK, '--', '.', ...(await leavingOut(mainRepo, ours))];
  const { records } = await readStatus(ask, options);
  const { head, branch } = parseStatus(records);
  return { head, branch, statusHash: fingerprint(pathRecords(records).join('\0')) };
}

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
  if (moves.length === 0 && before.statusHash !== after.statusHash) moves.push('files or the index changed');
  return moves;
}

const ASK = [
  ...GIT_STATUS,
  '--untracked-files=normal',
  '--ignore-submodules=dirty',
  // A rename pair would hide the index state of its second half; the ahead/behind count is not needed.
  '--no-renames',
  '--no-ahead-behind',
];

async function leavingOut(mainRepo: string, ours: readonly string[]): Promise<string[]> {
  const top = await realPathAsFar(mainRepo);
  const ways = await Promise.all(ours.map(async (folder) => pathInside(top, await realPathAsFar(folder))));
  return ways.filter((way) => way !== undefined && way !== '').map((way) => `:(exclude,literal)${way}`);
}

function short(commit: string | undefined): string {
  return commit?.slice(0, 10) ?? 'no commit';
}
