import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { statsAt } from '../../../../src/core/kernel/files/path-stats.ts';
import { acquireLease } from '../../../../src/core/kernel/processes/lease.ts';
import { slotsRoot } from '../../../../src/core/session/folder/slots.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { hashIn } from '../../../support/as-parent.ts';
import { finishSession } from '../../../support/as-shown.ts';
import { commitWork, type SessionRig, startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';
import { type PublishRig, publishRig } from './publish-rig.ts';

const LINES = { CHECK: 'true', MAX_PARALLEL: '1' };

/** The sessions that each test copies. */
const played: SessionRig[] = [];

beforeAll(async () => {
  const done = await startRig({ at: 'done', here: true, lines: LINES });
  played.push(done, await startRig({ at: 'resting', here: true, lines: LINES }));
  await commitWork(played[1] as SessionRig, 'draft.txt');
  for (const each of played) await endOfWorker(each);
});

afterAll(async () => {
  for (const rig of played) await rig[Symbol.asyncDispose]();
});

const copied = (which: 'done' | 'stopped') =>
  publishRig(played[which === 'done' ? 0 : 1]?.repo.root ?? '', { here: true });

const asked = ({ rig }: PublishRig, how: 'pull_request' | 'keep_branch' = 'pull_request') =>
  ({ session: rig.file.folder, how, keep: [] }) as const;

/** Runs the command line, in a terminal if there are answers. */
async function inTerminal({ rig, context }: PublishRig, says?: string[]) {
  const { path: cwd, homeDir: home } = rig.repo;
  const line = ['finish', rig.file.folder, '--pull-request', '--yes', '--no-watch'];
  const env = Object.fromEntries(
    Object.entries(context.env).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
  return await typed(line, { cwd, home, env, programs: context.programs, ...(says && { says }) });
}

const archived = (s: PublishRig) => finishSession(asked(s, 'keep_branch'), s.context);

/** Lets another session occupy the only slot of the project. */
async function slotHeld({ rig, context }: PublishRig) {
  const leases = join(slotsRoot(rig.file.sessionsDir), '1');
  return await acquireLease(leases, { clock: context.clock, host: context.host });
}

test.each([
  ['done', 'done', async () => undefined],
  ['stopped', 'stopped', async () => undefined],
  ['done and archived', 'done', archived],
  ['stopped and archived', 'stopped', archived],
] as const)('the branch of a session that is %s is published without a slot', async (_, which, before) => {
  await using s = await copied(which);
  await before(s);
  await using _held = await slotHeld(s);
  const { done, commands } = await finishSession(asked(s), s.context);
  expect(done).toContain('Pull request https://github.com/fleet/boats/pull/17 is open.');
  expect(commands).toEqual([]);
  expect(await s.pushes()).toHaveLength(1);
  expect(s.repository.pullRequests.get(17)).toMatchObject({ isDraft: which === 'stopped' });
});

test('the publication of a stopped session can be stopped', async () => {
  await using s = await copied('stopped');
  const hook = join(s.hub.gitRoot, 'fleet/boats.git/hooks/pre-receive');
  const goOn = join(s.rig.repo.root, 'go-on');
  // Git starts the hook, which ends only when it is done.
  const waits = `for _ in $(seq 100); do [ -e '${goOn}' ] && exit 1; sleep 0.1; done`;
  await writeFile(hook, `#!/bin/sh\n${waits}\nexit 1\n`, { mode: 0o755 });
  const end = finishSession(asked(s), s.context).catch((error: unknown) => error);
  await expect.poll(async () => (await s.rig.state()).work).toBeDefined();
  await s.rig.stop();
  expect(await end).toMatchObject({ code: 'not_finished', why: 'Publishing was stopped.' });
  await writeFile(goOn, '');
  const { status, work, stopWanted } = await s.rig.state();
  expect([status.kind, work, stopWanted]).toEqual(['stopped', undefined, undefined]);
});

/** Makes a push ask for a login, which only the git of a person can do. */
async function withLoginAsked({ hub, rig, context }: PublishRig): Promise<void> {
  const ssh = join(rig.repo.root, 'ssh');
  const script = [
    '#!/bin/sh',
    `if [ "$GIT_TERMINAL_PROMPT" = 0 ]; then echo 'Permission denied (publickey).' >&2; exit 255; fi`,
    `exec git-receive-pack '${join(hub.gitRoot, 'fleet/boats.git')}'`,
  ];
  await writeFile(ssh, `${script.join('\n')}\n`, { mode: 0o755 });
  const env = { GIT_SSH_COMMAND: ssh, GIT_SSH_VARIANT: 'simple' };
  for (const each of [rig.repo.env, context.env]) Object.assign(each, env);
  await rig.repo.git(['remote', 'set-url', '--push', 'origin', 'ssh://git@github.com/fleet/boats.git']);
}

const effectsOf = async ({ rig }: PublishRig) =>
  (await rig.events()).flatMap((each) =>
    each.type === 'effect_ended' ? [`${each.name} ${each.outcome}`] : [],
  );

const IN_ORDER = ['push done', 'pull_request done', 'issue done'];

test('a worker without a login finds the commit that a person has pushed, and does the rest', async () => {
  await using s = await copied('done');
  await withLoginAsked(s);
  const { done, unpushed, commands } = await finishSession(asked(s), s.context);
  expect(done).toContain('Permission denied (publickey).');
  expect([commands.length, await effectsOf(s)]).toEqual([2, []]);
  const { tip = '', remote = '', branch } = unpushed ?? {};
  await s.rig.repo.git(['push', '--quiet', remote, `${tip}:refs/heads/${branch}`]);
  expect((await finishSession(asked(s), s.context)).url).toBe('https://github.com/fleet/boats/pull/17');
  expect(await effectsOf(s)).toEqual(IN_ORDER);
  expect((await s.rig.state()).pullRequest).toMatchObject({ state: 'open', pushed: tip });
  expect(await s.pushes()).toHaveLength(1);
});

test('a person in a terminal pushes what the worker cannot push, and the worker does the rest', async () => {
  await using s = await copied('done');
  await withLoginAsked(s);
  const { exitCode, stdout } = await inTerminal(s, ['y']);
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining('/pull/17 is open.')]);
  expect(await effectsOf(s)).toEqual(IN_ORDER);
  expect(await s.pushes()).toHaveLength(1);
});

/** Programs that the repository names since its settings were accepted: an agent may have written them. */
async function plantIn({ rig }: PublishRig): Promise<string> {
  const reached = join(rig.repo.root, 'reached');
  const trap = join(rig.repo.root, 'trap');
  await writeFile(trap, `#!/bin/sh\n: > '${reached}'\n`, { mode: 0o755 });
  for (const key of ['core.sshCommand', 'core.askPass', 'core.fsmonitor', 'core.alternateRefsCommand'])
    await rig.repo.git(['config', key, trap]);
  await rig.repo.git(['config', 'credential.helper', `!${trap}`]);
  return reached;
}

test('a push in the terminal starts no program that was planted since', async () => {
  await using s = await copied('done');
  await withLoginAsked(s);
  const reached = await plantIn(s);
  expect((await inTerminal(s, ['y'])).exitCode).toBe(0);
  expect([await s.pushes(), statsAt(reached)]).toEqual([[expect.anything()], undefined]);
});

test.each([
  ['in the git folder', '.git/hooks', []],
  ['in a folder that a setting names', '.husky', ['config', 'core.hooksPath', '.husky']],
] as const)(
  'with a hook before each push, %s, a terminal gets the commands, and no offer',
  async (_, folder, set) => {
    await using s = await copied('done');
    await withLoginAsked(s);
    const { path, git, root } = s.rig.repo;
    await mkdir(join(path, folder), { recursive: true });
    const hook = `#!/bin/sh\n: > '${join(root, 'reached')}'\n`;
    await writeFile(join(path, folder, 'pre-push'), hook, { mode: 0o755 });
    await git(set.length > 0 ? set : ['status']);
    const { stdout } = await inTerminal(s, []);
    expect(stdout).toMatch(/^ {2}git .*\bpush origin /m);
    expect(stdout).not.toContain('Push it from this terminal');
    expect([await s.pushes(), statsAt(join(root, 'reached'))]).toEqual([[], undefined]);
  },
);

test('a person who does not push in the terminal gets the commands', async () => {
  await using s = await copied('done');
  await withLoginAsked(s);
  expect((await inTerminal(s, ['n'])).stdout).toContain('gh pr create');
  expect([await effectsOf(s), await s.pushes()]).toEqual([[], []]);
});

test('a failed publication has exit status 1 in a terminal and is an error of the tool', async () => {
  await using s = await copied('done');
  // Its text cannot be written.
  await mkdir(join(s.rig.paths.sessionDir, 'pull-request.md/in-the-way'), { recursive: true });
  const { exitCode, stdout, stderr } = await inTerminal(s);
  expect(exitCode).toBe(1);
  expect(stdout).not.toContain('✔');
  expect(stderr).toContain('EISDIR');
  const args = { session: s.rig.file.folder, how: 'pull_request', watch: false };
  const tool = (more: object) =>
    askTool('finish_session', { ...args, ...more }, { ...s.context, by: { channel: 'tool' } });
  const { isError, json } = await tool({ confirm: hashIn((await tool({})).json) });
  expect([isError, json]).toEqual([true, expect.objectContaining({ hint: expect.anything() })]);
  expect(s.posts()).toEqual([]);
});
