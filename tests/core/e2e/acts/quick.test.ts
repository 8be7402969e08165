import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openProof, verifyProof } from '../../../../src/core/acts/proof/verify-proof.act.ts';
import { resumeSession } from '../../../../src/core/acts/sessions/resume-session.act.ts';
import { nextSteps } from '../../../../src/core/caller/facts/next-steps.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import type { SessionState } from '../../../../src/core/session/events/state.ts';
import { ci } from '../../../support/ci.ts';
import { phasesOfAgents } from '../../../support/events-of.ts';
import { type RigPlan, type SessionRig, startRig } from '../../../support/session-rig.ts';

const isDone = ({ status }: SessionState) => status.kind === 'done';
const isBlocked = ({ status }: SessionState) => status.kind === 'blocked';

/** A CHECK that is red until the work is there. */
const CHECK = 'test -e boat.txt';
const IN_SECONDS = { CHECK, CHECK_IN: 'worktree' };

const commit = (lines: number, path = 'boat.txt') => [
  { act: 'edit', path, text: Array.from({ length: lines }, (_, at) => `boat ${at}`) },
  { act: 'commit', subject: 'Add the boats' },
];
const end = (signal: Record<string, string>) => ({ act: 'end', did: 'Worked', signal });
const done = end({ status: 'done', summary: 'The boats are there' });

type Acts = readonly object[];
const scenario = (...agents: Acts[]) => ({
  rules: agents.map((acts, at) => ({
    when: { phase: 'implementation', ...(at < agents.length - 1 && { count: at + 1 }) },
    do: acts,
  })),
});

async function quick(plan: RigPlan): Promise<SessionRig> {
  const { start, lines, ...rest } = plan;
  return await startRig({
    here: true,
    ...rest,
    lines: { ...IN_SECONDS, ...lines },
    start: { task: 'Add the boats', quick: true, ...start },
  });
}

test('hello-agent is done by one agent, and its proof is verified', ci, async () => {
  const example = 'examples/hello-agent';
  const story = await readFile(join(example, 'scenario.mjs'), 'utf8');
  await using rig = await startRig({
    here: true,
    scenario: story.replace('export default {', 'export default { paceMs: 0,'),
    lines: { CHECK: 'node --test' },
    repo: {
      async rearrange({ path, env, git }) {
        await runCommand('sh', [join(example, 'make.sh'), path], { cwd: process.cwd(), env });
        await git(['add', '--all']);
        await git(['commit', '--quiet', '-m', 'The program']);
      },
    },
    start: { task: await readFile(join(example, 'task.md'), 'utf8'), quick: true },
  });
  await rig.until(isDone);
  expect(await phasesOfAgents(rig)).toEqual(['implementation']);
  const opened = await openProof({ of: rig.file.folder }, rig.context());
  const signal = new AbortController().signal;
  expect(await verifyProof(opened, rig.context(), { signal })).toMatchObject({
    verified: true,
    differences: [],
  });
  const proof = await readFile(join(rig.paths.proof, 'proof.md'), 'utf8');
  expect(proof).toContain('No plan was approved: the work was judged as the task is written.');
});

test.each([
  ['over 200 changed lines', { scenario: scenario([...commit(201), done]) }],
  [
    'as the start asks',
    {
      scenario: scenario([...commit(3), end({ status: 'continue', phase: 'quality' })]),
      start: { review: true },
    },
  ],
  [
    'shown by no command',
    {
      scenario: scenario([...commit(3), end({ status: 'continue', phase: 'quality' })]),
      lines: { CHECK: '' },
    },
  ],
] satisfies [string, RigPlan][])(
  'quick work %s is read by a quality agent, who confirms the task as a requirement',
  async (_, plan) => {
    await using rig = await quick(plan);
    await rig.until(isDone);
    expect(await phasesOfAgents(rig)).toEqual(['implementation', 'quality']);
    const last = (await rig.events()).findLast((event) => event.type === 'done');
    expect(last).toMatchObject({
      requirements: [{ id: 'T1', text: 'Add the boats', check: 'reviewed' }],
    });
  },
);

test('quick work without a change is never done', async () => {
  await using rig = await quick({ scenario: scenario([done]), lines: { CHECK: 'true' } });
  await rig.until(isBlocked);
  expect((await rig.state()).status).toMatchObject({ rule: 'false_done' });
  expect(await phasesOfAgents(rig)).toHaveLength(4);
});

test('a CHECK that stays red ends quick work after four agents, blocked', async () => {
  await using rig = await quick({
    scenario: scenario([...commit(3, 'other.txt'), done], [done]),
    repo: { files: { 'boat.txt': 'there\n' } },
    lines: { CHECK: 'test ! -e other.txt' },
  });
  await rig.until(isBlocked);
  expect((await rig.state()).status).toMatchObject({ rule: 'checks' });
  expect(await phasesOfAgents(rig)).toHaveLength(4);
});

test('quick work that grows becomes that of a full session, with a notice, and both gates wait', async () => {
  const widens = end({ status: 'continue', phase: 'requirements', reason: 'The boats need a table' });
  await using rig = await quick({ scenario: scenario([widens]) });
  const { progress, widened } = await rig.until(({ status }) => status.kind === 'waiting');
  expect(progress.way).toBe('full');
  expect(widened).toBe('grew beyond quick: The boats need a table');
  expect(await readFile(rig.paths.overview, 'utf8')).toContain('grew beyond quick: The boats need a table');
  expect(await phasesOfAgents(rig)).toEqual(['implementation', 'requirements']);
  await rig.answer();
  await rig.untilWaiting('plan_approval');
});

test('a new goal of done quick work is quick by a person, and full by a channel that may open no gate', async () => {
  await using rig = await quick({
    scenario: scenario([...commit(3), done], [...commit(4), done]),
    lines: { GATE_CHANNELS: 'cli' },
  });
  await rig.until(isDone);
  await rig.resume({ goal: 'One more boat' });
  const second = await rig.until(({ status, goal }) => status.kind === 'done' && goal !== undefined);
  expect(second.progress.way).toBe('quick');
  expect(await phasesOfAgents(rig)).toEqual(['implementation', 'implementation']);
  await resumeSession({ session: rig.file.folder, goal: 'And another' }, rig.context('tool'));
  const third = await rig.until(({ goal }) => goal === 'And another');
  expect(third.progress).toMatchObject({ way: 'full', phase: 'investigation' });
});

test('an agent that finds nothing to do blocks: the next steps are to discard it, or to run it in full', async () => {
  const blocked = end({ status: 'blocked', reason: 'The boats are there', needs: 'human_decision' });
  await using rig = await quick({ scenario: scenario([blocked]) });
  await rig.until(isBlocked);
  const steps = nextSteps(await rig.view()).map(({ act, args }) => [act, args?.how]);
  expect(steps).toEqual([
    ['settle_blocker', undefined],
    ['finish', 'discard'],
    ['start', undefined],
  ]);
});
