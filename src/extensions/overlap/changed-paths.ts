import * as z from 'zod';
import { plainJson } from '../../core/kernel/files/plain-file.ts';
import type { SessionPaths } from '../../core/session/layout/paths.ts';

/** What the branch of a session had changed since its base when its last agent ended. Agents chose the names. */
const ChangedPaths = z.object({
  v: z.literal(1),
  repo: z.string(),
  branch: z.string(),
  base: z.string(),
  baseCommit: z.string(),
  tip: z.string(),
  paths: z.array(z.string()),
});
export type ChangedPaths = z.infer<typeof ChangedPaths>;

export async function changedPathsOf({
  changedPaths,
}: Pick<SessionPaths, 'changedPaths'>): Promise<ChangedPaths | undefined> {
  return await plainJson(changedPaths, ChangedPaths);
}
