import { expect, test } from 'vitest';
import type { ShownSession } from '../../../../../src/core/acts/reading/watch-sessions.act.ts';
import { byWait, needKind } from '../../../../../src/core/caller/facts/wanted.ts';
import { GROUPS, sessionRows } from '../../../../../src/extensions/pages/rows/row.ts';
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

test('every list begins with what keeps an agent waiting, then what is finished, the longest wait first', () => {
  const rows = sessionRows(SESSIONS);
  const groups = rows.map(({ group }) => GROUPS.indexOf(group));
  expect(groups).toEqual(groups.toSorted((a, b) => a - b));
  for (const isFinished of [false, true]) {
    const wanting = rows.filter(({ kind }) => kind !== undefined && (kind === 'finished') === isFinished);
    expect(new Set(wanting.map(({ group }) => group))).toEqual(
      new Set([isFinished ? 'finished' : 'needs you']),
    );
    const times = wanting.map(({ facts }) => facts.since);
    expect(times).toEqual(times.toSorted());
  }
  const ofList = rows.map(({ facts }) => facts).reverse();
  const wanting = ofList.toSorted(byWait).filter((facts) => needKind(facts) !== undefined);
  expect(wanting.map(({ since }) => since)).toEqual(
    rows.flatMap(({ kind, facts }) => (kind === undefined ? [] : [facts.since])),
  );
});

test('a finished session that cannot be finished from this machine does not need the person', () => {
  const done = sessionRows(SESSIONS).find(({ kind }) => kind === 'finished') ?? expect.fail();
  for (const condition of ['elsewhere', 'older', 'newer', 'unseen'] as const)
    expect(needKind({ ...done.facts, condition })).toBeUndefined();
});
