import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { superviseIfUnfinished } from '../../../src/core/caller/context/supervision.ts';
import { viewFacts } from '../../../src/core/session/words/facts.ts';
import { ci } from '../../support/ci.ts';
import { eventsOfType } from '../../support/events-of.ts';
import { eventually } from '../../support/eventually.ts';
import { ANSWERS_QA } from '../../support/forged-acts.ts';
import { shell } from '../../support/scenario-rules.ts';
import { type SessionRig, setPhase, startRig } from '../../support/session-rig.ts';
import { endOfWorker, killSupervisors, nowOf } from '../../support/supervisors.ts';
import { changeSettings } from '../faults/with-settings.ts';

const by = (channel: string) => expect.objectContaining({ channel });

async function edit(path: string, change: (text: string) => string): Promise<void> {
  await writeFile(path, change(await readFile(path, 'utf8')));
}

const answered = (text: string) =>
  text.replaceAll('_waiting_', 'A').replace('Status: waiting', 'Status: answered');

/** A session that waits at a gate, and whose supervisor sees a person's changes in its files. */
async function watched(rig: SessionRig): Promise<SessionRig> {
  await superviseIfUnfinished(rig.context());
  await eventually(async () => (await nowOf(rig))?.sessions[0]?.state === 'waiting', {
    what: 'a scan of its supervisor',
  });
  return rig;
}

const watchedAtQuestions = async (scenario = {}) =>
  watched(await startRig({ at: 'asking', supervised: true, scenario }));

const gone = (rig: SessionRig, phase: string) =>
  rig.until((state) => state.openIteration?.phase === phase || state.lastIteration?.phase === phase);

test.concurrent(
  'answers by a tool open the first gate, and approval by the command line the second',
  ci,
  async () => {
    await using rig = await startRig({ at: 'asking', here: true });
    await rig.answer(undefined, 'tool');
    await rig.untilWaiting('plan_approval');
    await rig.approve('cli');
    await gone(rig, 'implementation');
    expect(await eventsOfType(rig, 'answers_recorded')).toMatchObject([{ by: by('tool'), open: [] }]);
    expect(await eventsOfType(rig, 'plan_approved')).toMatchObject([{ by: by('cli') }]);
  },
);

test.concurrent('answers that a person types into the file while it waits open the first gate', async () => {
  await using rig = await watchedAtQuestions();
  await edit(rig.paths.qa, answered);
  await rig.untilWaiting('plan_approval');
  expect(await eventsOfType(rig, 'answers_recorded')).toMatchObject([{ by: by('file'), open: [] }]);
});

test.concurrent('half an answer in a file without a final status is not taken, while the whole one is', async () => {
  await using rig = await watchedAtQuestions();
  await changeSettings(rig, { typingRest: { markedMs: 0, unmarkedMs: 24 * 60 * 60_000 } });
  await edit(rig.paths.qa, (text) => text.replaceAll('_waiting_', 'Only the ones that'));
  // Each sender notifies the supervisor, which then reads the file; the worker reads it before it leaves.
  await rig.answer({ answers: [{ id: 'Q1', text: 'A' }] });
  await edit(rig.paths.qa, (text) =>
    text.replaceAll(/(Answer:.*ones that)$/gm, '$1 float').replace('Status: waiting', 'Status: answered'),
  );
  await rig.untilWaiting('plan_approval');
  const [first, second, ...more] = await eventsOfType(rig, 'answers_recorded');
  expect(more).toEqual([]);
  expect(first).toMatchObject({ by: by('cli'), answers: [{ id: 'Q1', text: 'A' }] });
  expect(second).toMatchObject({ by: by('file') });
  expect(second?.answers.map(({ text }) => text)).toEqual(Array(2).fill('Only the ones that float'));
  expect(await readFile(rig.paths.qa, 'utf8')).toContain('not recorded: Only the ones that\n');
});

test.concurrent('answers without a final status count once the file has settled', async () => {
  await using rig = await watchedAtQuestions();
  await changeSettings(rig, { typingRest: { markedMs: 24 * 60 * 60_000, unmarkedMs: 300 } });
  await edit(rig.paths.qa, (text) => text.replaceAll('_waiting_', 'A'));
  await rig.untilWaiting('plan_approval');
  expect(await eventsOfType(rig, 'answers_recorded')).toMatchObject([{ by: by('file'), open: [] }]);
});

test.concurrent('text typed while an agent works is kept below the answer, and does not count as a forgery', async () => {
  const on =
    'sed -i "s/^\\*\\*Answer:\\*\\* A$/**Answer:** A, never the fleet/" "$REHEARSAL_SESSION_DIR/_qa.md"';
  const rules = [
    {
      when: { phase: 'requirements', count: 2 },
      do: [shell(on), { act: 'normal' }],
    },
  ];
  await using rig = await watchedAtQuestions({ rules });
  await edit(rig.paths.qa, answered);
  await rig.untilWaiting('plan_approval');
  const text = await readFile(rig.paths.qa, 'utf8');
  expect(text).toContain('**Answer:** A\n\n> Also typed here, but not recorded: A, never the fleet\n');
  expect(await eventsOfType(rig, 'forgery_seen')).toEqual([]);
  const changed = expect.stringContaining('Changed in _qa.md after it was answered: Q1');
  expect((await eventsOfType(rig, 'notice')).map(({ text }) => text)).toContainEqual(changed);
});

test.concurrent('answers typed while nothing watches are taken once a supervisor runs again', async () => {
  await using rig = await watchedAtQuestions();
  await killSupervisors(rig.repo.homeDir);
  await edit(rig.paths.qa, answered);
  await superviseIfUnfinished(rig.context('tool'));
  await rig.untilWaiting('plan_approval');
  expect(await eventsOfType(rig, 'answers_recorded')).toMatchObject([{ by: by('file') }]);
});

test.concurrent('some of the answers are recorded, and the rest is waited for', async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  await rig.answer({ answers: [{ id: 'Q1', text: 'B' }] });
  const { status } = await rig.state();
  expect(status).toMatchObject({ kind: 'waiting', openQuestions: expect.not.arrayContaining(['Q1']) });
  await rig.answer({ acceptSuggestions: true });
  await rig.untilWaiting('plan_approval');
  expect((await rig.state()).answers[0]).toMatchObject({ id: 'Q1', text: 'B' });
});

test.concurrent('answers that an agent typed become answers when the person confirms them', async () => {
  const rules = [{ when: { phase: 'investigation', count: 1 }, do: [{ act: 'normal' }, ANSWERS_QA] }];
  await using rig = await startRig({ here: true, scenario: { rules } });
  const { status } = await rig.untilWaiting('qa_answers');
  expect(status).toMatchObject({ unconfirmed: [{ id: 'Q1' }, {}, {}] });
  await rig.answer({ confirmTyped: true });
  await rig.untilWaiting('plan_approval');
  expect(await eventsOfType(rig, 'answers_recorded')).toMatchObject([{ by: by('cli'), open: [] }]);
});

test.concurrent('ticked boxes, completed lines and appended notes need no second approval', async () => {
  const append = 'f=$(ls "$REHEARSAL_SESSION_DIR"/*-plan-*); echo "- one more note" >> "$f"';
  const rules = [
    {
      when: { phase: 'implementation', count: 2 },
      do: [shell(append), { act: 'normal' }],
    },
  ];
  await using rig = await startRig({ at: 'planned', here: true, scenario: { rules } });
  await rig.approve();
  await rig.until(({ status }) => status.kind === 'done');
  expect(await eventsOfType(rig, 'parked')).toHaveLength(2);
  const plan = (await readdir(rig.paths.sessionDir)).find((name) => name.includes('-plan-')) ?? '';
  expect(await readFile(join(rig.paths.sessionDir, plan), 'utf8')).toMatch(/\[x\][\s\S]*one more note/);
});

test.concurrent('a plan that was sent back is revised, and is approved in its new form', async () => {
  await using rig = await startRig({ at: 'planned', here: true });
  await rig.requestChanges('Smaller steps, please.');
  await rig.until(({ openIteration }) => openIteration?.phase === 'planning');
  const { status } = await rig.untilWaiting('plan_approval');
  await rig.approve();
  await gone(rig, 'implementation');
  const [approved] = await eventsOfType(rig, 'plan_approved');
  expect(status).toMatchObject({ plan: approved?.plan });
  expect(await eventsOfType(rig, 'parked')).toHaveLength(3);
});

test.concurrent('auto_approve and accept_suggestions are recorded as acts of the person who started the session', async () => {
  await using rig = await startRig({
    here: true,
    start: { task: 'Name the boats', autoApprove: true, acceptSuggestions: true },
  });
  await gone(rig, 'implementation');
  const chosen = { by: { channel: 'cli', atStart: true } };
  expect(await eventsOfType(rig, 'answers_recorded')).toMatchObject([chosen]);
  expect(await eventsOfType(rig, 'plan_approved')).toMatchObject([chosen]);
});

test.concurrent('a plan about which no agent had a question waits in spite of auto_approve, says so, and is opened by a person', async () => {
  const asksNothing = [{ act: 'end', did: 'Looked', signal: { status: 'continue', phase: 'requirements' } }];
  const writes = [{ act: 'end', did: 'Wrote', signal: { status: 'continue', phase: 'planning' } }];
  const rules = [
    { when: { phase: 'investigation' }, do: asksNothing },
    { when: { phase: 'requirements' }, do: [{ act: 'ledger' }, ...writes] },
  ];
  await using rig = await startRig({
    here: true,
    scenario: { rules },
    start: { task: 'Name the boats', autoApprove: true },
  });
  const { status } = await rig.untilWaiting('plan_approval');
  expect(status).toMatchObject({ unasked: true });
  expect((await rig.readPlan()).warnings[0]).toBe('No agent had a question.');
  expect(viewFacts(await rig.view()).says?.reason).toBe('No agent had a question.');
  expect(await eventsOfType(rig, 'answers_recorded')).toEqual([]);
  await rig.approve('tool');
  await gone(rig, 'implementation');
});

test.concurrent('GATES=qa asks and does not wait for an approval', async () => {
  await using rig = await startRig({ here: true, lines: { GATES: 'qa' } });
  await rig.untilWaiting('qa_answers');
  await rig.answer();
  await gone(rig, 'implementation');
  expect(await eventsOfType(rig, 'plan_approved')).toMatchObject([{ by: by('settings') }]);
});

test.concurrent('GATES=plan accepts the suggestions and waits for an approval', async () => {
  await using rig = await startRig({ here: true, lines: { GATES: 'plan' } });
  await rig.untilWaiting('plan_approval');
  expect(await eventsOfType(rig, 'answers_recorded')).toMatchObject([{ by: by('settings') }]);
});

test.concurrent('with GATE_CHANNELS without tool the tool is refused and the command line accepted', async () => {
  await using rig = await startRig({ at: 'asking', here: true, lines: { GATE_CHANNELS: 'cli' } });
  await expect(rig.answer(undefined, 'tool')).rejects.toMatchObject({ code: 'channel_closed' });
  await rig.answer();
  await rig.untilWaiting('plan_approval');
  await expect(rig.approve('tool')).rejects.toMatchObject({ code: 'channel_closed' });
  await rig.approve();
  await gone(rig, 'implementation');
});

test.concurrent('with GATE_CHANNELS without file typed answers are left to another channel', async () => {
  await using rig = await startRig({ at: 'asking', supervised: true, lines: { GATE_CHANNELS: 'cli' } });
  await watched(rig);
  await changeSettings(rig, { typingRest: { markedMs: 0, unmarkedMs: 0 } });
  await edit(rig.paths.qa, answered);
  // Read by the supervisor after the answers, in the same scan at the earliest.
  await setPhase(rig, 'implementation');
  await eventually(async () =>
    (await eventsOfType(rig, 'notice')).some(({ code }) => code === 'gate_closed'),
  );
  expect((await rig.state()).status).toMatchObject({ kind: 'waiting', for: 'qa_answers' });
  await rig.answer({ confirmTyped: true });
  await rig.untilWaiting('plan_approval');
});

test.concurrent('a phase set back by hand while the session is stopped is applied', async () => {
  await using rig = await startRig({ at: 'planned', here: true });
  await rig.stop();
  await rig.until(({ status }) => status.kind === 'stopped');
  await endOfWorker(rig);
  await setPhase(rig, 'investigation');
  const { n } = await rig.state();
  await rig.resume();
  await rig.until(({ openIteration }) => openIteration?.phase === 'investigation');
  expect((await rig.events(n)).map(({ type }) => type)).toContain('phase_set');
});

test.concurrent('a phase set back by hand while the session waits is applied', async () => {
  await using rig = await watched(await startRig({ at: 'planned', supervised: true }));
  const { n } = await rig.state();
  await setPhase(rig, 'investigation');
  // An iteration may start and end between two polls; its event remains.
  await eventually(async () =>
    (await eventsOfType(rig, 'iteration_started')).some(
      (event) => event.n > n && event.phase === 'investigation',
    ),
  );
  expect(await eventsOfType(rig, 'phase_set')).toMatchObject([
    { phase: 'investigation', from: 'requirements' },
  ]);
});

test.concurrent('a phase set forward by hand skips no gate, neither during a wait nor after a stop', async () => {
  await using rig = await watchedAtQuestions();
  await rig.answer({ answers: [{ id: 'Q1', text: 'A' }] });
  await setPhase(rig, 'implementation');
  await eventually(async () =>
    (await eventsOfType(rig, 'notice')).some(({ code }) => code === 'gate_closed'),
  );
  await rig.stop();
  await endOfWorker(rig);
  await setPhase(rig, 'planning');
  await rig.resume();
  await rig.untilWaiting('qa_answers');
  expect(await eventsOfType(rig, 'phase_set')).toEqual([]);
  expect((await rig.state()).progress.phase).toBe('requirements');
});

test.concurrent('a session that is stopped at a gate waits at it again after a resume', async () => {
  await using rig = await startRig({ at: 'planned', here: true });
  await rig.stop();
  await rig.resume();
  await rig.untilWaiting('plan_approval');
  await rig.approve();
  await gone(rig, 'implementation');
});

test.concurrent('a plan that the person edits before the approval is approved in its edited form', async () => {
  await using rig = await startRig({ at: 'planned', here: true });
  const { status } = await rig.untilWaiting('plan_approval');
  if (status.kind !== 'waiting' || !status.plan) throw new Error('No plan waits.');
  await appendFile(join(rig.paths.sessionDir, status.plan.name), '\n## One more\n- [ ] of the person\n');
  await expect(rig.approve()).rejects.toMatchObject({ code: 'plan_changed' });
  const { hash } = await rig.readPlan();
  expect(hash).not.toBe(status.plan.hash);
  await rig.approve('cli', hash);
  await gone(rig, 'implementation');
  expect(await eventsOfType(rig, 'parked')).toHaveLength(2);
});
