import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agentMarkers } from '../../../src/core/faces/terminal/who-types.ts';
import { systemHost } from '../../../src/core/kernel/processes/host.ts';
import { inheritedVariable } from '../../../src/core/kernel/processes/inherited-variables.ts';
import type { EventType } from '../../../src/core/session/events/bodies/event-types.ts';
import type { SessionEvent } from '../../../src/core/session/events/events.ts';
import { sessionFolders } from '../../../src/core/session/folder/session-list.ts';
import { sessionPaths } from '../../../src/core/session/layout/paths.ts';
import { readEvents } from '../../../src/core/session/log/event-log.ts';
import { askTool } from '../../app/unit/server/ask-tool.ts';
import { makeBench } from '../../support/bench.ts';
import { ci } from '../../support/ci.ts';
import { eventsOfType } from '../../support/events-of.ts';
import { eventually } from '../../support/eventually.ts';
import { type SessionRig, startRig } from '../../support/session-rig.ts';
import { ParentKit } from '../gates/parent-kit.ts';
import { PARENT_ACTS } from '../gates/parents.ts';

const MODELS_OPEN_NOTHING = { GATE_CHANNELS: 'person' };
/** Acts that open a gate or are possible only after one opened. */
const OPENED: readonly EventType[] = ['answers_recorded', 'plan_approved', 'iteration_started'];

const opened = (events: readonly SessionEvent[]) => events.filter(({ type }) => OPENED.includes(type));

describe('if models may open no gate, the first gate stays closed when a parent', () => {
  let rig: SessionRig;
  let before: number;

  beforeAll(async () => {
    rig = await startRig({ at: 'asking', here: true, lines: MODELS_OPEN_NOTHING });
    before = (await rig.untilWaiting('qa_answers')).n;
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  test.for(PARENT_ACTS.qa.map((act) => [act.name, act] as const))('%s', ci, async ([, act]) => {
    const answer = await act.play(new ParentKit(rig));
    expect(answer.code, answer.text).toBe(act.refusal);
    expect(opened(await rig.events(before))).toEqual([]);
    expect(await sessionFolders(rig.paths.sessionsDir)).toEqual([rig.file.folder]);
  });

  test('and the first act that opens it is that of the person who acts later', async () => {
    await rig.answer(undefined, 'cli');
    const [first] = opened(await rig.events(before));
    expect(first).toMatchObject({ type: 'answers_recorded', by: { channel: 'cli' } });
  });
});

describe('if models may open no gate, the second gate stays closed when a parent', () => {
  let rig: SessionRig;
  let before: number;

  beforeAll(async () => {
    rig = await startRig({ at: 'planned', here: true, lines: MODELS_OPEN_NOTHING });
    before = (await rig.untilWaiting('plan_approval')).n;
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  test.for(PARENT_ACTS.plan.map((act) => [act.name, act] as const))('%s', ci, async ([, act]) => {
    const answer = await act.play(new ParentKit(rig));
    expect(answer.code, answer.text).toBe(act.refusal);
    expect(opened(await rig.events(before))).toEqual([]);
    expect(await sessionFolders(rig.paths.sessionsDir)).toEqual([rig.file.folder]);
  });

  test('adds a phase below the notes of the plan that the person has read', async () => {
    const { name, hash } = await rig.readPlan();
    await appendFile(join(rig.paths.sessionDir, name), '\n### Phase 9: more\n- [ ] delete the tests\n');
    await expect(rig.approve('cli', hash)).rejects.toMatchObject({ code: 'plan_changed' });
    expect(opened(await rig.events(before))).toEqual([]);
  });

  test('and the first act that opens it is that of the person who acts later', async () => {
    await rig.approve('cli', (await rig.readPlan()).hash);
    const [first] = opened(await rig.events(before));
    expect(first).toMatchObject({ type: 'plan_approved', by: { channel: 'cli' } });
  });
});

test.concurrent("if models may open no gate, a model's new work waits at the gates a person had opened", async () => {
  const choices = { autoApprove: true, acceptSuggestions: true };
  await using rig = await startRig({
    here: true,
    lines: MODELS_OPEN_NOTHING,
    start: { task: 'Name the boats', ...choices },
  });
  const { n } = await rig.until(({ status }) => status.kind === 'done');
  await new ParentKit(rig).tool('resume_session', { session: rig.file.folder, goal: 'Colour them' });
  await rig.untilWaiting('qa_answers');
  expect((await rig.events(n)).filter(({ type }) => type === 'answers_recorded')).toEqual([]);
});

/** If an agent runs these tests, its terminal is not a person's. */
const isUnderAgent = await inheritedVariable(await systemHost(), Object.keys(agentMarkers()));

test.skipIf(isUnderAgent)(
  'if models may open no gate, a person in a terminal opens both gates',
  { concurrent: true },
  async () => {
    await using rig = await startRig({ at: 'asking', here: true, lines: MODELS_OPEN_NOTHING });
    const kit = new ParentKit(rig);
    await rig.untilWaiting('qa_answers');
    await kit.terminal(['answer', kit.session, '--accept-suggestions']);
    await rig.untilWaiting('plan_approval');
    await kit.terminal(['approve', kit.session, '--hash', await kit.planHash(), '--yes']);
    await rig.until(({ approvedPlan }) => approvedPlan !== undefined);
    const by = { channel: 'cli', client: 'samocode' };
    expect(await eventsOfType(rig, 'answers_recorded')).toMatchObject([{ by }]);
    expect(await eventsOfType(rig, 'plan_approved')).toMatchObject([{ by }]);
  },
);

describe('if models may open gates, the record names the parent that', () => {
  test.concurrent('chose at the start to accept the suggestions and approve the plan', async () => {
    await using bench = await makeBench({ here: true });
    const choices = { auto_approve: true, accept_suggestions: true };
    const byTool = { ...bench.context, by: { channel: 'tool', client: 'a-client' } as const };
    const { json } = await askTool('start_session', { task: 'Name the boats', ...choices }, byTool);
    const paths = sessionPaths(bench.sessionsDir, String(json.session));
    await eventually(async () => (await bench.view(paths.folder)).state.approvedPlan);
    const events = await readEvents(paths, 0);
    const by = { channel: 'tool', client: 'a-client', atStart: true };
    expect(events.find(({ type }) => type === 'answers_recorded')).toMatchObject({ by });
    expect(events.find(({ type }) => type === 'plan_approved')).toMatchObject({ by });
  });

  test.concurrent('answered and approved from the command line', async () => {
    await using rig = await startRig({ at: 'asking' });
    const kit = new ParentKit(rig);
    await rig.untilWaiting('qa_answers');
    await kit.cli('answer', kit.session, '--accept-suggestions');
    await rig.untilWaiting('plan_approval');
    await kit.cli('approve', kit.session, '--hash', await kit.planHash(), '--yes');
    await rig.until(({ approvedPlan }) => approvedPlan !== undefined);
    expect(await eventsOfType(rig, 'answers_recorded')).toMatchObject([{ by: { channel: 'tool' } }]);
    expect(await eventsOfType(rig, 'plan_approved')).toMatchObject([
      { by: { channel: 'tool', client: 'samocode, without a terminal' } },
    ]);
  });
});
