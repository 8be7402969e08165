import * as z from 'zod';
import { plainJson } from '../../kernel/files/plain-file.ts';
import type { SessionPaths } from './paths.ts';

/**
 * This machine's folders for a session that another machine of a pool has, and this machine's copy of the branch.
 */
export const Mirror = z.object({
  configPath: z.string(),
  mainRepo: z.string(),
  worktreesDir: z.string(),
  /** The newest published commit of the branch. */
  head: z.string().optional(),
});
export type Mirror = z.infer<typeof Mirror>;

export async function readMirror({ copyMark }: Pick<SessionPaths, 'copyMark'>): Promise<Mirror | undefined> {
  return await plainJson(copyMark, Mirror);
}
