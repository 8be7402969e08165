import { expect, test } from 'vitest';
import type { ShownSession } from '../../../../../src/core/acts/reading/watch-sessions.act.ts';
import { listedRows } from '../../../../../src/extensions/pages/rows/list-row.ts';
import { GROUPS, needKind, sessionRows } from '../../../../../src/extensions/pages/rows/row.ts';
import { STATES } from '../../../../support/session-states.ts';

/** A session in every state. */
const SESSIONS = STATES.map(([, report], index): ShownSession => {
  const folder = `26-01-08-boat-${index}`;
  const projectDir = '/code/fleet';
  const paths = { ...report.view.paths, folder, runDir: `${projectDir}/_sessions/.run/${folder}` };
  return { ...report, view: { ...report.view, folder, paths }, projectDir };
});

test('a row is made again only for a session that has changed', () => {
  const before = sessionRows(SESSIONS);
  const [first, ...others] = SESSIONS;
  const changed = { ...(first as ShownSession), activity: 'reads src/boat.ts' };
  const after = sessionRows([changed, ...others]);
  expect(after.filter((row) => !before.includes(row)).map(({ session }) => session)).toEqual([changed]);
  expect(after.map(({ key }) => key)).toEqual(before.map(({ key }) => key));
});

test('a name is short unless another session has the same one', () => {
  const [first, second] = SESSIONS.slice(0, 2) as [ShownSession, ShownSession];
  const namesOf = (sessions: ShownSession[]) => sessionRows(sessions).map(({ name }) => name);
  expect(namesOf([first, second])).toEqual(expect.arrayContaining(['boat-0', 'boat-1']));
  const older = { ...second, view: { ...second.view, folder: '26-01-07-boat-0' } };
  expect(namesOf([first, older])).toEqual(expect.arrayContaining(['26-01-08-boat-0', '26-01-07-boat-0']));
  expect(namesOf([first])).toEqual(['boat-0']);
});

test('the screen goes by groups; the page begins with all that need the person, the longest wait first', () => {
  const groups = sessionRows(SESSIONS).map(({ group }) => GROUPS.indexOf(group));
  expect(groups).toEqual(groups.toSorted((a, b) => a - b));
  const listed = listedRows(SESSIONS);
  const waits = listed.filter(({ kind }) => kind !== undefined);
  expect(listed.slice(0, waits.length)).toEqual(waits);
  const times = waits.map(({ facts }) => facts.since);
  expect(times).toEqual(times.toSorted());
  expect(waits.some(({ kind, group }) => kind === 'finished' && group === 'done')).toBe(true);
});

test('a finished session that cannot be finished from this machine does not need the person', () => {
  const done = sessionRows(SESSIONS).find(({ kind }) => kind === 'finished') ?? expect.fail();
  for (const condition of ['elsewhere', 'older', 'newer', 'unseen'] as const)
    expect(needKind({ ...done.facts, condition })).toBeUndefined();
});
