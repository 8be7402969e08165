import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { systemHost } from '../../../src/core/kernel/processes/host.ts';
import { isRunning } from '../../../src/core/kernel/processes/process-table.ts';
import { eventually } from '../../support/eventually.ts';

/** What a stand-in does once it has noted how it was called. */
export const BEHAVES = {
  holds: 'exec "$@"',
  refuses: 'echo "Failed to inhibit: Access denied" >&2; exit 1',
  hangs: 'exec sleep 3600',
};

/** A program in place of `systemd-inhibit` or `caffeinate`, and the environment that finds it. */
export async function standIn(root: string, name: string, behaves: keyof typeof BEHAVES = 'holds') {
  const folder = join(root, `bin with ${name}`);
  const called = join(folder, 'called');
  await mkdir(folder, { recursive: true });
  // It removes its own options, as the real ones do, and becomes what it runs: the pid stays the same.
  const options = 'while [ "$1" != sh ]; do shift; done';
  const note = `echo "$$ $*" >> '${called}'`;
  await writeFile(join(folder, name), ['#!/bin/sh', note, options, BEHAVES[behaves], ''].join('\n'));
  await chmod(join(folder, name), 0o755);
  const calls = async () => (await readFile(called, 'utf8').catch(() => '')).split('\n').filter(Boolean);
  const { processes } = await systemHost();
  const lives = async () => {
    const pids = (await calls()).map((line) => Number.parseInt(line, 10));
    return (await Promise.all(pids.map((pid) => processes.read(pid)))).some(isRunning);
  };
  return {
    env: { KEEP_AWAKE: 'yes', PATH: [folder, process.env.PATH ?? ''].join(delimiter) },
    /** A line per call: the pid, and its arguments. */
    calls,
    started: () => eventually(async () => (await calls()).length > 0, { what: `a call of ${name}` }),
    ended: () => eventually(async () => !(await lives()), { what: `the end of ${name}` }),
    lives,
  };
}
