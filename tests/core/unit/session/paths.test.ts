import { expect, test } from 'vitest';
import {
  archiveRoot,
  isWrittenDuringAgent,
  iterationPaths,
  runRoot,
  sessionPaths,
  travels,
} from '../../../../src/core/session/layout/paths.ts';

const paths = sessionPaths('/sessions', '26-01-08-x');

test('files for people and agents are in the session folder, and machine state is in the run folder next to it', () => {
  const { folder: _, sessionsDir: __, ...files } = paths;
  const machine = Object.values(files).filter((path) => path.startsWith('/sessions/.run/26-01-08-x'));
  const visible = Object.values(files).filter((path) => path.startsWith('/sessions/26-01-08-x'));
  expect(machine.length + visible.length).toBe(Object.keys(files).length);
  expect(paths.events).toBe('/sessions/.run/26-01-08-x/events.jsonl');
  expect(paths.signal).toBe('/sessions/26-01-08-x/_signal.json');
});

test('no two files share a path', () => {
  const all = [...Object.values(paths).slice(2), ...Object.values(iterationPaths(paths, 7))];
  expect(new Set(all).size).toBe(all.length);
});

test('an iteration has a numbered folder', () => {
  expect(iterationPaths(paths, 7).child).toBe('/sessions/.run/26-01-08-x/iterations/007/child.json');
  expect(iterationPaths(paths, 1234).dir).toBe('/sessions/.run/26-01-08-x/iterations/1234');
});

test('archived and running sessions are in folders whose names no session can have', () => {
  expect([runRoot('/s'), archiveRoot('/s')]).toEqual(['/s/.run', '/s/_archive']);
});

test.each([
  ['events.jsonl', true],
  ['iterations/007/exit.4711', true],
  ['iterations/007/signal.json', false],
  ['iterations/006/child.json', false],
  ['session.json', false],
])('%s while the agent of iteration 7 runs: %s', (name, isWritten) => {
  expect(isWrittenDuringAgent(name, 7)).toBe(isWritten);
});

test.each([
  ['events.jsonl', true],
  ['base-checks/output', true],
  ['iterations/007/signal.json', true],
  ['iterations/007/checks/done', true],
  ['iterations/007/exit.4711', false],
  ['iterations/007/awake', false],
  ['state.json', false],
  ['services/web.txt', false],
  ['of-another-program', false],
])('%s moves to another machine: %s', (name, isMoved) => {
  expect(travels(name)).toBe(isMoved);
});
