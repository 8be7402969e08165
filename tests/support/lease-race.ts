import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemHost } from '../../src/core/kernel/processes/host.ts';
import type { Lease } from '../../src/core/kernel/processes/lease.ts';
import { bundleScript } from './bundle-script.ts';
import type { Answer, ControlQuestion } from './lease-contender.ts';
import { type TempDir, tempDir } from './temp-dir.ts';

/** Processes that run for many rounds; otherwise most of the time would be spent on starting them. */
export interface Contenders extends AsyncDisposable {
  dir: string;
  processes: readonly ChildProcess[];
  /** Sends a request to all of them at once. */
  all(ask: ControlQuestion): Promise<Answer[]>;
}

export async function startContenders(count: number): Promise<Contenders> {
  const dir: TempDir = await tempDir('samocode-leases-');
  const script = await bundleScript('lease-contender.ts', dir.path);
  const processes = Array.from({ length: count }, () => fork(script, { execArgv: [] }));
  return {
    dir: dir.path,
    processes,
    all: (ask) => Promise.all(processes.map((each) => askOne(each, ask))),
    async [Symbol.asyncDispose]() {
      const ended = Promise.all(
        processes.map((each) => each.exitCode ?? each.signalCode ?? once(each, 'exit')),
      );
      for (const each of processes) each.kill('SIGKILL');
      await ended;
      await dir[Symbol.asyncDispose]();
    },
  };
}

export async function askOne(contender: ChildProcess, ask: ControlQuestion): Promise<Answer> {
  const answered = once(contender, 'message');
  contender.send(ask);
  const [answer] = await answered;
  return answer as Answer;
}

/** Many starters on the lease of a dead owner, round after round: each time exactly one gets it. */
export async function raceForLease(contenders: Contenders, rounds: number): Promise<void> {
  for (let round = 1; round <= rounds; round += 1) {
    const dir = join(contenders.dir, 'leases');
    const died = 1 + (round % 7);
    await layLeaseOfDead(dir, died);
    const answers = await contenders.all({ kind: 'take', dir, atMs: Date.now() + 3 });
    const number = died + 1;
    const winners = answers.filter((answer) => answer.kind === 'took');
    assert.deepEqual(winners, [{ kind: 'took', number, previous: 'died' }], `round ${round}`);
    const others = answers.filter((answer) => answer.kind !== 'took');
    assert(
      others.every((answer) => answer.kind === 'held' && answer.by === number),
      JSON.stringify(others),
    );
    const files = (await readdir(dir)).filter((name) => !name.startsWith('.'));
    assert.deepEqual(files.sort(), [fileName(died), fileName(number)]);
    await rm(dir, { recursive: true });
  }
}

/** The same folder all the time: each owner leaves at once, so that reads and links of all ages coincide. */
export async function passLeaseOn(contenders: Contenders, rounds: number): Promise<void> {
  const dir = join(contenders.dir, 'passed-on');
  let newest = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const answers = await contenders.all({ kind: 'take', dir, atMs: Date.now() + 1 });
    const [winner, second] = answers.filter((answer) => answer.kind === 'took');
    assert(winner !== undefined && second === undefined, `round ${round}: ${JSON.stringify(answers)}`);
    assert(winner.number > newest, 'numbers grow');
    newest = winner.number;
    await contenders.all({ kind: 'release' });
  }
}

async function layLeaseOfDead(dir: string, number: number): Promise<void> {
  const { bootId, hostId, pidNamespace } = await systemHost();
  // This process's pid with impossible start ticks: acquired long ago by a process that is gone.
  const owner = { pid: process.pid, startTicks: '1', bootId, hostId, pidNamespace };
  const lease: Lease = { v: 1, number, owner, acquiredAt: '2026-01-08T10:00:00.000Z' };
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, fileName(number)), JSON.stringify(lease));
}

function fileName(number: number): string {
  return `${String(number).padStart(6, '0')}.json`;
}
