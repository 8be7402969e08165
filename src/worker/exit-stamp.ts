import { statSync } from 'node:fs';
import { ifThere } from '../base/errors.ts';
import { type ChildRecord, exitFile } from '../providers/run-child.ts';
import { iterationPaths, type SessionPaths } from '../session/paths.ts';

export interface ExitStamp {
  /** Which file it is and when the system last changed it: nobody knows that before the child has ended. */
  text: string;
  ctimeNs: bigint;
}

/** By what the file is known in which a wrapper wrote how its child ended; undefined when there is none. */
export function exitStamp(
  paths: SessionPaths,
  iteration: number,
  child: ChildRecord | undefined,
): ExitStamp | undefined {
  if (child === undefined) return undefined;
  const path = exitFile(iterationPaths(paths, iteration).exit, child);
  const stats = ifThere(() => statSync(path, { bigint: true }));
  return stats && { text: `${stats.ino}-${stats.ctimeNs}`, ctimeNs: stats.ctimeNs };
}
