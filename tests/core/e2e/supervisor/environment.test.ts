import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { supervisorProgram } from '../../../../src/core/caller/context/supervision.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { ci } from '../../../support/ci.ts';
import { CLI_ANSWERS } from '../../../support/cli-samples.ts';
import { noticesOf } from '../../../support/events-of.ts';
import { eventually } from '../../../support/eventually.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { endOfWorker, endProcessesOf, supervisorPids } from '../../../support/supervisors.ts';

const KEY = 'sk-of-the-person';
const IN_START_FILE = `export ANTHROPIC_API_KEY=${KEY}\n`;
const TERMINAL = { TERM: 'xterm' };
const WITH_KEY = { ANTHROPIC_API_KEY: KEY };

interface Person {
  /** The start file of the person's login shell. */
  startFile?: string;
  /** The variables of the client or terminal that starts the session, in addition to HOME, PATH and SHELL. */
  env?: Record<string, string> | ((rig: SessionRig) => Promise<Record<string, string>>);
  /** The session waits for a file before it asks. */
  forFile?: string;
}

function waitsFirst(file: string | undefined): object {
  if (file === undefined) return { rules: [] };
  const signal = { status: 'waiting', for: 'file_update', file, reason: 'x' };
  const waits = [{ act: 'signal-file', text: JSON.stringify(signal) }, { act: 'result' }];
  return { rules: [{ when: { phase: 'requirements', count: 1 }, do: waits }] };
}

/** A session on an agent with the command line and the output of Claude Code, which records whose key it got. */
async function startedBy({ startFile = '', env = {}, forFile }: Person): Promise<SessionRig> {
  const rig = await startRig({
    supervised: true,
    // Without a sandbox, no login shell is read.
    sandbox: 'guard',
    scenario: waitsFirst(forFile),
    lines: { PERMISSIONS: 'allow' },
    start: { task: 'Give every boat a name', run: false },
    files: { 'home/.bash_profile': startFile },
    firstEnv: { SHELL: '/bin/bash' },
  });
  const agent = join(rig.repo.root, 'claude');
  const note = 'echo "key: $ANTHROPIC_API_KEY" >> keys';
  const play = `exec '${process.execPath}' '${rig.program('rehearsal')}' "$@"`;
  await writeFile(agent, `#!/bin/sh\n${CLI_ANSWERS}${note}\n${play}\n`, { mode: 0o755 });
  await writeFile(join(rig.repo.homeDir, '.config/samocode/.env'), `CLAUDE_PATH=${agent}\n`);
  const own = typeof env === 'function' ? await env(rig) : env;
  // A worker of the start that still runs would take the resume, with the environment of the start.
  await endOfWorker(rig);
  await rig.resume({ provider: 'claude' }, { SHELL: '/bin/bash', ...own });
  await rig.until(({ status }) => status.kind === 'waiting');
  return rig;
}

/** The person types their answers, which only the supervisor sees. @returns the state that the session reaches */
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

async function keysOfAgents(rig: SessionRig): Promise<string[]> {
  const text = await readFile(join((await rig.state()).worktree?.path ?? '', 'keys'), 'utf8');
  return text.trim().split('\n');
}

async function keysGiven(rig: SessionRig): Promise<string[]> {
  return [...new Set(await keysOfAgents(rig))];
}

async function warnings(rig: SessionRig): Promise<string[]> {
  return (await noticesOf(rig, 'credentials_not_in_login_shell')).map(({ text }) => text);
}

test.concurrent(
  'with the key in the start file a session from a desktop client continues after a wait',
  ci,
  async ({ expect }) => {
    await using rig = await startedBy({ startFile: IN_START_FILE });
    expect(await afterTypedAnswers(rig)).toMatchObject(PLAN);
    expect(await keysGiven(rig)).toEqual([`key: ${KEY}`]);
    expect(await warnings(rig)).toEqual([]);
  },
);

test.concurrent('with the key in the start file a session from a terminal continues after a wait, even with a supervisor that systemd started with few variables', async ({
  expect,
}) => {
  const env = { ...TERMINAL, ...WITH_KEY };
  await using rig = await startedBy({ startFile: IN_START_FILE, env, forFile: 'data.md' });
  await endOfWorker(rig);
  await writeFile(join(rig.paths.sessionDir, 'data.md'), 'It is here.\n');
  await rig.untilWaiting('qa_answers');
  expect(await keysGiven(rig), 'by the supervisor that its worker has started').toEqual([`key: ${KEY}`]);
  expect(await warnings(rig)).toEqual([]);

  const { homeDir: HOME } = rig.repo;
  await endOfWorker(rig);
  await endProcessesOf(HOME);
  spawn(process.execPath, [supervisorProgram(rig.context().programs)], {
    env: { HOME, SHELL: '/bin/bash', PATH: '/usr/bin:/bin' },
    cwd: '/',
    stdio: 'ignore',
  }).unref();
  await eventually(async () => (await supervisorPids(HOME)).length === 1);
  expect(await afterTypedAnswers(rig), 'by one of systemd').toMatchObject(PLAN);
  expect(await keysGiven(rig), 'by one of systemd').toEqual([`key: ${KEY}`]);
});

test.concurrent('a key that is only exported is named at the start, and without it the session needs a person after a wait', async ({
  expect,
}) => {
  await using rig = await startedBy({ env: { ...TERMINAL, ...WITH_KEY } });
  expect(await warnings(rig)).toEqual([expect.stringContaining('ANTHROPIC_API_KEY')]);
  expect(await afterTypedAnswers(rig)).toMatchObject(OTHER_CREDENTIALS);
  expect(await keysGiven(rig)).toEqual([`key: ${KEY}`]);
  // The worker that blocked would take the resume, without the key.
  await endOfWorker(rig);
  await rig.resume({}, { SHELL: '/bin/bash', ...TERMINAL, ...WITH_KEY });
  await rig.until(({ status }) => status.kind === 'running');
  await eventually(async () => (await keysOfAgents(rig)).length === 2, { what: 'its next agent' });
  expect(await keysGiven(rig)).toEqual([`key: ${KEY}`]);
});

/** As with direnv: a shell in the project's folder has the key, a login shell in the home folder does not. */
const IN_FOLDER = `case "$PWD" in */repo) ${IN_START_FILE.trim()};; esac\n`;

async function shellInFolder({ repo: { path: cwd, homeDir: HOME } }: SessionRig) {
  const env = { HOME, PATH: '/usr/bin:/bin' };
  const { stdout } = await runCommand('/bin/bash', ['-lc', 'printenv ANTHROPIC_API_KEY'], { cwd, env });
  return { ...TERMINAL, ANTHROPIC_API_KEY: stdout.trim() };
}

test.concurrent('a key that only shells in the project folder have counts as one that is only exported', async ({
  expect,
}) => {
  await using rig = await startedBy({ startFile: IN_FOLDER, env: shellInFolder });
  expect(await warnings(rig)).toEqual([expect.stringContaining('ANTHROPIC_API_KEY')]);
  expect(await afterTypedAnswers(rig)).toMatchObject(OTHER_CREDENTIALS);
  expect(await keysGiven(rig)).toEqual([`key: ${KEY}`]);
});
