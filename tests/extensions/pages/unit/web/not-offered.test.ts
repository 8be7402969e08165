import { expect, test } from 'vitest';
import type { ShownSession } from '../../../../../src/core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../../../src/core/caller/context/context.ts';
import { pageKey } from '../../../../../src/core/caller/facts/live-page.ts';
import { watchedRows } from '../../../../../src/extensions/pages/watch/groups.ts';
import { ACT_KEYS, listKeys } from '../../../../../src/extensions/pages/watch/keys.ts';
import { press } from '../../../../../src/extensions/pages/watch/press.ts';
import { actOnSession } from '../../../../../src/extensions/pages/web/acts.ts';
import { actsPart } from '../../../../../src/extensions/pages/web/acts-part.ts';
import { stateIdOf } from '../../../../../src/extensions/pages/web/inbox/items.ts';
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

/** The code with which an act is refused that is sent by its name. */
async function refusalOf(act: string, session: ShownSession): Promise<string> {
  const { view } = session;
  const fields = { ...FIELDS, session: pageKey(view.paths), state: stateIdOf(view) };
  // Nothing of a context is read before an act is refused.
  const error = await actOnSession(act, { session, fields }, {} as ActionContext).then(
    () => ({ code: 'done' }),
    (thrown) => thrown,
  );
  return String(error.code);
}

test.each(SESSIONS)(
  'the page refuses each act by name that it does not offer of a session: %s',
  async (_state, session) => {
    const { text: offered } = actsPart(session, {});
    const isOffered = (act: string) => offered.includes(`data-act="${act}"`);
    for (const act of ACTS)
      expect([act, (await refusalOf(act, session)) !== 'state_changed']).toEqual([act, isOffered(act)]);
    expect((await refusalOf('finish', session)) !== 'state_changed').toBe(isOffered('preview'));
  },
);

test('the page knows no act of another face, and a plan decides nothing that it has no button for', async () => {
  const [, session] = SESSIONS.find(([state]) => state === 'waiting for approval') ?? [];
  for (const act of ['approve', 'changes', 'toString', 'edit'])
    expect(await refusalOf(act, session as ShownSession)).toBe('no_such_act');
});

test.each(SESSIONS)(
  'a key does nothing that the screen does not list of a session: %s',
  (_state, session) => {
    const rows = watchedRows([session]);
    const [row] = rows;
    const listed = listKeys(row).map(({ key }) => key);
    const done = Object.keys(ACT_KEYS).filter((name) => {
      const place = { selected: row?.key ?? '', isHelp: false };
      const { intent } = press(
        { name, ctrl: false },
        { model: { rows, nowMs: STATES_NOW }, place, height: 9 },
      );
      return intent?.kind === 'act';
    });
    expect(done.toSorted()).toEqual(listed.toSorted());
  },
);
