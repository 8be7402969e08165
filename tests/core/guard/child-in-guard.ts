import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import {
  findGuardTool,
  type Guard,
  makeGuard,
  writable,
} from '../../../src/core/sandbox/guard/make-guard.ts';
import type { TempLog } from '../../support/temp-log.ts';
import { type WorkerPlan, type WorkerWithChild, workerWithChild } from '../unit/worker/worker-with-child.ts';
import { expectNoProcessLeftIn } from './survivors.ts';

/** The write access of this child is irrelevant: the guard only contains its processes. */
export function guardOfProcesses(): Guard {
  const tool = findGuardTool(process.env);
  if (tool === undefined) throw new Error('Install bubblewrap: these tests are about it.');
  const all = readdirSync('/').filter((name) => name !== 'proc' && name !== 'dev');
  return makeGuard(
    tool,
    all.map((name) => writable(`/${name}`)),
  );
}

/** A child in the guard: its script starts after reporting its namespace, and works in the run folder. */
export async function childDoing(log: TempLog, script: string, plan: WorkerPlan = {}): Promise<ChildInGuard> {
  const { runDir } = log.paths;
  const scene = await workerWithChild(log, {
    ...plan,
    script: `readlink /proc/self/ns/pid >namespace; ${script}`,
    guard: guardOfProcesses(),
  });
  const text = (name: string) => readFile(join(runDir, name), 'utf8').catch(() => '');
  return { ...scene, text, [Symbol.asyncDispose]: scene[Symbol.asyncDispose] };
}

export interface ChildInGuard extends WorkerWithChild {
  text(name: string): Promise<string>;
}

export async function expectNoProcessLeft(child: ChildInGuard): Promise<void> {
  await expectNoProcessLeftIn([(await child.text('namespace')).trim()]);
  expect(await child.living()).toBe(0);
}

/** A child that is hard to end once set up; it then writes `up`. */
export const DIFFICULT: Array<[string, string]> = [
  ['is deaf to every polite signal', `trap '' TERM INT HUP; echo up >up; while :; do sleep 1; done`],
  [
    'forks twice into a session of its own, deaf and without its environment',
    `(setsid env -i sh -c "trap '' TERM; (sleep 600; :) & echo up >up; sleep 600; :" &) ; sleep 600; :`,
  ],
  ['keeps pipes open', `trap '' TERM; echo up >up; sleep 600 | cat | cat`],
  ['is stopped', `sh -c 'echo up >up; kill -STOP $$; sleep 600' & sleep 600; :`],
  ['stops itself', `echo up >up; kill -STOP $$; sleep 600; :`],
  [
    'forks on and on, each time in a new session',
    `trap '' TERM; echo 'trap "" TERM; echo up >>up; setsid sh hop & sleep 0.05' >hop; sh hop; sleep 600; :`,
  ],
];

/** A child that exits with 5 and leaves such processes behind. */
export function leaving(script: string): string {
  const quoted = `'${script.replaceAll("'", `'\\''`)}'`;
  return `sh -c ${quoted} & until [ -s up ]; do sleep 0.02; done; exit 5`;
}
