import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resumeSession } from '../../../../src/core/acts/sessions/resume-session.act.ts';
import { findSession } from '../../../../src/core/caller/context/find-session.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import { SessionFile } from '../../../../src/core/session/events/bodies/session-file.ts';
import { runRoot } from '../../../../src/core/session/layout/paths.ts';
import { type Bench, type BenchPlan, makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { trustLines } from '../../../support/project.ts';
import { type Start, startSession } from '../../../support/start-session.ts';

const CODE = (code: string) => expect.objectContaining({ code });

async function traces({ sessionsDir, worktreesDir }: Bench): Promise<string[]> {
  const list = async (folder: string) => (await ifExists(readdir(folder))) ?? [];
  return [
    ...(await list(sessionsDir)),
    ...(await list(runRoot(sessionsDir))).filter((name) => name !== '.sessions'),
    ...(await list(worktreesDir)),
  ];
}

test('a session starts with its task verbatim, a branch and a worktree', ci, async () => {
  await using bench = await makeBench({ here: true });
  const task = 'Say goodbye:\n\n  with "quotes" and ünïcode';
  const { view, file } = await startSession({ task, run: false }, bench.context);
  expect(view.folder).toMatch(/^\d\d-\d\d-\d\d-say-goodbye-with-quotes-and-unicode$/);
  expect(file).toMatchObject({ task, mainRepo: bench.repo.path });
  expect(file.settings).toMatchObject({
    provider: 'rehearsal',
    branch: 'samocode/say-goodbye-with-quotes-and-unicode',
  });
  const written = await readFile(view.paths.sessionFile, 'utf8');
  expect(SessionFile.parse(JSON.parse(written))).toEqual(file);
  const worktrees = await bench.repo.git(['worktree', 'list']);
  expect(worktrees).toContain(`[${file.settings.branch}]`);
});

test('a session keeps the time limit that the machine sets for each CLI', async () => {
  await using bench = await makeBench({ here: true });
  const env = { ...bench.context.env, CODEX_TIMEOUT: '60', GEMINI_TIMEOUT: '7200' };
  const machine = await startSession({ task: 'x', run: false }, { ...bench.context, env });
  expect(machine.file.settings).toMatchObject({
    timeLimitMs: 1_800_000,
    timeLimitsMs: { codex: 60_000, gemini: 7_200_000 },
  });
  const settings = { timeoutSeconds: 90 };
  const call = await startSession({ task: 'y', run: false, settings }, { ...bench.context, env });
  expect(call.file.settings).toMatchObject({ timeLimitMs: 90_000, timeLimitsMs: {} });
});

test('a generated name that is taken gets a number, while a given one is refused with the next step', async () => {
  await using bench = await makeBench({ here: true });
  const first = await startSession({ task: 'Fix it', run: false }, bench.context);
  const second = await startSession({ task: 'fix it!', run: false }, bench.context);
  expect(second.view.folder).toBe(`${first.view.folder}-2`);
  const again = startSession({ task: 'Other', name: 'Fix it' }, bench.context);
  await expect(again).rejects.toMatchObject({
    code: 'session_exists',
    next: [{ act: 'resume', session: first.view.folder }],
  });
});

test('a worktree of a session in another SESSIONS folder is never shared with a new session', async () => {
  await using bench = await makeBench();
  const first = await startSession({ task: 'Fix it', run: false }, bench.context);
  const others = join(bench.sessionsDir, '../others');
  await mkdir(others);
  const text = await readFile(first.file.configPath, 'utf8');
  await writeFile(first.file.configPath, text.replace(/^SESSIONS=.*$/m, `SESSIONS=${others}`));
  await trustLines(bench.repo);
  const second = await startSession({ task: 'fix it!', run: false }, bench.context);
  expect(second.file.sessionsDir).toBe(others);
  expect(second.view.folder).toBe(`${first.view.folder}-2`);
  const given = startSession({ task: 'Other', name: 'fix-it', run: false }, bench.context);
  await expect(given).rejects.toMatchObject({ code: 'worktree_stands' });
});

test('two starts of one name at the same moment make one session', async () => {
  await using bench = await makeBench({ here: true });
  const start = () => startSession({ task: 'Same', name: 'same', run: false }, bench.context);
  const outcomes = await Promise.allSettled([start(), start(), start()]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(await readdir(runRoot(bench.sessionsDir))).toEqual(['.sessions', expect.stringMatching(/-same$/)]);
});

const MISTAKES: Array<{ what: string; code: string; input: Start; plan?: BenchPlan }> = [
  { what: 'neither task nor dive', code: 'nothing_to_do', input: { task: ' \n', dive: '' } },
  { what: 'a name that leaves SESSIONS', code: 'bad_session_name', input: { task: 'x', name: '../out' } },
  {
    what: 'an unknown provider',
    code: 'setting_invalid',
    input: { task: 'x', settings: { provider: 'clod' as 'claude' } },
  },
  {
    what: 'a provider without its CLI',
    code: 'cli_not_executable',
    input: { task: 'x' },
    plan: { lines: { PROVIDER: 'claude', PERMISSIONS: 'allow' } },
  },
  { what: 'a task of a megabyte', code: 'text_too_long', input: { task: 'x'.repeat(1_000_000) } },
  {
    what: 'no author identity for commits',
    code: 'no_git_identity',
    input: { task: 'x' },
    plan: { anonymous: true },
  },
];

test.each(MISTAKES)('$what is refused, and nothing is created', async ({ code, input, plan }) => {
  await using bench = await makeBench(plan);
  const context = { ...bench.context, env: { ...bench.context.env, CLAUDE_PATH: '/nowhere/claude' } };
  await expect(startSession(input, context)).rejects.toEqual(CODE(code));
  expect(await traces(bench)).toEqual([]);
});

test('a MAIN_REPO without a commit or without git is refused', async () => {
  await using empty = await makeBench({ bare: true, empty: true });
  const text = 'MAIN_REPO=.\nSESSIONS=.\nWORKTREES=.\n';
  await writeFile(join(empty.repo.path, '.samocode'), text);
  await expect(startSession({ task: 'x' }, empty.context)).rejects.toEqual(CODE('no_commit'));
  await writeFile(join(empty.repo.homeDir, '.samocode'), text);
  const outside = { ...empty.context, cwd: empty.repo.homeDir };
  await expect(startSession({ task: 'x' }, outside)).rejects.toEqual(CODE('not_a_repository'));
});

test('a worker that cannot be started leaves no session behind', async () => {
  await using bench = await makeBench({ here: true });
  const programs = { ...bench.context.programs, worker: '/nowhere/worker.js' };
  const start = startSession({ task: 'x' }, { ...bench.context, programs });
  await expect(start).rejects.toMatchObject({
    code: 'worker_not_started',
    why: "Its worker exited before it took the session. It said: Error: Cannot find module '/nowhere/worker.js'.",
  });
  expect(await traces(bench)).toEqual([]);
});

test('a start on a machine that is too busy for it is given up without a guess about the installation', async () => {
  await using bench = await makeBench({ here: true });
  const worker = join(bench.repo.root, 'worker.cjs');
  await writeFile(worker, "process.kill(process.pid, 'SIGSTOP');");
  const programs = { ...bench.context.programs, worker };
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() * 200 };
  const start = startSession({ task: 'x' }, { ...bench.context, programs, clock });
  const error = await start.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: 'worker_not_started',
    args: { unstarted: { kind: 'starting', pid: expect.any(Number) } },
    why: expect.stringMatching(
      /^Its worker, process \d+, did not take the session within 3\d\d s: it has used /,
    ),
    hint: 'Start it again once the machine is less busy.',
  });
  expect(await traces(bench)).toEqual([]);
  process.kill((error as { args: { unstarted: { pid: number } } }).args.unstarted.pid, 'SIGKILL');
});

test('an unknown session is refused with the nearest name, from any folder', async () => {
  await using bench = await makeBench({ here: true });
  const { view } = await startSession({ task: 'x', name: 'jwt-auth', run: false }, bench.context);
  const context = { ...bench.context, cwd: '/' };
  await expect(findSession({ session: 'jwt-auht' }, context)).rejects.toMatchObject({
    code: 'session_not_found',
    hint: 'Did you mean "jwt-auth"?',
  });
  expect((await findSession({ session: 'jwt-auth' }, context)).folder).toBe(view.folder);
  await expect(findSession({ session: '../jwt-auth' }, context)).rejects.toEqual(CODE('session_not_found'));
});

test('a task that is named like the default branch never works on that branch', async () => {
  await using bench = await makeBench({ lines: { BRANCH_PREFIX: '' } });
  const before = await bench.repo.git(['rev-parse', 'main']);
  await bench.repo.git(['checkout', '-q', '-b', 'feature']);
  const made = await startSession({ task: 'Main', run: false }, bench.context);
  expect(made.view.state.status).toMatchObject({ kind: 'blocked', rule: 'branch_is_its_base' });
  const asked = await startSession({ task: 'Other', branch: 'main', run: false }, bench.context);
  expect(asked.view.state.worktree).toMatchObject({ branch: 'main' });
  expect(await bench.repo.git(['rev-parse', 'main'])).toBe(before);
});

test('the branches of sessions are in a separate folder, which a branch with its name prevents', async () => {
  await using bench = await makeBench({ here: true });
  const { view } = await startSession({ task: 'Main', run: false }, bench.context);
  expect(view.state.worktree).toMatchObject({ branch: 'samocode/main' });

  await using other = await makeBench({ here: true });
  await other.repo.git(['branch', 'samocode']);
  const blocked = await startSession({ task: 'Main', run: false }, other.context);
  expect(blocked.view.state.status).toMatchObject({
    kind: 'blocked',
    rule: 'branch_name_blocked',
    reason: expect.stringMatching(/and the branch "samocode" together.*Set another BRANCH_PREFIX/),
  });
  await other.repo.git(['branch', '-m', 'samocode', 'mine']);
  await resumeSession({ session: blocked.view.folder }, other.context);
  await eventually(async () => {
    const { worktree } = (await other.view(blocked.view.folder)).state;
    return worktree?.branch === 'samocode/main';
  });
});
