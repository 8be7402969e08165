import { basename, dirname } from 'node:path';
import { hasWorker } from '../actions/send-command.ts';
import type { Clock } from '../base/clock.ts';
import { systemHost } from '../base/host.ts';
import { sessionPaths } from '../session/paths.ts';

const LIMIT_MS = 10_000;
const LOOK_MS = 50;

/** A worker leaves by itself at done, a moment after it has said so; until then the folder is still in use. */
export async function untilWorkerLeft(sessionDir: string, clock: Clock): Promise<void> {
  const paths = sessionPaths(dirname(sessionDir), basename(sessionDir));
  const host = await systemHost();
  const deadline = clock.monotonic() + LIMIT_MS;
  while (clock.monotonic() < deadline && (await hasWorker(paths, { host }))) await clock.sleep(LOOK_MS);
}
