import { dirname, join } from 'node:path';
import { ulid } from 'ulid';
import { isoUtc } from '../../src/base/clock.ts';
import { type Command, leaveCommand } from '../../src/session/commands/commands.ts';
import { runWorker } from '../../src/worker/loop/run-worker.ts';
import type { SessionRig } from './session-rig.ts';

// Each program that runs, as git does, listens for the end of this process.
process.setMaxListeners(100);

type Unsigned<C> = C extends Command ? Omit<C, 'v' | 'id' | 'by' | 'at'> : never;

/**
 * Leaves a person's command for a session that rests, and works on it in this process until it rests again: what a
 * worker does is the same, and half of what a short-lived one takes is the start of its program. Not for sessions
 * that somebody ends the worker of: it would be this process.
 */
export async function workHere(
  { context, paths }: SessionRig,
  request: Unsigned<Command>,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { clock, host, env, by, programs } = context();
  const head = { v: 1, id: ulid(), by, at: isoUtc(clock.now()) } as const;
  await leaveCommand(paths, { ...head, ...request } as Command);
  const { sessionsDir, folder } = paths;
  const supervisorProgram = join(dirname(programs.rehearsal), 'supervisor.cjs');
  const own = { rehearsalProgram: programs.rehearsal, supervisorProgram };
  await runWorker({ sessionsDir, folder, clock, host, env: { ...env, ...more }, ...own });
}
