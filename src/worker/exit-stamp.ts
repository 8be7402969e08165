import { stat } from 'node:fs/promises';
import { ifExists } from '../base/errors.ts';
import { type ChildRecord, exitFile } from '../providers/run-child.ts';
import { iterationPaths, type SessionPaths } from '../session/paths.ts';

export interface ExitStamp {
  /** Which file it is and when the system last changed it: nobody knows that before the child has ended. */
  text: string;
  ctimeNs: bigint;
}

/** By what the file is known in which a wrapper wrote how its child ended; undefined when there is none. */
export async function exitStamp(
  paths: SessionPaths,
  iteration: number,
  child: ChildRecord | undefined,
): Promise<ExitStamp | undefined> {
  if (child === undefined) return undefined;
  const path = exitFile(iterationPaths(paths, iteration).exit, child);
  const stats = await ifExists(stat(path, { bigint: true }));
  return stats && { text: `${stats.ino}-${stats.ctimeNs}`, ctimeNs: stats.ctimeNs };
}
