import { spawnSync } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { changeSettings } from '../../tests/core/faults/with-settings.ts';
import { type RigPlan, type SessionRig, startRig } from '../../tests/support/session-rig.ts';
import { endOfWorker } from '../../tests/support/supervisors.ts';

/** Where a session's files are: in memory, no time is spent waiting for a disk. */
export type Medium = 'memory' | 'disk';

const FOLDERS: Readonly<Record<Medium, string>> = { memory: '/dev/shm', disk: '/var/tmp' };

/** A session that is prepared and stopped, without a worker. */
export async function restingRig(plan: RigPlan, medium: Medium = 'disk'): Promise<SessionRig> {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = FOLDERS[medium];
  try {
    const rig = await startRig({ ...plan, start: { run: false } });
    await rig.until(({ status }) => status.kind === 'stopped');
    await endOfWorker(rig);
    return rig;
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

const RUNS = 100;

/** The CPU time that one cheap agent uses itself, in milliseconds. */
export function cheapAgentCpuMs({ repo }: SessionRig): number {
  const script = `i=0; while [ $i -lt ${RUNS} ]; do ./claude >/dev/null; i=$((i + 1)); done; times`;
  const { stdout } = spawnSync('/bin/sh', ['-c', script], { cwd: repo.root, encoding: 'utf8' });
  // The second line has the times of the shell's children, such as `0m0.120s 0m0.040s`.
  const spent = [...(stdout.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  const seconds = spent.map(([, minutes, rest]) => 60 * Number(minutes) + Number(rest));
  return (1000 * seconds.reduce((sum, each) => sum + each, 0)) / RUNS;
}

/** Gives the session agents that cost next to nothing: a shell script that changes a file and signals to stay. */
export async function withCheapAgents(rig: SessionRig): Promise<void> {
  const claude = join(rig.repo.root, 'claude');
  const result = JSON.stringify({ type: 'result', subtype: 'success', is_error: false, result: 'done' });
  const script = [
    '#!/bin/sh',
    'echo "$SAMOCODE_ITERATION" > progress.txt',
    `echo '{"status":"continue"}' > '${rig.paths.signal}'`,
    `echo '${result}'`,
  ];
  await writeFile(claude, `${script.join('\n')}\n`);
  await chmod(claude, 0o755);
  await changeSettings(rig, { provider: 'claude', cliPaths: { claude } });
}
