import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endOfWorker } from '../../tests/support/supervisors.ts';
import { median } from '../bench.ts';
import { restingRig, withCheapAgents } from './bench-rig.ts';

const ITERATIONS = 8;
/** The wrapper that starts the agent, once in every iteration. */
const WRAPPER = '/bin/sh';

/**
 * How many processes a worker starts between two agents, including the wrapper. The number is exact and does not depend
 * on the load, and each start of a program costs more than everything else that a worker does in between.
 */
export async function countProcesses(): Promise<Record<string, number>> {
  await using rig = await restingRig({}, 'memory');
  await withCheapAgents(rig);
  const list = join(rig.repo.root, 'processes');
  rig.repo.env.NODE_OPTIONS = `--import=${recorder(list)}`;
  await rig.resume();
  await rig.until(({ progress }) => progress.totalIterations > ITERATIONS, { withinMs: 120_000 });
  await rig.stop('now');
  await endOfWorker(rig);
  const files = (await readFile(list, 'utf8')).trimEnd().split('\n');
  const starts = files.flatMap((file, index) => (file === WRAPPER ? [index] : []));
  const gaps = starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
  return { processesPerIteration: median(gaps) };
}

/** A module that records every program that its process starts, one per line. */
function recorder(list: string): string {
  const code = `
    import { appendFileSync } from 'node:fs';
    import { ChildProcess } from 'node:child_process';
    const { spawn } = ChildProcess.prototype;
    ChildProcess.prototype.spawn = function (options) {
      appendFileSync(${JSON.stringify(list)}, options.file + '\\n');
      return spawn.call(this, options);
    };`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}
