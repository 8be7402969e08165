import { createHash } from 'node:crypto';
import * as z from 'zod';
import { runGit } from './git.ts';
import { pathInside, realPathAsFar } from './real-path.ts';
import type { GitContext } from './repository.ts';
import { parseStatus } from './status-entries.ts';

/** What the main checkout looked like at one moment. Equal fields: nobody moved it. */
export const MainCheckout = z.object({
  /** Absent before the first commit. */
  head: z.string().optional(),
  /** Absent when no branch is checked out. */
  branch: z.string().optional(),
  /** SHA-256 over what is staged, compared with HEAD. */
  indexHash: z.string(),
  /** SHA-256 over changed and new paths, SESSIONS and WORKTREES left out. */
  statusHash: z.string(),
});
export type MainCheckout = z.infer<typeof MainCheckout>;

export interface MainCheckoutPlace extends GitContext {
  mainRepo: string;
  /** Folders of ours, which may lie inside: SESSIONS and WORKTREES. */
  ours: readonly string[];
}

/** A fingerprint of MAIN_REPO's own checkout, cheap enough to take before and after every iteration. */
export async function readMainCheckout({
  mainRepo,
  ours,
  ...context
}: MainCheckoutPlace): Promise<MainCheckout> {
  const options = { ...context, cwd: mainRepo };
  const status = await runGit([...STATUS, '--', '.', ...(await leavingOut(mainRepo, ours))], options);
  const { head, branch } = parseStatus(status.stdout);
  // Staged content has its hashes here, so no time stamp of the index file counts.
  const staged = head ? await runGit(['diff-index', '--cached', '--raw', '-z', 'HEAD'], options) : status;
  return {
    ...(head ? { head } : {}),
    ...(branch ? { branch } : {}),
    indexHash: hash(staged.stdout),
    statusHash: hash(withoutHeaders(status.stdout)),
  };
}

/** What differs between two fingerprints, in words for a note; empty when nothing does. */
export function movesBetween(before: MainCheckout, after: MainCheckout): string[] {
  const moves: string[] = [];
  if (before.branch !== after.branch) {
    moves.push(`the branch went from ${before.branch ?? 'none'} to ${after.branch ?? 'none'}`);
  }
  if (before.head !== after.head) {
    moves.push(`HEAD went from ${short(before.head)} to ${short(after.head)}`);
  } else if (before.indexHash !== after.indexHash) moves.push('the index changed');
  if (moves.length === 0 && before.statusHash !== after.statusHash) moves.push('files changed');
  return moves;
}

const STATUS = [
  'status',
  '--porcelain=v2',
  '--branch',
  '-z',
  '--untracked-files=normal',
  '--ignore-submodules=dirty',
];

async function leavingOut(mainRepo: string, ours: readonly string[]): Promise<string[]> {
  const top = await realPathAsFar(mainRepo);
  const ways = await Promise.all(ours.map(async (folder) => pathInside(top, await realPathAsFar(folder))));
  return ways.filter((way) => way !== undefined && way !== '').map((way) => `:(exclude,literal)${way}`);
}

// The headers count how far the branch is from its remote, which moves by a mere fetch.
function withoutHeaders(status: string): string {
  return status
    .split('\0')
    .filter((record) => !record.startsWith('# '))
    .join('\0');
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function short(commit: string | undefined): string {
  return commit?.slice(0, 10) ?? 'no commit';
}
