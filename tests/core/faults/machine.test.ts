import { spawn } from 'node:child_process';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { expect } from 'vitest';
import { readQaOf } from '../../../src/core/acts/gates/read-qa.act.ts';
import { resumeSession } from '../../../src/core/acts/sessions/resume-session.act.ts';
import { sendMessage } from '../../../src/core/acts/sessions/send-message.act.ts';
import type { ActionContext } from '../../../src/core/caller/context/context.ts';
import { isRunning } from '../../../src/core/kernel/processes/process-table.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { leaveCommand } from '../../../src/core/session/commands/commands.ts';
import { iterationPaths } from '../../../src/core/session/layout/paths.ts';
import { answerQa } from '../../support/as-shown.ts';
import { CLI_ANSWERS } from '../../support/cli-samples.ts';
import { phasesOfAgents } from '../../support/events-of.ts';
import { eventually } from '../../support/eventually.ts';
import { PATIENT_CLOCK } from '../../support/live-session.ts';
import { first, SLOW_FIRST, shell } from '../../support/scenario-rules.ts';
import { LOOKS_FIRST, type SessionRig } from '../../support/session-rig.ts';
import { endOfWorker } from '../../support/supervisors.ts';
import { expectNoSpin } from './cpu.ts';
import { AT_THE_GATE, type FaultRow, faultTable, inParallel } from './fault-row.ts';
import { WORKS } from './in-one-session.ts';
import { changeSettings, childWorks, withSettings } from './with-settings.ts';

const AT_THE_NEXT = 'waiting/plan_approval';

/** A person whose commands start workers in this environment. */
function actingIn(rig: SessionRig, env: Record<string, string>): ActionContext {
  const context = rig.context();
  return { ...context, env: { ...context.env, ...env } };
}

const SUGGESTED = { answers: [], acceptSuggestions: true };

async function untilBlocked(rig: SessionRig, rule: string): Promise<string> {
  const state = await rig.until(({ status }) => status.kind === 'blocked');
  const { status } = state;
  expect(status).toMatchObject({ kind: 'blocked', rule });
  await expectNoSpin(await rig.workerPid());
  return status.kind === 'blocked' ? status.reason : '';
}

/**
 * Makes a folder of the session refuse every file, by a means that works on this machine: root may write into a folder
 * that forbids it, and not every file system knows the immutable flag. If neither works, the next worker's writes fail
 * as on a file system that has become read-only. @returns a function that ends it, and the environment to use until
 * then
 */
async function refuseFiles(
  rig: SessionRig,
  folder = rig.paths.sessionDir,
): Promise<{ takeAgain: () => Promise<unknown>; env: Record<string, string> }> {
  const ways = [
    {
      on: () => runCommand('chattr', ['+i', folder]),
      off: () => runCommand('chattr', ['-i', folder]),
    },
    { on: () => chmod(folder, 0o555), off: () => chmod(folder, 0o755) },
  ];
  for (const { on, off } of ways) {
    await on();
    if (await refusesFiles(folder)) return { takeAgain: off, env: {} };
    await off();
  }
  return { takeAgain: async () => undefined, env: { SAMOCODE_FAIL_AT: 'write@8-12:EROFS' } };
}

async function refusesFiles(folder: string): Promise<boolean> {
  const probe = join(folder, 'probe');
  const taken = await writeFile(probe, '').then(
    () => true,
    () => false,
  );
  await rm(probe, { force: true }).catch(() => undefined);
  return !taken;
}

/** Reported in its status or, if nothing else can be written, in the worker's stderr. */
async function isReported(rig: SessionRig): Promise<boolean> {
  const { status } = await rig.state();
  if (status.kind === 'blocked') return status.rule === 'file_refused';
  return (await readFile(rig.paths.workerErrors, 'utf8')).includes('EROFS');
}

/** These rows watch a waiting worker for a second or two. */
const watched: FaultRow[] = [
  {
    name: 'a missing repository blocks with the reason, and the session continues once it is back',
    rules: first({ act: 'sleep', ms: 2500 }, ...LOOKS_FIRST.do),
    act: async (rig) => {
      await childWorks(rig, 1);
      await rename(join(rig.repo.path, '.git'), join(rig.repo.root, 'away'));
      expect(await untilBlocked(rig, 'git_not_a_repository')).toContain('not a git working copy');
      await rename(join(rig.repo.root, 'away'), join(rig.repo.path, '.git'));
      await rig.resume();
    },
    ends: AT_THE_GATE,
  },
  {
    name: 'a session folder whose name is taken by a file is created again',
    rules: SLOW_FIRST,
    act: async (rig) => {
      await childWorks(rig, 1);
      await rm(rig.paths.sessionDir, { recursive: true });
      await writeFile(rig.paths.sessionDir, 'nothing');
      await expectNoSpin(await rig.workerPid());
    },
    ends: AT_THE_GATE,
  },
  {
    ci: true,
    name: 'a read-only session folder is reported, and used again once it is writable',
    from: 'questions',
    act: async (rig) => {
      await rig.untilWaiting('qa_answers');
      const { takeAgain, env } = await refuseFiles(rig);
      try {
        const given = { session: rig.file.folder, ...SUGGESTED };
        await answerQa(given, actingIn(rig, env)).catch(() => undefined);
        await eventually(() => isReported(rig), { what: 'a message about the folder' });
        await expectNoSpin(await rig.workerPid());
      } finally {
        await takeAgain();
      }
      const { status } = await rig.until(({ status: { kind } }) => kind === 'blocked' || kind === 'waiting', {
        withinMs: 480_000,
      });
      if (status.kind === 'blocked') await rig.resume();
    },
    ends: AT_THE_NEXT,
  },
  {
    name: 'on a machine without git no worker takes the session: the act says why, and takes effect once git is back',
    from: 'questions',
    act: async (rig) => {
      await rig.untilWaiting('qa_answers');
      const bin = join(rig.repo.root, 'bin');
      await mkdir(bin);
      const answered = answerQa({ session: rig.file.folder, ...SUGGESTED }, actingIn(rig, { PATH: bin }));
      await expect(answered).rejects.toMatchObject({
        code: 'pending',
        message: expect.stringContaining('no program "git"'),
      });
      await rig.launch();
    },
    ends: AT_THE_NEXT,
  },
  {
    name: 'a worker without descriptors waits and reports it, and the session continues once there are some',
    from: 'start',
    act: async (rig) => {
      await rig.untilWaiting('qa_answers');
      await endOfWorker(rig);
      const { lease: before } = await rig.state();
      const head = { v: 1, id: ulid(), by: { channel: 'cli' }, at: new Date().toISOString() } as const;
      const { hash } = await readQaOf(await rig.view());
      await leaveCommand(rig.paths, { ...head, kind: 'answer', hash, ...SUGGESTED, confirmTyped: false });
      const errors = join(rig.repo.root, 'errors');
      const words = [rig.program('worker'), rig.paths.sessionsDir, rig.paths.folder];
      const shell = `ulimit -n 26; exec "$0" "$@" 2>'${errors}'`;
      spawn('sh', ['-c', shell, process.execPath, ...words], {
        env: rig.repo.env,
        stdio: 'ignore',
        detached: true,
      }).unref();
      await rig.until(({ lease }) => lease > before, { leaveDead: true });
      const pid = (await rig.workerPid()) ?? 0;
      await eventually(async () => (await readFile(errors, 'utf8')).includes('EMFILE'), {
        what: 'EMFILE in worker.stderr',
      });
      await expectNoSpin(pid);
      expect(isRunning(await rig.context().host.processes.read(pid))).toBe(true);
      // A process cannot raise its own limit; the next worker has the usual one.
      await rig.killWorker();
    },
    ends: AT_THE_NEXT,
  },
];

const files: FaultRow[] = [
  {
    name: 'a log folder whose name is taken by a file is created again',
    from: 'questions',
    act: async (rig) => {
      await rig.untilWaiting('qa_answers');
      await rm(rig.paths.logs, { recursive: true });
      await writeFile(rig.paths.logs, 'nothing');
      await rig.answer();
    },
    ends: AT_THE_NEXT,
  },
  {
    name: 'a folder of iterations whose name is taken by a file is created again',
    from: 'questions',
    act: async (rig) => {
      await rig.untilWaiting('qa_answers');
      await rm(rig.paths.iterations, { recursive: true });
      await writeFile(rig.paths.iterations, 'nothing');
      await rig.answer();
    },
    ends: AT_THE_NEXT,
  },
  {
    name: 'a message whose file cannot be read is refused, and a later answer is taken',
    from: 'questions',
    act: async (rig) => {
      await rig.untilWaiting('qa_answers');
      await mkdir(rig.paths.inbox, { recursive: true });
      const { takeAgain, env } = await refuseFiles(rig, rig.paths.inbox);
      try {
        const message = { session: rig.file.folder, text: 'Mind the boats' };
        const refused = await sendMessage(message, actingIn(rig, env)).catch((error: unknown) => error);
        // If no folder can be made unwritable, another worker's disk was for a while.
        if (refused instanceof Error) expect(refused).toMatchObject({ code: 'file_refused' });
        await rig.answer();
      } finally {
        await takeAgain();
      }
    },
    ends: AT_THE_NEXT,
  },
  {
    name: 'a message to a full disk at a gate is taken once the disk is free',
    from: 'questions',
    act: async (rig) => {
      await rig.untilWaiting('qa_answers');
      const isFull = join(rig.repo.root, 'is-full');
      await writeFile(isFull, '');
      const env = { SAMOCODE_FAIL_AT: '*:ENOSPC', SAMOCODE_FAIL_WHILE: isFull };
      const message = { session: rig.file.folder, text: 'Mind the boats' };
      const sent = sendMessage(message, { ...actingIn(rig, env), clock: PATIENT_CLOCK });
      const fails = async () => (await readFile(rig.paths.workerErrors, 'utf8')).includes('ENOSPC');
      await eventually(fails, { what: 'a worker that cannot write its lease' });
      await rm(isFull);
      await sent;
      expect((await rig.events()).filter(({ type }) => type === 'message_kept')).toHaveLength(1);
      await rig.answer();
    },
    ends: AT_THE_NEXT,
  },
];

const programs: FaultRow[] = [
  withSettings(
    { provider: 'claude', cliPaths: { claude: '/no/such/claude' } },
    {
      ci: true,
      name: 'a CLI whose program is gone blocks with the reason',
      // The test must not depend on any program of that name on the machine.
      before: ({ repo }) =>
        writeFile(join(repo.homeDir, '.config/samocode/.env'), 'CLAUDE_PATH=/no/such/claude\n'),
      ends: 'blocked/cli_fails',
      also: async (rig) => {
        const { status } = await rig.state();
        expect(status.kind === 'blocked' && status.reason).toContain('could not be started');
      },
    },
  ),
  {
    ci: true,
    name: 'a session restarted under another account asks first',
    start: { run: false },
    act: async (rig) => {
      await rig.until(({ status }) => status.kind === 'stopped');
      await endOfWorker(rig);
      const claude = join(rig.repo.root, 'claude');
      await writeFile(claude, `#!/bin/sh\n${CLI_ANSWERS}sleep 3\nexit 1\n`);
      await chmod(claude, 0o755);
      await changeSettings(rig, { provider: 'claude', cliPaths: { claude }, retryDelayMs: 50 });
      const context = rig.context();
      const env = { ...context.env, ANTHROPIC_API_KEY: 'secret-of-the-first' };
      await resumeSession({ session: rig.file.folder }, { ...context, env });
      await childWorks(rig, 1);
      await rig.killWorker();
    },
    ends: 'blocked/credentials_changed',
    also: async (rig) => {
      const { status } = await rig.state();
      expect(status.kind === 'blocked' && status.reason).toContain('no longer set: ANTHROPIC_API_KEY');
      expect(await readFile(rig.paths.events, 'utf8')).not.toContain('secret-of-the-first');
    },
  },
];

const HANDOFF = JSON.stringify({
  status: 'handoff',
  phase: 'investigation',
  note: 'The second half of the harbour is unexplored.',
});

/** Writes many lines into the flow log of the overview, and does some work. */
const TALKATIVE = `overview=$(ls ../../sessions/*/_overview.md)
awk -v n="$SAMOCODE_ITERATION" '/^## Files/ { for (i = 1; i <= 49; i++) print "- part " n "." i } { print }' "$overview" > talk
mv talk "$overview"
echo "$SAMOCODE_ITERATION" > progress.txt`;

/** Every line that the agents of a session wrote into its overview. */
async function partsOf(rig: SessionRig): Promise<string[]> {
  const lines = (await readFile(rig.paths.overview, 'utf8')).split('\n');
  return lines.filter((line) => line.startsWith('- part '));
}

const sessions: FaultRow[] = [
  {
    ci: true,
    name: 'a crash after a long flow log was written loses and repeats no line of it',
    env: { SAMOCODE_CRASH_AT: 'after-overview' },
    from: 'rest',
    lines: { MAX_ITERATIONS: '4' },
    rules: [
      {
        when: {},
        do: [shell(TALKATIVE), { act: 'signal-file', text: '{"status":"continue"}' }],
      },
    ],
    ends: 'blocked/budget',
    also: async (rig) => {
      const events = await rig.events();
      expect(events.filter(({ type }) => type === 'worker_took_over').length).toBeGreaterThan(1);
      const parts = await partsOf(rig);
      const all = Array.from({ length: 4 }, (_, n) =>
        Array.from({ length: 49 }, (_, i) => `- part ${n + 1}.${i + 1}`),
      );
      expect(parts).toEqual(all.flat());
    },
  },
  {
    name: 'a hand-off passes its note to a new agent and counts in its phase',
    rules: [
      {
        when: { iteration: 1 },
        do: [
          { act: 'normal', signal: false },
          { act: 'signal-file', text: HANDOFF },
        ],
      },
    ],
    ends: AT_THE_GATE,
    also: async (rig) => {
      const prompt = await readFile(iterationPaths(rig.paths, 2).prompt, 'utf8');
      expect(prompt).toContain('The second half of the harbour is unexplored.');
      expect(await phasesOfAgents(rig)).toEqual(['investigation', 'investigation', 'requirements']);
      const first = await readFile(iterationPaths(rig.paths, 1).prompt, 'utf8');
      expect(first).not.toContain('harbour');
    },
  },
  {
    name: 'agents that continue or hand off forever, each with some work, reach exactly the limit of their phase',
    rules: [
      {
        when: { phase: 'investigation' },
        do: [{ act: 'end', did: 'Looked', signal: { status: 'continue', phase: 'requirements' } }],
      },
      {
        when: { phase: 'requirements', iteration: [2, 4, 6, 8, 10] },
        do: WORKS,
      },
      {
        when: { phase: 'requirements' },
        do: [
          { act: 'write', path: 'session:notes.md', text: 'one more line\n', append: true },
          { act: 'signal-file', text: '{"status":"handoff","note":"Context is full"}' },
        ],
      },
    ],
    ends: 'blocked/phase_limit',
    also: async (rig) => {
      const { progress } = await rig.state();
      expect(progress).toMatchObject({ phase: 'requirements', counted: { requirements: 10 } });
      const events = await rig.events();
      const there = events.filter(
        (event) => event.type === 'iteration_started' && event.phase === 'requirements',
      );
      expect(there).toHaveLength(10);
    },
  },
  {
    ci: true,
    name: 'a log of a newer format is left unchanged, and the worker says why it left',
    from: 'questions',
    act: async (rig) => {
      await rig.untilWaiting('qa_answers');
      await rig.stop('now');
      await endOfWorker(rig);
      const before = await readFile(rig.paths.events, 'utf8');
      const last = JSON.parse(before.trimEnd().split('\n').at(-1) ?? '');
      const newer = `${before}${JSON.stringify({ ...last, v: 9, n: last.n + 1 })}\n`;
      await writeFile(rig.paths.events, newer);
      await rig.launch();
      const says = 'A newer samocode has worked on it';
      await eventually(async () => (await readFile(rig.paths.workerErrors, 'utf8')).includes(says), {
        what: says,
      });
      await endOfWorker(rig);
      expect(await readFile(rig.paths.events, 'utf8')).toBe(newer);
      expect(await rig.view()).toMatchObject({
        otherBuild: { is: 'newer', trace: expect.stringMatching(/^\S+: format 9; this one knows 2$/) },
        needsWorker: false,
      });
      await writeFile(rig.paths.events, before);
    },
    ends: 'stopped',
  },
];

inParallel('a worker on a faulty machine waits without spinning, and the session continues', watched);
faultTable([...files, ...programs, ...sessions]);
