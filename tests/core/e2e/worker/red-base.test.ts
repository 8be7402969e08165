import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readQa } from '../../../../src/core/acts/gates/read-qa.act.ts';
import { getStatus } from '../../../../src/core/caller/facts/get-status.ts';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { readProof } from '../../../../src/core/session/proof/proof.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { confirmRead } from '../../../support/as-parent.ts';
import { ci } from '../../../support/ci.ts';
import { eventsOfType } from '../../../support/events-of.ts';
import { eventually } from '../../../support/eventually.ts';
import { trustLines } from '../../../support/project.ts';
import { type RigPlan, type SessionRig, startRig } from '../../../support/session-rig.ts';

const CHECK = 'test -e fixed || { echo "fixed is missing"; exit 3; }';
const FIXES = [
  { act: 'edit', path: 'fixed', text: 'x\n' },
  { act: 'commit', subject: 'Fix it' },
  { act: 'normal' },
];
const WORKS = { rules: [{ when: { phase: 'implementation', count: 1 }, do: FIXES }] };

/** A session with both gates whose check fails on its base. */
async function redRig({ lines, ...plan }: RigPlan = {}): Promise<SessionRig> {
  return await startRig({ here: true, lines: { CHECK, ...lines }, scenario: { rules: [] }, ...plan });
}

/** A whole session. */
const LONG = { withinMs: 480_000 };

const isAt =
  (kind: string) =>
  ({ status }: { status: { kind: string } }) =>
    status.kind === kind;

/** Answers every question; the one about the base with `choice`. */
async function decide(rig: SessionRig, choice: string, channel: 'cli' | 'tool' = 'cli'): Promise<void> {
  const { open, about } = await readQa({ session: rig.file.folder }, rig.context());
  const answers = open.map((id) => ({ id, text: id === about?.question ? choice : 'A' }));
  await rig.answer({ answers }, channel);
}

async function tool(rig: SessionRig, name: string, args: object = {}) {
  return (await askTool(name, { session: rig.file.folder, ...args }, rig.context('tool'))).json;
}

async function command(rig: SessionRig, ...argv: string[]) {
  const { path: cwd, homeDir: home, env } = rig.repo;
  return await typed([...argv], { cwd, home, env, programs: rig.context().programs });
}

async function promptsOf(rig: SessionRig, iteration: number): Promise<string> {
  return await readFile(iterationPaths(rig.paths, iteration).prompt, 'utf8');
}

test.concurrent(
  'a check that fails before any work is asked about at the first gate, with what it printed, and by the answer A is part of the task',
  ci,
  async () => {
    await using rig = await redRig({ scenario: WORKS });
    await rig.untilWaiting('qa_answers');
    const asked = await tool(rig, 'read_qa');
    const [question] = (asked.questions as { text: string; options: string[]; suggestion: string }[]).slice(
      -1,
    );
    expect(question?.text).toContain(`\`${CHECK}\` (exit status 3) already fails on the commit`);
    expect(question?.text).toContain(join(rig.paths.baseChecks, 'base-1.txt'));
    expect(question?.options).toEqual([
      'A) making it green is part of the task',
      'B) continue: at the end it may fail if it then fails in the same way on that commit, and the proof says "red before, red after"',
    ]);
    expect(question?.suggestion).toMatch(/^A - /);
    expect(asked.about).toBe(`$ ${CHECK}\nfixed is missing\n(exit status 3)`);
    expect((await tool(rig, 'get_status')).checks).toBe(`red before any work: \`${CHECK}\` (exit status 3)`);

    await decide(rig, 'A', 'tool');
    await rig.untilWaiting('plan_approval');
    expect(await promptsOf(rig, 2)).toContain('Making them green is part of the task.');
    await rig.approve();
    await rig.until(isAt('done'), LONG);
    const ran = await eventsOfType(rig, 'checks_ran');
    expect(ran.find(({ set }) => set === 'base')?.runs).toMatchObject([
      { exitCode: 3, tail: 'fixed is missing' },
    ]);
    expect(ran.findLast(({ set }) => set === 'full')?.runs).toContainEqual(
      expect.objectContaining({ command: CHECK, exitCode: 0 }),
    );
    const reading = readProof(await readFile(join(rig.paths.proof, 'proof.json'), 'utf8'));
    expect(reading).toMatchObject({ proof: { baseChecks: { runs: [{ exitCode: 3 }] } } });
    expect((await command(rig, 'verify', rig.file.folder)).stdout).toContain('yes: ');
    expect((await tool(rig, 'get_status')).checks).toBeUndefined();
  },
);

test.concurrent('a red base is asked about after the first agent even if no agent has a question', async () => {
  const asksNothing = [{ act: 'end', did: 'Looked', signal: { status: 'continue', phase: 'requirements' } }];
  const rules = [{ when: { phase: 'investigation', count: 1 }, do: asksNothing }];
  await using rig = await redRig({ scenario: { rules } });
  const { status, progress } = await rig.untilWaiting('qa_answers');
  expect(progress).toMatchObject({ phase: 'investigation', totalIterations: 1 });
  expect(status).toMatchObject({ openQuestions: ['Q1'], resumePhase: 'requirements' });
  await decide(rig, 'B');
  const planned = await rig.untilWaiting('plan_approval');
  expect(planned.progress.totalIterations).toBe(2);
  // Whoever decided about the base could have said more.
  expect(planned.status).not.toHaveProperty('unasked', true);
});

test.concurrent('by the answer B a check may fail at the end as before the work, every face says so, and the branch can be merged', async () => {
  await using rig = await redRig();
  await rig.untilWaiting('qa_answers');
  await decide(rig, 'B');
  await rig.untilWaiting('plan_approval');
  expect(await promptsOf(rig, 2)).toContain('The human lets them stay red');
  await rig.approve();
  const done = await rig.until(isAt('done'), LONG);
  const said = `red before, red after: \`${CHECK}\``;
  expect(done.proved?.redAfter).toEqual([CHECK]);
  expect((await tool(rig, 'get_status')).checks).toBe(said);
  expect((await command(rig, 'status', rig.file.folder)).stdout.replace(/\s+/g, ' ')).toContain(said);
  expect(await readFile(join(rig.paths.proof, 'proof.md'), 'utf8')).toContain(`- Red b${said.slice(5)}.`);
  const reading = readProof(await readFile(join(rig.paths.proof, 'proof.json'), 'utf8'));
  expect(reading).toMatchObject({
    proof: { checks: { onBase: { runs: [{ command: CHECK, exitCode: 3 }] } } },
  });
  expect(await readdir(join(rig.paths.proof, 'outputs'))).toContain('full-base-1.txt');
  const verified = await command(rig, 'verify', rig.file.folder);
  expect(verified).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('partly: ') });
  expect(verified.stdout).toContain(`exit status 3, red before, red after`);
  expect(verified.stdout).not.toContain('yes: ');
  const { path } = JSON.parse((await command(rig, 'report', rig.file.folder, '--json')).stdout);
  const page = await readFile(path, 'utf8');
  expect(page).toMatch(/<dt>Proof<\/dt><dd[^>]*><b class="attention">partly<\/b>, red before, red after/);
  const merged = await confirmRead((args) => tool(rig, 'finish_session', args), { how: 'merge' });
  expect(merged.summary).toContain(`Red before, red after: \`${CHECK}\`.`);
  expect(await rig.state()).toMatchObject({ lastMerge: { outcome: 'merged' } });
});

test.concurrent('a check that ends in another way than before the work is a failure, whatever was answered', async () => {
  const breaks = [
    { act: 'edit', path: 'broken', text: 'x\n' },
    { act: 'commit', subject: 'Break it' },
    { act: 'normal' },
  ];
  await using rig = await redRig({
    lines: { CHECK: 'test -e broken && exit 4; exit 3' },
    scenario: { rules: [{ when: { phase: 'implementation', count: 1 }, do: breaks }] },
  });
  await rig.untilWaiting('qa_answers');
  await decide(rig, 'B');
  await rig.untilWaiting('plan_approval');
  await rig.approve();
  await rig.until(({ progress }) => progress.testReturns > 0, LONG);
  const back = (await eventsOfType(rig, 'iteration_ended')).at(-1);
  expect(back?.decision).toMatchObject({
    phase: 'implementation',
    notes: expect.arrayContaining([
      expect.stringContaining(
        '`test -e broken && exit 4; exit 3` (exit status 4; on the base commit now: exit status 3)',
      ),
    ]),
  });
});

test.concurrent('a check that says something else than on the base is asked about with both ends, and by B the session is done', async () => {
  const changes = [
    { act: 'edit', path: 'other', text: 'x\n' },
    { act: 'commit', subject: 'Change it' },
    { act: 'normal' },
  ];
  const check = 'echo "fixed is missing"; if test -e other; then echo "other is here"; fi; exit 3';
  await using rig = await redRig({
    lines: { CHECK: check },
    scenario: { rules: [{ when: { phase: 'implementation', count: 1 }, do: changes }] },
  });
  await rig.untilWaiting('qa_answers');
  await decide(rig, 'B');
  await rig.untilWaiting('plan_approval');
  await rig.approve();
  await rig.untilWaiting('qa_answers');
  const asked = await tool(rig, 'read_qa');
  expect(asked.about).toBe(
    `$ ${check}\n(exit status 3 on both)\n\nOn the branch:\nfixed is missing\nother is here\n\nOn the base commit:\nfixed is missing`,
  );
  const { n } = await rig.state();
  await decide(rig, 'B');
  const done = await rig.until(isAt('done'), LONG);
  expect(done.proved?.redAfter).toEqual([check]);
  const answers = await eventsOfType(rig, 'answers_recorded');
  expect(answers).toHaveLength(2);
  const begun = await eventsOfType(rig, 'iteration_started', n);
  expect(begun.map(({ phase }) => phase)).toEqual(['quality']);
});

test.concurrent('where the settings open the gates, a red base is part of the task', async () => {
  await using rig = await redRig({ lines: { GATES: 'none' }, scenario: WORKS });
  const { baseChecks } = await rig.until(isAt('done'), LONG);
  expect(baseChecks).toMatchObject({ result: 'red', choice: 'fix' });
  const answers = await eventsOfType(rig, 'answers_recorded');
  const given = answers.flatMap((event) => event.answers.map(({ id, text }) => [id, text]));
  expect(given.at(-1)).toEqual(['R2Q1', 'A']);
});

test.concurrent('the first gate waits for checks of the base that still run, and a stop ends that wait', async () => {
  const slow = 'test -e "$OUTSIDE/go" || sleep 600; exit 1';
  await using rig = await redRig({ lines: { CHECK: slow } });
  await rig.until(
    ({ openIteration, progress }) => openIteration !== undefined && progress.phase === 'investigation',
  );
  const activity = async () => (await getStatus({ session: rig.file.folder }, rig.context())).activity;
  await eventually(async () => (await activity()) === 'checking: the base commit');
  expect((await rig.state()).status.kind).toBe('running');
  await rig.stop();
  await rig.until(isAt('stopped'));
  await writeFile(join(rig.repo.root, 'go'), '');
  await rig.resume();
  await rig.untilWaiting('qa_answers');
  expect(await rig.state()).toMatchObject({
    baseChecks: { result: 'red' },
    asks: [{ kind: 'red_base', question: expect.any(String) }],
  });
});

test.concurrent('a red result of another session asks no person: a later session runs the checks on its base anew', async () => {
  const counted = 'echo >>"$OUTSIDE/runs"; test -e "$OUTSIDE/up"';
  await using rig = await redRig({ lines: { CHECK: counted } });
  await rig.untilWaiting('qa_answers');
  await writeFile(join(rig.repo.root, 'up'), '');
  const again = await tool(rig, 'start_session', {
    session: undefined,
    task: 'The same again',
    name: 'again',
  });
  const second = { session: String(again.session) };
  const state = async () => (await readQa(second, rig.context())).view.state.status.kind;
  await eventually(async () => (await state()) === 'waiting');
  const { view, about } = await readQa(second, rig.context());
  expect(about).toBeUndefined();
  expect(view.state.baseChecks).toMatchObject({ result: 'green', failed: [] });
  expect(await readFile(join(rig.repo.root, 'runs'), 'utf8')).toBe('\n\n\n');
});

test.concurrent('a check of .samocode that was wrong is corrected by a stop and a resume', async () => {
  await using rig = await redRig({ lines: { CHECK: 'exit 1' } });
  await rig.untilWaiting('qa_answers');
  await rig.stop();
  await rig.until(isAt('stopped'));
  const file = join(rig.repo.path, '.samocode');
  await writeFile(file, (await readFile(file, 'utf8')).replace('exit 1', 'exit 0'));
  await trustLines(rig.repo);
  await rig.resume();
  await rig.untilWaiting('qa_answers');
  await rig.answer();
  await rig.untilWaiting('plan_approval');
  expect((await rig.state()).baseChecks?.result).toBe('green');
});

test.concurrent('a SETUP that fails on the base blocks the session, and a resume runs it again', async () => {
  const lines = {
    CHECK: 'true',
    SETUP: 'case $PWD in *_checks*) test -e "$OUTSIDE/go" || { echo no boat; exit 4; };; esac',
  };
  await using rig = await redRig({ lines });
  const { status } = await rig.until((state) => ['blocked', 'waiting'].includes(state.status.kind));
  expect(status).toMatchObject({
    kind: 'blocked',
    rule: 'base_checks',
    reason: expect.stringContaining('(exit status 4). It said: no boat. No agent caused this.'),
  });
  await writeFile(join(rig.repo.root, 'go'), '');
  await rig.resume();
  await rig.untilWaiting('qa_answers');
  expect((await rig.state()).baseChecks?.result).toBe('green');
});
