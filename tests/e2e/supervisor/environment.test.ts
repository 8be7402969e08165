import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { supervisorProgram } from '../../../src/actions/acting/supervision.ts';
import { runCommand } from '../../../src/base/processes/run-command.ts';
import { eventually } from '../../support/eventually.ts';
import { type SessionRig, startRig } from '../../support/session-rig.ts';
import { endOfWorker, endProcessesOf, supervisorPids } from '../../support/supervisors.ts';

const KEY = 'sk-of-the-person';
const IN_START_FILE = `export ANTHROPIC_API_KEY=${KEY}\n`;
const TERMINAL = { TERM: 'xterm' };
const WITH_KEY = { ANTHROPIC_API_KEY: KEY };

interface Person {
  /** Their login shell's start file. */
  startFile?: string;
  /** What the client or terminal has that starts the session, beside HOME, PATH and SHELL. */
  env?: Record<string, string> | ((rig: SessionRig) => Promise<Record<string, string>>);
}

/** A session on an agent with the command line and the output of Claude Code, which notes whose key it was given. */
async function startedBy({ startFile = '', env = {} }: Person): Promise<SessionRig> {
  const rig = await startRig({
    supervised: true,
    lines: { PERMISSIONS: 'allow' },
    start: { task: 'Give every boat a name', run: false },
    files: { 'home/.bash_profile': startFile },
    firstEnv: { SHELL: '/bin/bash' },
  });
  const agent = join(rig.repo.root, 'claude');
  const note = 'echo "key: $ANTHROPIC_API_KEY" >> "$HOME/keys"';
  const play = `exec '${process.execPath}' '${rig.program('rehearsal')}' "$@"`;
  await writeFile(agent, `#!/bin/sh\n${note}\n${play}\n`, { mode: 0o755 });
  await writeFile(join(rig.repo.homeDir, '.config/samocode/.env'), `CLAUDE_PATH=${agent}\n`);
  const own = typeof env === 'function' ? await env(rig) : env;
  // A worker of the start that is still there would take the resume, with the environment of the start.
  await endOfWorker(rig);
  await rig.resume({ provider: 'claude' }, { SHELL: '/bin/bash', ...own });
  await rig.untilWaiting('qa_answers');
  return rig;
}

/** The person types their answers; nothing but the supervisor sees that. @returns what the session comes to */
async function afterTypedAnswers(rig: SessionRig) {
  await endOfWorker(rig);
  const text = await readFile(rig.paths.qa, 'utf8');
  await writeFile(
    rig.paths.qa,
    text.replaceAll('_waiting_', 'A').replace('Status: waiting', 'Status: answered'),
  );
  const wanted = ({ status }: Awaited<ReturnType<SessionRig['state']>>) =>
    status.kind === 'blocked' || (status.kind === 'waiting' && status.for === 'plan_approval');
  return (await rig.until(wanted)).status;
}

const PLAN = { kind: 'waiting', for: 'plan_approval' };
const OTHER_CREDENTIALS = {
  kind: 'blocked',
  rule: 'credentials_changed',
  reason: expect.stringContaining('no longer set: ANTHROPIC_API_KEY'),
};

async function keysGiven(rig: SessionRig): Promise<string[]> {
  const text = await readFile(join(rig.repo.homeDir, 'keys'), 'utf8');
  return [...new Set(text.trim().split('\n'))];
}

async function warnings(rig: SessionRig): Promise<string[]> {
  return (await rig.events()).flatMap((event) =>
    event.type === 'notice' && event.code === 'credentials_not_in_login_shell' ? [event.text] : [],
  );
}

test.each<[string, Person]>([
  ['a terminal', { startFile: IN_START_FILE, env: { ...TERMINAL, ...WITH_KEY } }],
  ['a client of the desktop', { startFile: IN_START_FILE }],
])('with the key in the start file a session from %s continues after a wait', async (_where, person) => {
  await using rig = await startedBy(person);
  expect(await afterTypedAnswers(rig)).toMatchObject(PLAN);
  expect(await keysGiven(rig)).toEqual([`key: ${KEY}`]);
  expect(await warnings(rig)).toEqual([]);
});

test('a supervisor that systemd has started with little gives a session the key of the start file', async () => {
  await using rig = await startedBy({ startFile: IN_START_FILE, env: { ...TERMINAL, ...WITH_KEY } });
  const { homeDir: HOME } = rig.repo;
  await endProcessesOf(HOME);
  const env = { HOME, SHELL: '/bin/bash', PATH: '/usr/bin:/bin' };
  spawn(process.execPath, [supervisorProgram(rig.context().programs)], {
    env,
    cwd: '/',
    stdio: 'ignore',
  }).unref();
  await eventually(async () => (await supervisorPids(HOME)).length === 1);
  expect(await afterTypedAnswers(rig)).toMatchObject(PLAN);
  expect(await keysGiven(rig)).toEqual([`key: ${KEY}`]);
});

test('a key that is only exported is named at the start, and without it the session needs its person after a wait', async () => {
  await using rig = await startedBy({ env: { ...TERMINAL, ...WITH_KEY } });
  expect(await warnings(rig)).toEqual([expect.stringContaining('ANTHROPIC_API_KEY')]);
  expect(await afterTypedAnswers(rig)).toMatchObject(OTHER_CREDENTIALS);
  expect(await keysGiven(rig)).toEqual([`key: ${KEY}`]);
  await rig.resume({}, { SHELL: '/bin/bash', ...TERMINAL, ...WITH_KEY });
  await rig.untilWaiting('plan_approval');
  expect(await keysGiven(rig)).toEqual([`key: ${KEY}`]);
});

/** As direnv does it: a shell in the project's folder has the key, a login shell in the home folder has none. */
const IN_FOLDER = `case "$PWD" in */repo) ${IN_START_FILE.trim()};; esac\n`;

async function shellInFolder({ repo: { path: cwd, homeDir: HOME } }: SessionRig) {
  const env = { HOME, PATH: '/usr/bin:/bin' };
  const { stdout } = await runCommand('/bin/bash', ['-lc', 'printenv ANTHROPIC_API_KEY'], { cwd, env });
  return { ...TERMINAL, ANTHROPIC_API_KEY: stdout.trim() };
}

test('a key that only shells in the project folder have counts as one that is only exported', async () => {
  await using rig = await startedBy({ startFile: IN_FOLDER, env: shellInFolder });
  expect(await warnings(rig)).toEqual([expect.stringContaining('ANTHROPIC_API_KEY')]);
  expect(await afterTypedAnswers(rig)).toMatchObject(OTHER_CREDENTIALS);
  expect(await keysGiven(rig)).toEqual([`key: ${KEY}`]);
});
