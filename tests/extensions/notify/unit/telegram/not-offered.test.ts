import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ifExists } from '../../../../../src/core/kernel/errors.ts';
import { planHash } from '../../../../../src/core/session/documents/plan.ts';
import type { NewEvent } from '../../../../../src/core/session/events/events.ts';
import { readSession } from '../../../../../src/core/session/folder/read-session.ts';
import { sessionPaths } from '../../../../../src/core/session/layout/paths.ts';
import { intentOf } from '../../../../../src/extensions/notify/telegram/phone-acts.ts';
import { statusDraft } from '../../../../../src/extensions/notify/telegram/phone-commands.ts';
import { draftsOf, sessionButtons } from '../../../../../src/extensions/notify/telegram/render.ts';
import type {
  AskedAbout,
  Button,
  SentMessage,
} from '../../../../../src/extensions/notify/telegram/sent-messages.ts';
import { ASKING, CREATED, PREPARED, writeEvents } from '../../../../core/unit/session/events.ts';
import { plainLog } from '../../../../support/event-samples.ts';
import { makeProject } from '../../../../support/project.ts';
import { outboxScene } from '../outbox-scene.ts';

const PLAN = '# Plan\n\n## Phase 1: Float\n- [ ] Build\n';
const HASH = planHash(PLAN);
const PLANNED: NewEvent = {
  ...{ type: 'parked', for: 'plan_approval', resumePhase: 'planning', openQuestions: [], unconfirmed: [] },
  plan: { name: '01-08-1000-plan-boat.md', hash: HASH },
};

/** The buttons of a plan, as they are sent. */
const [OF_PLAN = []] = draftsOf({
  ...{ id: 'x', kind: 'waiting', session: '26-01-08-boat', title: 'Boat', body: '' },
  plan: { name: 'plan.md', path: '/plan.md', hash: HASH, summary: '' },
} as never).flatMap(({ buttons = [] }) => buttons);

/** Every choice that some message of a phone offers, and what other faces offer. */
const CHOICES = ['approve', 'changes', 'status', 'stop', 'resume', 'all', 'A', 'read', 'edit', 'later', ''];

const MESSAGES: readonly (readonly [string, AskedAbout, Button[]])[] = [
  ['a session', { kind: 'session' }, sessionButtons(['stop'])],
  ['a blocked session', { kind: 'session' }, sessionButtons(['resume'])],
  ['its plan', { kind: 'plan', hash: HASH }, OF_PLAN],
  ['changes', { kind: 'changes', hash: HASH }, []],
];

async function scene(parked: NewEvent) {
  const project = await makeProject({ acting: { by: { channel: 'phone' } } });
  const paths = sessionPaths(project.sessionsDir, '26-01-08-boat');
  await writeEvents(paths, [CREATED, PREPARED, parked], undefined, { mainRepo: project.repo.path });
  await project.repo.write({ '_samocode/sessions/26-01-08-boat/_overview.md': '# Session: boat\n' });
  await writeFile(join(paths.sessionDir, '01-08-1000-plan-boat.md'), PLAN);
  return { ...project, paths };
}

test.each(MESSAGES)(
  'a phone message about %s takes no choice but those of its own buttons',
  async (_what, about, buttons) => {
    const { repo, context, sessionsDir, paths } = await scene(about.kind === 'session' ? ASKING : PLANNED);
    await using _repo = repo;
    const where = { sessionsDir, session: '26-01-08-boat' };
    const sent: SentMessage = {
      ...{ key: 'k', chat: 1, message: 1, at: '2026-01-08T10:00:00.000Z', text: '', hasDocument: false },
      ...{ where, about, buttons: [buttons] },
    };
    const taken: string[] = [];
    for (const choice of CHOICES)
      if (!('refusal' in (await intentOf(sent, { choice }, context)))) taken.push(choice);
    expect(taken.toSorted()).toEqual(buttons.map(({ choice }) => choice).toSorted());
    expect(await ifExists(readdir(paths.commands))).toBeUndefined();
  },
);

test('a plan that is not the one that waits is approved by no button of its message', async () => {
  const { repo, context, sessionsDir } = await scene(PLANNED);
  await using _repo = repo;
  const sent: SentMessage = {
    ...{ key: 'k', chat: 1, message: 1, at: '2026-01-08T10:00:00.000Z', text: '', hasDocument: false },
    where: { sessionsDir, session: '26-01-08-boat' },
    ...{ about: { kind: 'plan', hash: planHash('# Another\n') }, buttons: [OF_PLAN] },
  };
  for (const choice of ['approve', 'changes'])
    expect(await intentOf(sent, { choice }, context)).toMatchObject({ refusal: expect.any(String) });
});

test.each([
  ['full', false, true],
  ['titles', true, false],
])(
  'with the detail %s, /status says what is wrong with files of a session: %s',
  async (_, isBrief, isShown) => {
    await using here = await outboxScene();
    const { context, repo } = await makeProject();
    await using _repo = repo;
    const view = await readSession(
      await here.session('s', { events: plainLog(2), startMs: here.startMs }),
      context.host,
    );
    if (view === undefined) throw new Error('There is no session.');
    const problem = 'line 3 of /home/me/app/_qa.md';
    const draft = await statusDraft({ ...view, problems: [problem] }, { ...context, isBrief });
    expect(JSON.stringify(draft).includes('/home/me')).toBe(isShown);
  },
);
