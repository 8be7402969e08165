import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CommandResult, runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { ci } from '../../support/ci.ts';
import { DEMO_FILES, DEMO_TASK } from '../../support/paper-boat.ts';
import { sandboxOff } from '../../support/project.ts';
import { makeRepo, type TempRepo } from '../../support/temp-repo.ts';

const SAMOCODE = join(import.meta.dirname, '../../../dist/samocode.js');
const REHEARSED = ['--provider', 'rehearsal', '--task', DEMO_TASK];

let repo: TempRepo;
/** The very first start, in a repository that is not a project yet. */
let prepared: CommandResult;

beforeAll(async () => {
  const made = await makeRepo({ files: DEMO_FILES });
  repo = { ...made, env: { ...made.env, SAMOCODE_REHEARSAL_PACE_MS: '0' } };
  prepared = await samocode('start', '--yes', '--no-run', '--name', 'later', ...REHEARSED);
  await sandboxOff(repo);
});

afterAll(async () => {
  // None may still run when its folder is removed.
  const { sessions } = (await object('list')) as { sessions: { session: string }[] };
  for (const { session } of sessions) await samocode('stop', session, '--now');
  await repo[Symbol.asyncDispose]();
});

/** No person is at the terminal: stdin is empty and stdout a pipe. */
async function samocode(...args: string[]): Promise<CommandResult> {
  return await runCommand(process.execPath, [SAMOCODE, ...args], { cwd: repo.path, env: repo.env });
}

async function object(...args: string[]): Promise<Record<string, unknown>> {
  return JSON.parse((await samocode(...args, '--json')).stdout) as Record<string, unknown>;
}

test.each(['list --json', 'list', 'config --json', '--help'])(
  '%s into a file on a full disk fails with one sentence',
  ci,
  async (words) => {
    const into = (where: string) => {
      const line = `'${process.execPath}' '${SAMOCODE}' ${words} ${where}`;
      return runCommand('sh', ['-c', line], { cwd: repo.path, env: repo.env });
    };
    const { exitCode, stderr } = await into('> /dev/full');
    expect(stderr).toMatch(/^error: Not all of the output was written \(ENOSPC: [^\n]+\n$/);
    expect(exitCode).toBe(1);
    expect((await into('> /dev/full 2> /dev/full')).exitCode).toBe(1);
  },
);

test('a sentence that cannot be written does not change how a command ends', async () => {
  const line = `'${process.execPath}' '${SAMOCODE}' list --unknown 2> /dev/full`;
  expect((await runCommand('sh', ['-c', line], { cwd: repo.path, env: repo.env })).exitCode).toBe(2);
});

test('a session whose suggestions are accepted is completed by commands alone, changes send its plan back, and a message reaches it', async () => {
  const started = await samocode('run', '--name', 'way-back', '--accept-suggestions', ...REHEARSED);
  expect(started.exitCode).toBe(4);
  expect(await object('plan', 'way-back')).toMatchObject({ plan_state: 'waits_for_approval' });
  const early = await samocode('approve', 'way-back', '--hash', '0000000000000000');
  expect(early.stderr).toContain('The plan was not approved.');
  const back = await samocode('changes', 'way-back', 'shorter', 'please');
  expect(back.exitCode, 'changes').toBe(0);
  expect((await samocode('run', 'way-back')).exitCode, 'changes').toBe(4);
  expect(await object('message', 'way-back', 'mind the gap')).toMatchObject({ state: 'waiting' });
  const log = await samocode('log', 'way-back');
  const numbers = [...log.stdout.matchAll(/\(#(\d+)\)$/gm)].map(([, number]) => Number(number));
  expect(numbers[0]).toBe(1);
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  expect(log.stdout).toContain(
    'changes to the plan requested by the parent model (samocode, without a terminal)',
  );
  const unseen = await samocode('approve', 'way-back', '--yes');
  expect(unseen).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('needs --hash') });
  const shown = await samocode('approve', 'way-back');
  expect(shown).toMatchObject({ exitCode: 4, stdout: expect.stringMatching(/\d phases? · \d+ steps? · /) });
  const [, command = ''] = /To do it: samocode (.*)$/m.exec(shown.stdout) ?? [];
  expect(command).toMatch(/^approve \S+ --hash [0-9a-f]{12} --yes$/);
  expect((await samocode(...command.split(' '))).exitCode).toBe(0);

  const done = await samocode('run', 'way-back');
  expect(done.exitCode).toBe(0);
  expect(done.stdout).toContain('Phase 3: When it is done');
  expect(await object('status', 'way-back')).toMatchObject({ state: 'done', branch: 'samocode/way-back' });
  expect(await repo.git(['branch', '--show-current'])).toBe('main');
  expect(await repo.git(['status', '--porcelain'])).toBe('?? .samocode');
});

test('a start in a bare repository creates the project, and a session that is only prepared shows the command that runs it', async () => {
  const { stdout } = prepared;
  expect(stdout).toContain('samocode resume later');
  expect(stdout).not.toContain('is started');
  expect(await object('status', 'later')).toMatchObject({ state: 'stopped', next: 'samocode resume later' });
});

test('the original command line starts a session and, called again, continues it', async () => {
  const config = join(repo.path, '.samocode');
  const original = [
    '--config',
    config,
    '--session',
    'third',
    '--provider',
    'rehearsal',
    '--dive',
    'the list',
  ];
  const started = await samocode(...original);
  expect(started.stdout).toContain('waits for answers');
  expect(started.exitCode).toBe(4);
  expect((await samocode('stop', 'third')).exitCode).toBe(0);
  const again = await samocode(...original, '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ state: 'waiting', for: 'qa_answers' });
  const list = await object('list');
  const names = (list.sessions as { session: string }[]).map(({ session }) => session.slice(9));
  expect(names.filter((name) => name === 'third')).toEqual(['third']);
});

test('a broken .samocode is reported with its line and the fix', ci, async () => {
  const path = join(repo.path, '.samocode');
  const text = await readFile(path, 'utf8');
  await repo.write({ '.samocode': `${text}TIMEOUT=soon\n` });
  const { stderr, exitCode } = await samocode('start', '--task', 'x');
  await repo.write({ '.samocode': text });
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`TIMEOUT in ${path}, line`);
  expect(stderr).toContain('For example TIMEOUT=1800');
});

test('in a folder that was removed the program says so, as text and as JSON', async () => {
  const script = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"';
  const there = async (...args: string[]) => {
    const command = ['-c', script, 'sh', process.execPath, SAMOCODE, ...args];
    return await runCommand('sh', command, { cwd: repo.root, env: repo.env });
  };
  const { exitCode, stderr } = await there('list');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('has been removed');
  expect(stderr).not.toContain('bug');
  expect(JSON.parse((await there('list', '--json')).stdout).error.code).toBe('working_folder_gone');
  expect((await there('--version')).exitCode).toBe(0);
});
