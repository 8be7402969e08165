import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endOfWorker } from '../../tests/support/supervisors.ts';
import { median } from '../bench.ts';
import { restingRig, withCheapAgents } from './bench-rig.ts';

const ITERATIONS = 8;
/** The wrapper that starts the agent, once in every iteration. */
const WRAPPER = '/bin/sh';

/**
 * How many programs a worker starts between two agents, including the wrapper, and what the kernel sees of it: also
 * the programs that git starts, and all syncs. The numbers do not depend on the load.
 */
export async function countProcesses(): Promise<Record<string, number>> {
  await using rig = await restingRig({}, 'disk');
  await withCheapAgents(rig);
  const list = join(rig.repo.root, 'processes');
  rig.repo.env.NODE_OPTIONS = `--import=${recorder(list)}`;
  await rig.resume();
  await rig.until(({ progress }) => progress.totalIterations > 2, { withinMs: 120_000 });
  const trace = traceOf(await rig.workerPid(), join(rig.repo.root, 'trace'));
  await rig.until(({ progress }) => progress.totalIterations > ITERATIONS + 2, { withinMs: 120_000 });
  await rig.stop('now');
  await endOfWorker(rig);
  const files = (await readFile(list, 'utf8')).trimEnd().split('\n');
  return {
    processesPerIteration: median(gapsAt(files, (file) => file === WRAPPER)),
    ...(await trace?.counts()),
  };
}

/** The distances between the lines that begin a gap. */
function gapsAt(lines: readonly string[], begins: (line: string) => boolean): number[] {
  const starts = lines.flatMap((line, index) => (begins(line) ? [index] : []));
  return starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
}

/** Records each program that a process and its children start, and each sync; undefined without strace. */
function traceOf(pid: number | undefined, path: string) {
  if (pid === undefined || spawnSync('strace', ['-V']).error !== undefined) return undefined;
  const events = 'trace=execve,fsync,fdatasync';
  const tracer = spawn('strace', ['-f', '-qq', '-e', events, '-o', path, '-p', String(pid)], {
    stdio: 'ignore',
  });
  const ended = once(tracer, 'exit');
  return {
    async counts(): Promise<Record<string, number>> {
      await ended;
      const lines = (await readFile(path, 'utf8'))
        .split('\n')
        .filter((line) => !/ = -1 | resumed>/.test(line));
      const begins = (line: string) => line.includes('"samocode-child-');
      const perGap = (kind: RegExp) =>
        median(
          gapsAt(
            lines.filter((line) => begins(line) || kind.test(line)),
            begins,
          ),
        ) - 1;
      return {
        allProgramsPerIteration: perGap(/execve\(/) + 1,
        syncsPerIteration: perGap(/f(?:data)?sync\(/),
      };
    },
  };
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
