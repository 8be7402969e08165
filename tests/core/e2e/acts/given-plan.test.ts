import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ToolContext } from '../../../../src/core/faces/mcp/tool.ts';
import { fingerprint } from '../../../../src/core/kernel/files/fingerprint.ts';
import type { SessionState } from '../../../../src/core/session/events/state.ts';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { phasesOfAgents } from '../../../support/events-of.ts';
import { eventually } from '../../../support/eventually.ts';
import { type RigPlan, startRig } from '../../../support/session-rig.ts';
import { startSession } from '../../../support/start-session.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const TASKS = 'tests/fixtures/given-plans/spec-kit-tasks.md';

test(
  'a given plan is copied into the session with its boxes numbered, and the file stays as it was',
  ci,
  async () => {
    await using bench = await makeBench({ here: true });
    const mine = join(bench.repo.root, 'tasks.md');
    const bytes = await readFile(TASKS);
    await writeFile(mine, bytes);
    const before = await stat(mine);
    const { view, file } = await startSession({ plan: mine, run: false }, bench.context);
    expect(view.folder).toMatch(/-boat-register$/);
    expect(file.givenPlan).toMatchObject({ name: 'tasks.md', hash: fingerprint(bytes) });
    expect(file.task).toBe('Carry out the plan in tasks.md (with numbered boxes: _given-plan.md).');
    const copy = await readFile(view.paths.givenPlan, 'utf8');
    expect(copy).toContain('> - [ ] [B3] T003 Define the Boat entity');
    expect(copy).toContain(fingerprint(bytes));
    expect(await readFile(mine)).toEqual(bytes);
    expect((await stat(mine)).mtimeMs).toBe(before.mtimeMs);
  },
);

test('a start names the lines of the plan that look like boxes and are none', async () => {
  await using bench = await makeBench({ here: true });
  const mine = join(bench.repo.root, 'tasks.md');
  await writeFile(mine, '- [ ] one\n> - [ ] two\n- [-] three\n');
  const { warnings } = await startSession({ plan: mine, run: false }, bench.context);
  expect(warnings).toContain('2 lines of tasks.md look like boxes and are not counted: 2, 3.');
});

test('with replan, the gate compares the plan of the agent with the given one, whatever becomes of the copy', async () => {
  const plan = join(process.cwd(), TASKS);
  const start = { plan, task: 'The boats, please', replan: true, acceptSuggestions: true };
  await using rig = await startRig({ start });
  await rig.untilWaiting('plan_approval');
  await writeFile(rig.paths.givenPlan, '> - [ ] [B1] nothing\n');
  const { name, text, remarks } = await rig.readPlan();
  expect(remarks[0]).toBe('Open boxes of spec-kit-tasks.md with a step: 0 of 6');
  expect(remarks[1]).toContain('Boxes without a step: [B3] T003 Define the Boat entity');
  expect(remarks[2]).toMatch(/^Steps without a box: .+ \(phase 1\)/);
  const prompt = await readFile(iterationPaths(rig.paths, 2).prompt, 'utf8');
  expect(prompt).toContain('every open box needs a step');
  const own = join(rig.paths.sessionDir, name);
  await writeFile(
    own,
    (await readFile(own, 'utf8')).replace(/^(### Phase 1.*)$/m, '$1\n- [ ] all of it [B3-B8]'),
  );
  const { json } = await askTool('read_plan', { session: rig.file.folder }, rig.context('tool'));
  expect(json.remarks).toContain('Open boxes of spec-kit-tasks.md with a step: 6 of 6');
  expect(text).not.toContain('[B3-B8]');
  const forms: string[] = [];
  const ask: ToolContext['ask'] = async ({ message }) => {
    forms.push(message);
    return { kind: 'filled', filled: { decision: 'later' } };
  };
  await askTool('approve_plan', { session: rig.file.folder }, rig.context('tool'), { ask });
  expect(forms.join()).toContain(
    'Open boxes of spec-kit-tasks.md with a step: 6 of 6\nSteps without a box: ',
  );
});

/** Honest agents that carry out a plan of so many phases. */
const carriesOut = (phases: number) => ({
  paceMs: 0,
  story: {
    questions: [
      { text: 'Which boats?', options: ['all', 'some'], suggestion: { letters: ['A'], reason: 'all float' } },
    ],
    requirements: [{ id: 'R1', text: 'They have names', check: 'reviewed' }],
    context: 'Boats.',
    phases: Array.from({ length: phases }, (_, at) => ({
      name: `part ${at + 1}`,
      files: ['boats.txt'],
      check: 'true',
      steps: ['do it'],
      does: [{ act: 'edit', path: 'boats.txt', text: `part ${at + 1}\n` }],
    })),
  },
});

/** A session with this plan, which no person has seen yet. */
async function rigWith(text: string, { start, phases = 1, ...plan }: RigPlan & { phases?: number } = {}) {
  await using dir = await tempDir();
  const path = join(dir.path, 'tasks.md');
  await writeFile(path, text);
  return await startRig({
    scenario: carriesOut(phases),
    ...plan,
    start: { task: undefined, plan: path, ...start },
  });
}

const isDone = ({ status }: SessionState) => status.kind === 'done';

const ONE = '# Boats\n\n- [ ] name them\n- [ ] paint them\n';
const FOUR = [
  '# Boats',
  '## Set up\nFiles: setup.txt\n- [x] done before this session',
  '## Name\n- [ ] a',
  '## Paint\n- [ ] b\n- [x] c',
  '## Launch\n- [ ] d\n',
].join('\n\n');
const CHECKED =
  '# Boats\n\nTesting: none - they are boats\n\n## Name\nCheck: `test -f boats.txt`\n- [ ] name them\n';

test('a plan waits for its approval before a worktree exists, and 3 agents carry it out', ci, async () => {
  await using rig = await rigWith(ONE, { start: { task: 'Mind the paint' } });
  const { worktree, progress, status } = await rig.untilWaiting('plan_approval');
  const before = { worktree, phase: progress.phase, agents: await phasesOfAgents(rig) };
  expect(before).toEqual({ worktree: undefined, phase: 'planning', agents: [] });
  const { text, hash, remarks } = await rig.readPlan();
  expect(status).toMatchObject({ plan: { hash }, resumePhase: 'implementation' });
  expect(text).toContain('## Phase 1: Boats\n\n- [ ] name them');
  const sha = fingerprint(ONE);
  expect(remarks.slice(0, 2)).toEqual([
    `The plan is tasks.md (SHA-256 ${sha.slice(0, 12)}), as it was given; open boxes: 2 of 2`,
    'Note to its agents: Mind the paint',
  ]);
  await expect(rig.approve('cli', fingerprint('another'))).rejects.toThrow();
  await rig.approve();
  await rig.until(isDone);
  expect(await phasesOfAgents(rig)).toEqual(['implementation', 'testing', 'quality']);
  expect(await readFile(join(rig.paths.proof, 'proof.md'), 'utf8')).toContain(
    `Carried out as given: \`tasks.md\` (SHA-256 \`${sha}\`), 2 of 2 boxes`,
  );
});

test('a plan of three open phases takes 5 agents, and ticks that it came with claim no commits', async () => {
  await using rig = await rigWith(FOUR, { phases: 4, start: { autoApprove: true } });
  await rig.until(isDone);
  expect(await phasesOfAgents(rig)).toEqual([...Array(3).fill('implementation'), 'testing', 'quality']);
});

test('auto_approve opens no plan that was given with commands or lower proof, and nothing runs before', async () => {
  await using rig = await rigWith(CHECKED, { start: { autoApprove: true } });
  const { status } = await rig.untilWaiting('plan_approval');
  expect(status).toMatchObject({
    reason:
      'The plan was given with a line that lowers the proof and commands that will run: auto_approve does not cover that, so a person decides.',
  });
  const { remarks, ledger } = await rig.readPlan();
  expect(remarks[0]).toBe('R1 will run `test -f boats.txt`');
  expect(ledger).toContain('"text": "Name"');
  await rig.approve();
  await rig.until(isDone);
  const events = await rig.events();
  const [first] = events.filter(({ type }) => type === 'checks_ran' || type === 'iteration_started');
  expect(first?.n).toBeGreaterThan(events.find(({ type }) => type === 'plan_approved')?.n ?? Infinity);
  expect(await phasesOfAgents(rig)).toEqual(['implementation', 'testing', 'quality']);
  expect(await readFile(join(rig.paths.proof, 'proof.md'), 'utf8')).toContain(
    '**R1** `Name`, by `test -f boats.txt`',
  );
});

test('a person edits a given plan before approving it, and no later worker brings the old text back', async () => {
  await using rig = await rigWith(CHECKED);
  const { status } = await rig.untilWaiting('plan_approval');
  const name = status.kind === 'waiting' ? status.plan?.name : undefined;
  const path = join(rig.paths.sessionDir, name ?? '');
  await writeFile(path, (await readFile(path, 'utf8')).replace('name them', 'name the boats'));
  await rig.approve('cli', (await rig.readPlan()).hash);
  await rig.until(isDone);
  const text = await readFile(path, 'utf8');
  expect(text).toContain('- [x] name the boats');
  expect(await readFile(join(rig.paths.proof, 'proof.md'), 'utf8')).toContain(
    'with the changes that were approved',
  );
});

test('requested changes to a given plan go to an agent that plans, and its plan is carried out', async () => {
  await using rig = await rigWith(ONE);
  await rig.untilWaiting('plan_approval');
  await rig.requestChanges('Paint them first');
  await rig.until((state) => state.status.kind === 'waiting' && state.progress.totalIterations === 1);
  expect(await phasesOfAgents(rig)).toEqual(['planning']);
  const { remarks, text } = await rig.readPlan();
  expect(text).toContain('part 1');
  expect(remarks.slice(0, 2)).toEqual([
    'Phase 1 will run `true`',
    'Open boxes of tasks.md with a step: 0 of 2',
  ]);
  await rig.approve();
  const { progress } = await rig.until(isDone);
  expect(progress.way).toBe('plan');
  expect(await phasesOfAgents(rig)).toEqual(['planning', 'implementation', 'testing', 'quality']);
});

test('a given plan is held to its boxes, whatever line says that its phase is complete', async () => {
  // The rehearsed agent adds that line, and does not tick a numbered box.
  await using rig = await rigWith('# Boats\n\n1. [ ] name them\n', { start: { autoApprove: true } });
  await rig.until(({ progress }) => progress.totalIterations >= 3);
  const ended = (await rig.events()).find(
    (event) => event.type === 'iteration_ended' && event.iteration === 2,
  );
  expect(ended).toMatchObject({
    decision: {
      phase: 'implementation',
      notes: [expect.stringContaining('phase 1 of the plan (Boats) has 1 open steps of 1')],
    },
  });
});

test('a chat hands over the text of its plan, and every face asks about it', async () => {
  await using bench = await makeBench({ here: true });
  const context = { ...bench.context, by: { channel: 'tool' } as const };
  const { json } = await askTool('start_session', { plan: ONE }, context);
  const session = String(json.session);
  const waits = async () => (await askTool('get_status', { session }, context)).json.state === 'waiting';
  await eventually(waits, { what: 'the wait for approval' });
  const plan = (await askTool('read_plan', { session }, context)).json;
  expect(plan.remarks).toContain(
    `The plan is from this chat (SHA-256 ${fingerprint(ONE).slice(0, 12)}), as it was given; open boxes: 2 of 2`,
  );
  expect(plan.text).toContain('- [ ] paint them');
});
