import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { ci } from '../../../support/ci.ts';
import { HANGS, type SessionRig, startRig } from '../../../support/session-rig.ts';
import { supervisorPids } from '../../../support/supervisors.ts';

/** Runs `samocode supervisor …` in the home folder to its end. */
async function command(rig: SessionRig, ...words: string[]) {
  const { homeDir: cwd, env } = rig.repo;
  const { exitCode, stdout, stderr } = await runCommand(process.execPath, [cliOf(rig), ...words, '--json'], {
    cwd,
    env,
  });
  expect(stderr).toBe('');
  return { exitCode, ...JSON.parse(stdout) };
}

/** A samocode program that keeps running, and its output. */
function start(rig: SessionRig, ...words: string[]): { program: ChildProcess; printed(): string } {
  const { homeDir: cwd, env } = rig.repo;
  const program = spawn(process.execPath, words, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  program.stdout?.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  return { program, printed: () => text };
}

function cliOf(rig: SessionRig): string {
  return join(dirname(rig.program('worker')), 'samocode.js');
}

const pidsOf = (rig: SessionRig) => supervisorPids(rig.repo.homeDir);

async function ended({ program }: { program: ChildProcess }, signal: NodeJS.Signals): Promise<unknown> {
  const exit = once(program, 'exit');
  program.kill(signal);
  return (await exit)[0];
}

test.concurrent(
  'a status names each session and what it waits for, and starts no supervisor',
  ci,
  async ({ expect }) => {
    await using rig = await startRig({ at: 'asking' });
    const words = expect.stringMatching(/^waits for answers: Q1/);
    expect(await command(rig, 'supervisor', '--status')).toMatchObject({
      exitCode: 0,
      running: false,
      off: true,
      sessions_dirs: [rig.paths.sessionsDir],
      sessions: [{ session: rig.file.folder, waits_for: 'edit', words, needs_human: true }],
    });
    expect(await pidsOf(rig)).toEqual([]);
  },
);

test.concurrent('a supervisor in the foreground logs its actions, prevents a second one, and ends on SIGINT', async ({
  expect,
}) => {
  await using rig = await startRig({ scenario: HANGS });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const foreground = start(rig, cliOf(rig), 'supervisor');
  await expect.poll(() => pidsOf(rig)).toEqual([foreground.program.pid]);
  expect(await command(rig, 'supervisor')).toMatchObject({
    exitCode: 0,
    outcome: 'runs_already',
    pid: foreground.program.pid,
    stays: true,
    version: '0.0.0-test',
  });
  expect(await command(rig, 'supervisor', '--status')).toMatchObject({
    running: true,
    sessions: [{ waits_for: 'its_worker' }],
  });
  await rig.killWorker();
  await expect.poll(foreground.printed).toContain(`${rig.file.folder}: a worker was started`);
  expect(await ended(foreground, 'SIGINT')).toBe(0);
  expect(foreground.printed()).toContain('Ended.');
  expect(await pidsOf(rig)).toEqual([]);
});

test.concurrent('a service takes over from a supervisor that would leave, and stays', async ({ expect }) => {
  await using rig = await startRig({ supervised: true, scenario: { rules: [] } });
  await rig.untilWaiting('qa_answers', { leaveDead: true });
  await expect.poll(() => pidsOf(rig)).toHaveLength(1);
  const service = start(rig, join(dirname(cliOf(rig)), 'supervisor.cjs'), '--stay');
  await expect.poll(() => pidsOf(rig)).toEqual([service.program.pid]);
  const { pid } = service.program;
  expect(await command(rig, 'supervisor')).toMatchObject({ exitCode: 0, pid, stays: true });
  expect(await ended(service, 'SIGTERM')).toBe(0);
});

test.concurrent('a supervisor in a terminal takes over from one in the background, and stays', async ({
  expect,
}) => {
  await using rig = await startRig({ supervised: true, scenario: { rules: [] } });
  await rig.untilWaiting('qa_answers', { leaveDead: true });
  await expect.poll(() => pidsOf(rig)).toHaveLength(1);
  const [background] = await pidsOf(rig);
  const foreground = start(rig, cliOf(rig), 'supervisor');
  await expect.poll(() => pidsOf(rig)).toEqual([foreground.program.pid]);
  expect(foreground.printed()).toContain(
    `It takes over from the one in the background: process ${background}`,
  );
  await expect
    .poll(() => command(rig, 'supervisor', '--status'))
    .toMatchObject({ pid: foreground.program.pid, stays: true });
  expect(await ended(foreground, 'SIGINT')).toBe(0);
});

test.concurrent('a supervisor whose folder cannot be written reports it, and that sessions still run', async ({
  expect,
}) => {
  await using rig = await startRig({ start: { run: false } });
  await writeFile(join(rig.repo.homeDir, '.config/samocode/supervisor'), '');
  expect(await command(rig, 'supervisor')).toMatchObject({
    exitCode: 1,
    error: { code: 'supervisor_folder', message: expect.stringContaining('Sessions still run') },
  });
  expect(await command(rig, 'supervisor', '--status')).toMatchObject({
    running: false,
    unwritable: expect.stringContaining('is not a folder'),
  });
  expect(await readFile(join(rig.repo.homeDir, '.config/samocode/supervisor'), 'utf8')).toBe('');
});
