import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { ActionContext } from '../../../src/core/caller/context/context.ts';
import { describeLevel } from '../../../src/core/kernel/sandbox-level.ts';
import { findGuardTool } from '../../../src/core/sandbox/guard/make-guard.ts';
import type { SessionEvent } from '../../../src/core/session/events/events.ts';
import { sessionFolders } from '../../../src/core/session/folder/session-list.ts';
import { WorkerGuard } from '../../../src/core/worker/state/worker-guard.ts';
import { doctor } from '../../../src/extensions/setup/doctor/doctor.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { ci } from '../../support/ci.ts';
import { EffectCounter } from '../../support/counted.ts';
import { makeProject } from '../../support/project.ts';
import { startRig } from '../../support/session-rig.ts';
import { startSession } from '../../support/start-session.ts';
import { tempLog } from '../../support/temp-log.ts';
import { makeRepo, type TempRepo } from '../../support/temp-repo.ts';
import { finished } from '../unit/worker/finished-session.ts';

/** As root the kernel protects the same paths, but root has other ways. */
const GUARDED = process.getuid?.() === 0 ? 'best effort' : 'guard';

const of = (events: readonly SessionEvent[], type: SessionEvent['type']) =>
  events.filter((event) => event.type === type);

test.each(['auto', 'guard'] as const)(
  'with SANDBOX=%s a session starts in the guard and records it',
  ci,
  async (sandbox) => {
    await using rig = await startRig({ sandbox });
    await rig.untilWaiting('qa_answers');
    const events = await rig.events();
    expect(of(events, 'session_created')).toMatchObject([{ sandbox: GUARDED }]);
    const started = of(events, 'iteration_started');
    expect(started.length).toBeGreaterThan(0);
    expect(started.every((event) => 'sandbox' in event && event.sandbox === GUARDED)).toBe(true);
    expect((await rig.view()).state.sandbox).toBe(GUARDED);
    expect(await readFile(rig.paths.sessionLog, 'utf8')).toContain(
      `session created, sandbox: ${describeLevel(GUARDED)}`,
    );
  },
);

test('with SANDBOX=off a session has no guard and records none', async () => {
  await using rig = await startRig({ sandbox: 'off' });
  await rig.untilWaiting('qa_answers');
  expect(of(await rig.events(), 'session_created')).toMatchObject([{ sandbox: 'none' }]);
});

/** A machine on which bubblewrap is installed and fails, as in most containers. */
async function withBrokenGuard(context: ActionContext, root: string): Promise<ActionContext> {
  const folder = join(root, 'broken');
  await mkdir(folder, { recursive: true });
  const words = "bwrap: Can't mount proc on /newroot/proc: Operation not permitted";
  await writeFile(join(folder, 'bwrap'), `#!/bin/sh\necho "${words}" >&2\nexit 1\n`);
  await chmod(join(folder, 'bwrap'), 0o755);
  return { ...context, env: { ...context.env, PATH: `${folder}${delimiter}${context.env.PATH}` } };
}

test('if the guard fails, SANDBOX=guard starts nothing and says how to get one', async () => {
  const { repo, context } = await makeProject({ sandbox: 'guard' });
  await using _ = repo;
  const broken = await withBrokenGuard(context, repo.root);
  await expect(startSession({ task: 'x' }, broken)).rejects.toMatchObject({
    code: 'guard_unavailable',
    why: expect.stringContaining("Can't mount proc"),
    hint: expect.stringContaining('docs/security.md'),
  });
  expect(await sessionFolders(join(repo.path, '_samocode/sessions'))).toEqual([]);
  const { checks } = await doctor({}, broken);
  expect(checks.find(({ id }) => id === 'sandbox')).toMatchObject({ level: 'fail' });
});

test('if the guard fails, SANDBOX=auto starts without it, and the first warning says why', async () => {
  const programs = await builtPrograms();
  const acting = { programs: { worker: programs.worker, rehearsal: programs.rehearsal } };
  const { repo, context } = await makeProject({ sandbox: 'auto', acting });
  await using _ = repo;
  const broken = await withBrokenGuard(context, repo.root);
  const { file, warnings } = await startSession({ task: 'x', run: false }, broken);
  expect(file.sandbox).toBe('none');
  expect(warnings[0]).toMatch(/^Agents run without the guard: bwrap does not work here: Can't mount proc/);
  const { checks } = await doctor({}, broken);
  expect(checks.find(({ id }) => id === 'sandbox')).toMatchObject({ level: 'warn' });
});

test("a worker's guard is tested again before an agent if another file has taken the place of its program", async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo);
  const folder = join(repo.root, 'programs');
  const write = (script: string) =>
    writeFile(join(folder, 'bwrap'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  await mkdir(folder);
  await write(`exec ${findGuardTool(process.env)?.path} "$@"`);
  const settings = { ...worker.file.settings, sandbox: 'guard' as const };
  const guard = new WorkerGuard({
    ...worker,
    file: { ...worker.file, settings },
    env: { ...repo.env, PATH: `${folder}${delimiter}${process.env.PATH}` },
    rehearsalProgram: join(folder, 'rehearsal.cjs'),
    wake: {},
  });
  using counter = new EffectCounter('first');
  for (const part of ['first', 'same file']) {
    counter.begin(part);
    await guard.forgetReplaced();
    expect(await guard.level()).toBe(GUARDED);
  }
  expect(counter.of('first').programs).toBe(1);
  expect(counter.of('same file').programs).toBe(0);
  await write('while [ "$1" != -- ]; do shift; done; shift; exec "$@"');
  await guard.forgetReplaced();
  expect(await guard.now()).toMatchObject({ level: 'none', why: expect.stringMatching(/does not keep/) });
});

/** Its login counts only where its own folder can be read, and nothing else of home. */
const CLI_WITH_LOGIN = `#!/bin/sh
case "$*" in
--version) echo "2.1.328 (Claude Code)";;
*status) grep -q key "$LOGIN" && test ! -e "$HOME/.ssh/id";;
esac
`;

/** The problems that doctor has with the login of Claude Code, and its word for the sandbox. */
async function loginProblems(sandbox: 'guard' | 'strict', login: (repo: TempRepo) => string) {
  const programs = await builtPrograms();
  const acting = { programs: { worker: programs.worker, rehearsal: programs.rehearsal } };
  const { repo, context } = await makeProject({ sandbox, acting, lines: { PROVIDER: 'claude' } });
  await using _ = repo;
  const cli = join(repo.root, 'tools/claude');
  const files = {
    [cli]: CLI_WITH_LOGIN,
    [login(repo)]: '{"claudeAiOauth":{"accessToken":"key"}}\n',
    [join(repo.homeDir, '.ssh/id')]: 'secret\n',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode: 0o755 });
  }
  const env = {
    ...context.env,
    CLAUDE_PATH: cli,
    LOGIN: login(repo),
    XDG_RUNTIME_DIR: join(repo.root, 'runtime'),
  };
  const { checks } = await doctor({}, { ...context, env });
  const found = (id: string) => checks.find((check) => check.id === id);
  return { login: found('cli.claude.login'), sandbox: found('sandbox') };
}

test.each(['guard', 'strict'] as const)(
  'with SANDBOX=%s doctor starts each CLI as a session would: its own login is there, other files are not',
  async (level) => {
    const { login, sandbox } = await loginProblems(level, ({ homeDir }) =>
      join(homeDir, '.claude/.credentials.json'),
    );
    expect(login).toBeUndefined();
    expect(sandbox).toMatchObject({ level: 'ok' });
    const elsewhere = await loginProblems(level, ({ homeDir }) => join(homeDir, '.other/login'));
    expect(elsewhere.login).toMatchObject({ level: 'fail' });
  },
);

test('doctor says of a CLI that is not logged in that agents cannot use a login in the keyring', async () => {
  const { login } = await loginProblems('guard', ({ root }) => join(root, 'runtime/keyring/login'));
  expect(login).toMatchObject({
    level: 'fail',
    found: expect.stringContaining('not logged in'),
    fix: expect.stringContaining('login in the keyring'),
  });
});

test('a start that switches the sandbox off says so', async () => {
  const programs = await builtPrograms();
  const acting = { programs: { worker: programs.worker, rehearsal: programs.rehearsal } };
  const { repo, context } = await makeProject({ sandbox: 'auto', acting });
  await using _ = repo;
  const { warnings } = await startSession({ task: 'x', run: false, sandbox: 'off' }, context);
  expect(warnings).toContainEqual(expect.stringContaining('this start switched it off'));
});
