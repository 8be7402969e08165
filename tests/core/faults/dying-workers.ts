import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { isRunning } from '../../../src/core/kernel/processes/process-table.ts';
import { launchWorker } from '../../../src/core/sandbox/programs/launch-worker.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { eventually } from '../../support/eventually.ts';
import type { SessionRig } from '../../support/session-rig.ts';

/** The end of one worker: its name in a failure, and its fault point. */
export interface Death {
  name: string;
  env: Readonly<Record<string, string>>;
}

/**
 * Writes a program that starts workers which die: each one ends at the fault point of the first death still to come. A
 * worker that finds the lease held uses up no death.
 * @returns its path
 */
export async function writeDyingWorker(scratch: string, deaths: readonly Death[]): Promise<string> {
  const { worker } = await builtPrograms({}, { faults: true });
  const path = join(scratch, 'worker.cjs');
  const program = `const { existsSync } = require('node:fs');
const next = ${JSON.stringify(deaths.map(({ env }, index) => ({ ...env, SAMOCODE_CRASHED_FILE: crashed(scratch, index) })))}
  .find(({ SAMOCODE_CRASHED_FILE: file }) => !existsSync(file));
Object.assign(process.env, next);
process.argv[1] = ${JSON.stringify(worker)};
require(${JSON.stringify(worker)});
`;
  await writeFile(path, program);
  return path;
}

function crashed(scratch: string, index: number): string {
  return join(scratch, `crashed-${index}`);
}

/** Starts one worker after the other until every death has happened; no complete line of the log is lost. */
export async function dieInTurn(rig: SessionRig, deaths: readonly Death[], scratch: string): Promise<void> {
  const { host, env, programs } = rig.context();
  let pid: number | undefined;
  // Two that start at once would both be assigned the same death, and the second one would survive it.
  const isOnItsWay = async () =>
    (await rig.workerPid()) !== undefined || (pid !== undefined && isRunning(await host.processes.read(pid)));
  let log = '';
  let previous = 'the beginning';
  for (const [index, { name }] of deaths.entries()) {
    const died = async () => {
      if (existsSync(crashed(scratch, index))) return true;
      if (!(await isOnItsWay())) pid = await launchWorker(rig.paths, { program: programs.worker, env });
      return false;
    };
    await eventually(died, {
      what: `a worker that follows ${previous} and dies at ${name}`,
      withinMs: 120_000,
    });
    const now = await wholeLines(rig.paths.events);
    expect(now.startsWith(log), `the log keeps its lines from before ${name}`).toBe(true);
    log = now;
    previous = name;
  }
  // It has noted its death, and holds the lease until its process has ended: the next worker would leave at once.
  await eventually(async () => !(await isOnItsWay()), { what: 'the last worker is gone', withinMs: 120_000 });
}

async function wholeLines(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.slice(0, text.lastIndexOf('\n') + 1);
}
