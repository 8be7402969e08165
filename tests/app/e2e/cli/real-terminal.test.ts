import { spawn } from 'node:child_process';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { startRig } from '../../../support/session-rig.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';
import { KEY } from '../../unit/cli/keys.ts';
import { typed } from '../../unit/cli/typed.ts';

const PROGRAM = join(import.meta.dirname, '../../../../dist/samocode.js');

/** Runs a samocode command on a pseudo-terminal and presses each key once its question is on the screen. */
async function atTerminal(
  repo: TempRepo,
  command: string,
  keys: readonly (readonly [question: string, key: string])[],
  env: Record<string, string> = {},
) {
  // A shell that waits for it would end with 130 after Ctrl-C, whatever the program does.
  const line = `exec '${process.execPath}' '${PROGRAM}' ${command}`;
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    cwd: repo.path,
    env: {
      PATH: process.env.PATH,
      HOME: repo.homeDir,
      TERM: 'xterm',
      SHELL: '/bin/sh',
      SAMOCODE_SUPERVISOR: 'off',
      KEEP_AWAKE: 'no',
      ...env,
    },
  });
  const open = [...keys];
  let shown = '';
  child.stdout.on('data', (bytes: Buffer) => {
    shown += bytes.toString('utf8');
    if (open[0] !== undefined && shown.includes(open[0][0])) child.stdin.write(open.shift()?.[1] ?? '');
  });
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  return { exitCode, shown };
}

test(
  'a comment typed in the editor below a line of the plan is sent once the person agrees',
  ci,
  async () => {
    await using rig = await startRig({ at: 'planned' });
    const editor = `sed -i -e '/^### Phase 1/a Mind the harbour'`;
    const keys = [['Send 1 comment?', KEY.enter]] as const;
    const { exitCode, shown } = await atTerminal(rig.repo, `review ${rig.file.folder}`, keys, {
      EDITOR: editor,
    });
    expect(shown).toMatch(/> ### Phase 1[\s\S]*Mind the harbour[\s\S]*Changes to the plan are requested/);
    expect(exitCode).toBe(0);
    const asked = (await rig.events()).find(({ type }) => type === 'changes_requested');
    expect(asked).toMatchObject({
      feedback: expect.stringMatching(/\.md:\d+\n> ### Phase 1.*\n\nMind the harbour$/),
    });
  },
);

test('Ctrl-C at the question leaves an edited plan in a file that is named', async () => {
  await using rig = await startRig({ at: 'planned' });
  const keys = [['Save this version of the plan?', KEY.ctrlC]] as const;
  const env = { EDITOR: `sed -i -e '/^### Phase 1/a Mind the harbour'`, TERM: 'dumb' };
  const { exitCode, shown } = await atTerminal(rig.repo, `plan ${rig.file.folder} --edit`, keys, env);
  const [, path = ''] = /is kept\s+in\s+(\S+)/.exec(shown) ?? [];
  expect(path, shown).not.toBe('');
  expect(await readFile(path, 'utf8')).toContain('Mind the harbour');
  expect(exitCode).toBe(130);
});

const trustAtTerminal = (repo: TempRepo, key: string, env?: Record<string, string>) =>
  atTerminal(repo, 'trust', [['Trust them?', key]], env);

async function untrusted(): Promise<TempRepo> {
  const repo = await makeRepo();
  await typed(['init', '--set', 'PROVIDER=rehearsal'], { cwd: repo.path, home: repo.homeDir });
  await appendFile(join(repo.path, '.samocode'), 'CHECK=true\n');
  return repo;
}

test.each([
  ['y', 0, 'are trusted'],
  [KEY.enter, 1, 'You did not agree'],
  [KEY.escape, 1, 'You did not agree'],
  [KEY.ctrlC, 1, 'You did not agree'],
])('on a real terminal %j ends the question with status %i', async (key, status, words) => {
  await using repo = await untrusted();
  const { exitCode, shown } = await trustAtTerminal(repo, key);
  expect(shown).toContain(words);
  expect(exitCode).toBe(status);
  expect(shown).toContain('\u001b[36m');
});

test('on a dumb terminal a question is one line', async () => {
  await using repo = await untrusted();
  const { exitCode, shown } = await trustAtTerminal(repo, 'y\r', { TERM: 'dumb' });
  expect(exitCode).toBe(0);
  expect(shown).toContain('Trust them? [y/N] ');
  expect(shown).not.toContain('\u001b[36m');
});

test('NO_COLOR applies to questions too', async () => {
  await using repo = await untrusted();
  const { shown } = await trustAtTerminal(repo, 'y', { NO_COLOR: '1' });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour sequences are what must not be there
  expect(shown).not.toMatch(/\u001b\[3\dm/);
});

const WITH_TEST = { 'package.json': '{"scripts":{"test":"node --test"}}', 'a.test.js': '' };
const WHICH = 'Which command must pass';
const MAY = ['What may agents do', KEY.enter] as const;

async function checkOf(repo: TempRepo): Promise<string | undefined> {
  return /^CHECK=(.*)$/m.exec(await readFile(join(repo.path, '.samocode'), 'utf8'))?.[1];
}

test('init proposes the check that package.json suggests, and tries it on a fresh clone', async () => {
  await using repo = await makeRepo({ files: WITH_TEST });
  const { shown } = await atTerminal(repo, 'init', [[WHICH, KEY.enter], MAY]);
  expect(shown).toContain('`CI=1 npm test` passes');
  expect(await checkOf(repo)).toBe('CI=1 npm test');
  expect(await readFile(join(repo.path, '.samocode'), 'utf8')).not.toContain('PERMISSIONS');
});

test('another check or none can be chosen, and a failing trial run is reported', async () => {
  await using repo = await makeRepo({ files: WITH_TEST });
  const { shown } = await atTerminal(repo, 'init', [
    [WHICH, `${KEY.down}${KEY.enter}`],
    ['The command', `echo no boats; false${KEY.enter}`],
    [MAY[0], `${KEY.down}${KEY.down}${KEY.enter}`],
  ]);
  expect(shown.replace(/\s+/g, ' ')).toContain('(exit status 1). It said: no boats.');
  expect(shown).toContain('tried against a stub');
  expect(await checkOf(repo)).toBe('echo no boats; false');
  expect(await readFile(join(repo.path, '.samocode'), 'utf8')).toContain('\nPERMISSIONS=auto\n');
  await using bare = await makeRepo({ files: WITH_TEST });
  const none = await atTerminal(bare, 'init', [[WHICH, `${KEY.down}${KEY.down}${KEY.enter}`], MAY]);
  expect(none.shown).toContain('package.json suggests CHECK=CI=1 npm test');
  expect(await checkOf(bare)).toBeUndefined();
});

test('SETUP is written beside another check only after a yes', async () => {
  await using repo = await makeRepo({ files: { ...WITH_TEST, 'package-lock.json': '{}' } });
  const { shown } = await atTerminal(repo, 'init', [
    [WHICH, `${KEY.down}${KEY.enter}`],
    ['The command', `true${KEY.enter}`],
    ['Run npm ci before it?', 'n'],
    MAY,
  ]);
  expect(shown).toContain('`true` passes');
  expect(await readFile(join(repo.path, '.samocode'), 'utf8')).not.toContain('SETUP=');
});

test('Ctrl-C skips the trial, and the project stays', async () => {
  await using repo = await makeRepo({ files: WITH_TEST });
  const { shown, exitCode } = await atTerminal(repo, 'init', [
    [WHICH, `${KEY.down}${KEY.enter}`],
    ['The command', `sleep 600${KEY.enter}`],
    MAY,
    ['Ctrl-C skips', KEY.ctrlC],
  ]);
  expect(exitCode).toBe(0);
  expect(shown).toContain('Not tried.');
  expect(await checkOf(repo)).toBe('sleep 600');
});

test('with --yes the suggested check is used and tried, and a failure keeps the project', async () => {
  await using repo = await makeRepo({ files: { ...WITH_TEST, 'a.test.js': 'throw new Error("no boats")' } });
  const { stderr, stdout, exitCode } = await typed(['init', '--yes'], { cwd: repo.path, home: repo.homeDir });
  expect(exitCode).toBe(0);
  expect(`${stdout}${stderr}`).toMatch(
    /! `CI=1 npm test` fails on the base of a session \(exit status 1\)\. It said: /,
  );
  expect(await checkOf(repo)).toBe('CI=1 npm test');
});

test('without a terminal a check is suggested and never written', async () => {
  await using repo = await makeRepo({ files: WITH_TEST });
  const { stderr } = await typed(['init'], { cwd: repo.path, home: repo.homeDir });
  expect(stderr).toContain('package.json suggests CHECK=CI=1 npm test');
  expect(await checkOf(repo)).toBeUndefined();
});

test('a start says once per project that its clones have no packages and there is no SETUP', async () => {
  await using repo = await makeRepo({ files: { ...WITH_TEST, 'package-lock.json': '{}' } });
  const { path: cwd, homeDir: home, env } = repo;
  const place = { cwd, home, env, programs: await builtPrograms() };
  const worktrees = join(repo.root, 'trees');
  await typed(['init', '--worktrees', worktrees, '--set', 'CHECK=npm test', 'PROVIDER=rehearsal'], place);
  const started = async (task: string) => {
    const { exitCode, stderr } = await typed(['start', '--no-run', '--task', task], place);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    return stderr.replace(/\s+/g, ' ');
  };
  expect(await started('boat')).toContain(
    'this project has no SETUP. If they need packages, add SETUP=npm ci',
  );
  expect(await started('harbour')).not.toContain('SETUP');
});
