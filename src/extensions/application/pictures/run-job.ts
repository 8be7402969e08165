import { chmodSync, realpathSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as z from 'zod';
import { makeFolder } from '../../../core/kernel/files/make-folder.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import { runCommand } from '../../../core/kernel/processes/run-command.ts';
import { visibleControls } from '../../../core/kernel/text.ts';
import { removeAtOnce } from '../../../core/project/git/remove-tree.ts';
import { openEgressProxy } from '../../../core/sandbox/egress-proxy.ts';
import type { ActiveGuard } from '../../../core/sandbox/probe-guard.ts';
import { nodeProgram } from '../../../core/sandbox/programs/node-path.ts';
import { browserInside } from '../sandbox/browser-place.ts';
import type { PicturesJob } from './job.ts';

/** In characters; a reason is shown in one line. */
const MAX_SAID = 300;

export interface JobPlace {
  now: Pick<ActiveGuard, 'tool' | 'places'>;
  /** The folder of our programs. */
  programs: string;
  /** Made and removed here; absolute, without links. */
  scratch: string;
  env: Record<string, string>;
  timeoutMs: number;
  signal: AbortSignal;
}

/** Where a job may read and write, and the only port of this machine that it reaches. */
export interface JobReach {
  /** A new folder, which the program inside can write. */
  into: string;
  shown: readonly string[];
  port?: number;
}

/**
 * Runs the program for pictures in a separate strict sandbox, whatever the level of the session.
 * @returns its answer, or why it could not give one
 */
export async function runPicturesJob<T>(
  job: PicturesJob,
  answer: z.ZodType<T>,
  { into, shown, port }: JobReach,
  { now, programs, scratch, env, timeoutMs, signal }: JobPlace,
): Promise<T | string> {
  const at = (name: string) => join(scratch, name);
  for (const folder of [scratch, into]) await removeAtOnce(folder);
  for (const folder of ['home', 'tmp', 'net', 'job'].map(at)) makeFolder(folder, 0o700);
  chmodSync(at('tmp'), 0o1777);
  makeFolder(into);
  const path = join(at('job'), 'job.json');
  writeFileSync(path, JSON.stringify(job));
  const ports = port === undefined ? [] : [port];
  const proxy = await openEgressProxy(at('net'), { hosts: [], ports, env: {} }, () => undefined);
  try {
    const part = { home: at('home'), tmp: at('tmp'), net: at('net'), ports };
    const inside = browserInside(now, { ...part, shown: [at('job'), ...shown], open: [into] });
    if (inside === undefined) return NO_SANDBOX;
    const [file, ...args] = inside([nodeProgram(), join(programs, 'pictures.cjs'), path]);
    const end = await runCommand(file, args, { env, timeoutMs, signal, leavesBehind: true });
    signal.throwIfAborted();
    if (end.timedOut) return `the browser did not end within ${timeoutMs / 1000} s`;
    const result = end.exitCode === 0 ? answer.safeParse(parseJson(end.stdout)) : undefined;
    return result?.success ? result.data : `the program for pictures failed: ${saidIn(end.stderr)}`;
  } finally {
    await proxy.close();
    await removeAtOnce(scratch);
  }
}

export const NO_SANDBOX = 'pictures need the sandbox of bubblewrap, which is off or not available';

function saidIn(stderr: string): string {
  const [line = ''] = stderr.trim().split('\n');
  return visibleControls(line.slice(0, MAX_SAID)) || 'it said nothing';
}

/** The folder of playwright-core, installed next to this package or above it. Never one of the repository's. */
export function playwrightOf(programs: string): string | undefined {
  try {
    return dirname(
      createRequire(join(realpathSync(programs), 'pictures.cjs')).resolve('playwright-core/package.json'),
    );
  } catch {
    return undefined;
  }
}
