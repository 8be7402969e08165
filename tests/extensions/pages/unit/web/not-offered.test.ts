import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { ShownSession } from '../../../../../src/core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../../../src/core/caller/context/context.ts';
import { getStatus } from '../../../../../src/core/caller/facts/get-status.ts';
import { pageKey } from '../../../../../src/core/caller/facts/live-page.ts';
import { ifExists } from '../../../../../src/core/kernel/errors.ts';
import { planHash } from '../../../../../src/core/session/documents/plan.ts';
import type { NewEvent } from '../../../../../src/core/session/events/events.ts';
import { sessionPaths } from '../../../../../src/core/session/layout/paths.ts';
import { sessionRows } from '../../../../../src/extensions/pages/rows/row.ts';
import { ACT_KEYS, listKeys, press } from '../../../../../src/extensions/pages/watch/press.ts';
import { actOnSession } from '../../../../../src/extensions/pages/web/acts/acts.ts';
import { actsPart, resumeForm } from '../../../../../src/extensions/pages/web/acts/acts-part.ts';
import { stateIdOf } from '../../../../../src/extensions/pages/web/web-context.ts';
import { CREATED, PREPARED, writeEvents } from '../../../../core/unit/session/events.ts';
import { makeProject } from '../../../../support/project.ts';
import { STATES, STATES_NOW } from '../../../../support/session-states.ts';

const SESSIONS = STATES.map(([state, report]): [string, ShownSession] => [
  state,
  { ...report, projectDir: '/repo' } as ShownSession,
]);

/** The acts whose forms the page shows only for some states; a finish comes with its preview. */
const ACTS = ['message', 'stop', 'resume', 'preview', 'verify'] as const;

const FIELDS = {
  text: 'Mind the sail',
  when: 'now',
  note: 'x',
  how: 'discard',
  hash: 'x',
  decide: 'approve',
};

/** An act begins with the context that it acts in. */
const UNTOUCHED = new Proxy({} as ActionContext, {
  ownKeys() {
    throw Object.assign(new Error(), { code: 'acts' });
  },
});

/** The code with which an act is refused that is sent by its name; `acts` if it is not. */
async function refusalOf(act: string, session: ShownSession): Promise<string> {
  const { view } = session;
  const fields = { ...FIELDS, session: pageKey(view.paths), state: stateIdOf(view) };
  const error = await actOnSession(
    act,
    { session, fields, signal: new AbortController().signal },
    UNTOUCHED,
  ).then(
    () => ({ code: 'done' }),
    (thrown) => thrown,
  );
  return String(error.code);
}

test.each(SESSIONS)(
  'the page refuses each act by name that it does not offer of a session: %s',
  async (_state, session) => {
    const { text: offered } = actsPart(session);
    const isOffered = (act: string) => offered.includes(`data-act="${act}"`);
    for (const act of ACTS)
      expect([act, (await refusalOf(act, session)) === 'acts']).toEqual([act, isOffered(act)]);
    expect((await refusalOf('finish', session)) === 'acts').toBe(isOffered('preview'));
  },
);

test('a resume offers another agent only where the session continues, not where its worker restarts', () => {
  const offering = SESSIONS.filter(([, session]) => resumeForm(session).text.includes('name="provider"'));
  expect(offering.map(([state]) => state)).toMatchInlineSnapshot(`
    [
      "queued until another is done",
      "waiting for a file",
      "waiting for an act",
      "at a usage limit",
      "waiting out an outage",
      "at a limit beyond every date",
      "blocked",
      "blocked by checks of the base",
      "blocked with a need that is no word",
      "stopped",
      "done",
      "merged",
      "not merged",
      "not merged, and its pull request asks",
      "not merged, but its pull request is",
      "pull request open",
      "pull request not seen",
      "pull request asks",
      "pull request merged",
      "pull request merged without a commit of its round",
      "pull request closed",
    ]
  `);
});

test('the page knows no act of another face', async () => {
  const [, session] = SESSIONS.find(([state]) => state === 'waiting for approval') ?? [];
  for (const act of ['approve', 'changes', 'toString', 'edit'])
    expect(await refusalOf(act, session as ShownSession)).toBe('no_such_act');
});

test.each(SESSIONS)(
  'a key does nothing that the screen does not list of a session: %s',
  (_state, session) => {
    const rows = sessionRows([session]);
    const [row] = rows;
    const listed = listKeys(row).map(({ key }) => key);
    const done = Object.keys(ACT_KEYS).filter((name) => {
      const selection = { selected: row?.key ?? '', isHelp: false };
      const { intent } = press(
        { name, ctrl: false },
        { model: { rows, nowMs: STATES_NOW }, selection, height: 9 },
      );
      return intent?.kind === 'act';
    });
    expect(done.toSorted()).toEqual(listed.toSorted());
  },
);

const PLAN = '# Plan\n\n## Phase 1: Float\n- [ ] Build\n';

test('on the page a plan is decided by its buttons alone, and approved by the hash that was shown', async () => {
  const { repo, context, sessionsDir } = await makeProject({ acting: { by: { channel: 'web' } } });
  await using _repo = repo;
  const paths = sessionPaths(sessionsDir, '26-01-08-boat');
  const plan = { name: '01-08-1000-plan-boat.md', hash: planHash(PLAN) };
  const parked = { type: 'parked', for: 'plan_approval', resumePhase: 'planning', plan } as const;
  const planned: NewEvent = { ...parked, openQuestions: [], unconfirmed: [] };
  await writeEvents(paths, [CREATED, PREPARED, planned], undefined, { mainRepo: repo.path });
  await repo.write({ [`_samocode/sessions/26-01-08-boat/${plan.name}`]: PLAN });
  const { view } = await getStatus({ session: 'boat' }, context);
  const session = { view, projectDir: repo.path } as ShownSession;
  const sent = async (decide: string, hash: string) => {
    const fields = { session: pageKey(paths), state: stateIdOf(view), decide, hash };
    return await actOnSession(
      'plan',
      { session, fields, signal: new AbortController().signal },
      context,
    ).catch(({ code }) => code);
  };
  for (const decide of ['', 'later', 'read', 'edit', 'comment', 'change', 'approved'])
    expect([decide, await sent(decide, plan.hash)]).toEqual([decide, 'no_such_act']);
  for (const hash of ['', planHash('# Another\n')]) expect(await sent('approve', hash)).toBe('plan_changed');
  expect(await ifExists(readdir(paths.commands))).toBeUndefined();
});
