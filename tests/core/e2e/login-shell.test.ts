import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { launchWorker } from '../../../src/core/sandbox/programs/launch-worker.ts';
import { runRoot } from '../../../src/core/session/layout/paths.ts';
import { chatWith } from '../../app/e2e/desktop-bundle.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { ci } from '../../support/ci.ts';
import { eventsOfType, noticesOf } from '../../support/events-of.ts';
import { eventually } from '../../support/eventually.ts';
import { endSession } from '../../support/live-session.ts';
import { type DemoProject, makeDemoProject, pathsOf, until } from '../../support/mcp-rig.ts';
import { trustLines } from '../../support/project.ts';
import { HANGS, startRig } from '../../support/session-rig.ts';

const ownServer = async () => ({ command: process.execPath, args: [(await builtPrograms()).server] });
const VALUE = 'value-that-no-file-may-hold';

/** A person whose tools and keys are only in the environment of their login shell. */
const PROFILE = `export PATH="$HOME/tools:$PATH" MY_VALUE=${VALUE}\necho Good morning\n`;

async function personWithTool(profile = PROFILE): Promise<DemoProject> {
  const place = await makeDemoProject({ sandbox: 'guard' });
  await writeFile(join(place.home, '.bash_profile'), profile);
  await runCommand('mkdir', [join(place.home, 'tools')]);
  const text = '#!/bin/sh\nprintf %s "$MY_VALUE" | wc -c > "counted-$1"\n';
  await writeFile(join(place.home, 'tools/mytool'), text, { mode: 0o755 });
  return place;
}

/** As a desktop starts its programs: no TERM, and a PATH with only the system's folders. */
const asDesktop = ({ home }: DemoProject) => ({
  HOME: home,
  SHELL: '/bin/bash',
  PATH: '/usr/bin:/bin',
  SAMOCODE_SUPERVISOR: 'off',
  KEEP_AWAKE: 'no',
  SAMOCODE_REHEARSAL_PACE_MS: '0',
});

interface Started {
  lines: string;
  env: Record<string, string>;
  args?: Record<string, unknown>;
}

/** Starts a session in a project with more lines of `.samocode`. */
async function start(place: DemoProject, { lines, env, args }: Started) {
  await using chat = await chatWith(await ownServer(), { cwd: place.repo, env });
  await trustLines({ path: place.repo, homeDir: place.home }, lines);
  const { problems } = await chat.call('setup_project', { project_dir: place.repo });
  const started = await chat.call('start_session', {
    task: 'Name the boats',
    project_dir: place.repo,
    ...args,
  });
  return { ...started, problems };
}

async function waits(place: DemoProject, session: string) {
  await until(
    pathsOf(place, session),
    ({ status }) => status.kind === 'waiting' || status.kind === 'blocked',
  );
  return await readFile(pathsOf(place, session).events, 'utf8');
}

function eventsOf(text: string, type: string) {
  return text
    .split('\n')
    .filter((line) => line.includes(`"type":"${type}"`))
    .map((line) => JSON.parse(line));
}

test.concurrent(
  'SETUP, CHECK and agents of a session that a desktop starts have the variables of a login shell, and none of their values is in any file',
  ci,
  async () => {
    await using place = await personWithTool();
    const scenario = join(place.home, 'scenario.json');
    const agent = { act: 'run', command: ['mytool', 'agent'] };
    await writeFile(
      scenario,
      JSON.stringify({ paceMs: 0, rules: [{ when: {}, do: [agent, { act: 'normal' }] }] }),
    );
    const env = { ...asDesktop(place), REHEARSAL_SCENARIO: scenario };
    const { session, problems } = await start(place, {
      lines: 'SETUP=mytool setup\nCHECK=mytool check\nCHECK_IN=worktree\n',
      env,
    });
    expect(problems ?? []).toEqual([]);
    const events = await waits(place, session);
    expect(eventsOf(events, 'environment_read')).toMatchObject([{ names: ['MY_VALUE', 'PATH'], used: true }]);
    const { worktree } = eventsOf(events, 'prepared')[0];
    const counted = async (name: string) =>
      Number(await readFile(join(worktree.path, `counted-${name}`), 'utf8'));
    expect(await counted('setup')).toBe(VALUE.length);
    expect(await counted('agent')).toBe(VALUE.length);

    const roots = [place.sessionsDir, runRoot(place.sessionsDir)];
    const all = roots.map((root) => readdir(root, { recursive: true, withFileTypes: true }));
    const names = (await Promise.all(all)).flat();
    const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const texts = await Promise.all(files.map((path) => readFile(path, 'utf8').catch(() => '')));
    expect(texts.join().includes('MY_VALUE')).toBe(true);
    expect(texts.filter((text) => text.includes(VALUE))).toEqual([]);
  },
);

test.concurrent('a session from a terminal keeps its environment, and the start names credentials that a login shell lacks', async () => {
  await using place = await personWithTool();
  const env = {
    ...place.env,
    SHELL: '/bin/bash',
    TERM: 'xterm',
    ANTHROPIC_API_KEY: VALUE,
    CLAUDE_PATH: '/bin/true',
    IS_SANDBOX: '1',
  };
  const { session, warnings } = await start(place, {
    lines: 'SETUP=mytool setup || true\n',
    env,
    args: { providers: { quality: 'claude' } },
  });
  expect(warnings).toContainEqual(
    expect.stringContaining('Not in the environment of a login shell: ANTHROPIC_API_KEY.'),
  );
  const events = await waits(place, session);
  expect(eventsOf(events, 'environment_read')).toMatchObject([{ used: false }]);
  const { worktree } = eventsOf(events, 'prepared')[0];
  expect(await readdir(worktree.path)).not.toContain('counted-setup');
});

test.concurrent('start-up files that never end cost their limit: the session begins with the environment of its start, and says so', async () => {
  await using rig = await startRig({
    sandbox: 'guard',
    files: { 'home/.bash_profile': 'exec sleep 4244\n' },
    firstEnv: { SHELL: '/bin/bash' },
    here: true,
    scenario: HANGS,
  });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  expect(await rig.events()).toContainEqual(expect.objectContaining({ code: 'login_shell_unread' }));
  const { stdout } = await runCommand('ps', ['-A', '-o', 'args=']);
  expect(stdout).not.toContain('sleep 4244');
});

test.concurrent('a restarted worker reads the login shell again', async () => {
  await using rig = await startRig({
    sandbox: 'guard',
    files: { 'home/.bash_profile': 'export MY_VALUE=1\n' },
    firstEnv: { SHELL: '/bin/bash' },
    scenario: HANGS,
  });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  // The machine fails: the next agent is started by a new worker.
  await endSession({ paths: rig.paths, host: rig.context().host }, rig.file.id);
  await writeFile(join(rig.repo.homeDir, '.bash_profile'), 'export MY_VALUE=1 OTHER=2\n');
  const env = { ...rig.context().env, SHELL: '/bin/bash' };
  await launchWorker(rig.paths, { program: rig.program('worker'), env });
  const read = await eventually(async () => {
    const found = (await rig.events()).filter((event) => event.type === 'environment_read');
    return found.length === 2 && found;
  });
  expect(read[0]?.names).not.toContain('OTHER');
  expect(read[1]?.names).toContain('OTHER');
});

test.concurrent('from a terminal the start-up files run only before the first agent: a restarted worker runs none', async () => {
  const terminal = { SHELL: '/bin/bash', TERM: 'xterm' };
  await using rig = await startRig({
    sandbox: 'guard',
    files: { 'home/.bash_profile': 'export MY_VALUE=1\n' },
    firstEnv: terminal,
    scenario: HANGS,
  });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const readings = async () => (await rig.events()).filter(({ type }) => type === 'environment_read');
  expect(await readings()).toMatchObject([{ names: ['MY_VALUE', 'PATH'], used: false }]);
  await endSession({ paths: rig.paths, host: rig.context().host }, rig.file.id);
  await launchWorker(rig.paths, {
    program: rig.program('worker'),
    env: { ...rig.context().env, ...terminal },
  });
  await eventually(async () => (await rig.processesWithMark()).length > 0, { what: 'an agent' });
  expect(await readings()).toHaveLength(1);
});

test.concurrent.each([
  ['SANDBOX is off', { sandbox: 'off' }],
  ['SANDBOX_WRITE opens', { sandbox: 'guard', lines: { SANDBOX_WRITE: '~' } }],
] as const)(
  'where agents can write the start-up files (%s) none is run: the session has the environment of its start, and says so',
  async (why, plan) => {
    await using rig = await startRig({
      ...plan,
      files: { 'home/.bash_profile': 'touch "$HOME/ran"; export MY_VALUE=1\n' },
      firstEnv: { SHELL: '/bin/bash' },
    });
    await rig.untilWaiting('qa_answers');
    const told = await noticesOf(rig, 'login_shell_unread');
    expect(told).toMatchObject([{ text: expect.stringContaining(`is unknown: ${why}`) }]);
    expect(await eventsOfType(rig, 'environment_read')).toEqual([]);
    expect(await readdir(rig.repo.homeDir)).not.toContain('ran');
  },
);

test.concurrent('a tool that a person installs for their login shell is found by the next resume', async () => {
  await using place = await personWithTool('echo Good morning\n');
  const scenario = join(place.home, 'scenario.json');
  await writeFile(scenario, JSON.stringify(HANGS));
  const env = { ...asDesktop(place), REHEARSAL_SCENARIO: scenario };
  const { session } = await start(place, { lines: 'SETUP=true\nCHECK=mytool check\n', env });
  await until(pathsOf(place, session), ({ status }) => status.kind === 'blocked');
  await writeFile(join(place.home, '.bash_profile'), PROFILE);
  await using chat = await chatWith(await ownServer(), { cwd: place.repo, env });
  await chat.call('resume_session', { session, project_dir: place.repo });
  await until(pathsOf(place, session), ({ openIteration }) => openIteration !== undefined);
  const events = await readFile(pathsOf(place, session).events, 'utf8');
  expect(eventsOf(events, 'environment_read')).toHaveLength(2);
});

test.concurrent('a worker that has TERM and lacks variables of the start reads the login shell, and reports once what is still missing', async () => {
  const notes = {
    act: 'run',
    command: ['sh', '-c', 'echo "$BOATS_PROXY, $BOATS_HOME." >>"$REHEARSAL_SESSION_DIR/had"'],
  };
  await using rig = await startRig({
    sandbox: 'guard',
    start: { task: 'Name the boats', run: false },
    files: { 'home/.bash_profile': 'export BOATS_PROXY=of-login\n' },
    firstEnv: { SHELL: '/bin/bash', TERM: 'xterm', BOATS_PROXY: 'of-start', BOATS_HOME: 'of-start' },
    scenario: { rules: [{ when: {}, do: [notes, { act: 'normal' }] }] },
  });
  await rig.until(({ status }) => status.kind === 'stopped');
  await rig.resume({}, { SHELL: '/bin/bash', TERM: 'xterm' });
  await rig.untilWaiting('qa_answers');
  const had = (await readFile(join(rig.paths.sessionDir, 'had'), 'utf8')).trim().split('\n');
  expect(new Set(had)).toEqual(new Set(['of-login, .']));
  expect(await eventsOfType(rig, 'environment_read')).toContainEqual(
    expect.objectContaining({ used: true, missing: ['BOATS_HOME'] }),
  );
  const text = expect.stringContaining('The session was started with BOATS_HOME, which the environment');
  expect(await noticesOf(rig, 'variables_missing')).toMatchObject([{ text }]);
});
