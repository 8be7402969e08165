import { expect, test } from 'vitest';
import { archiveRoot, iterationPaths, runRoot, sessionPaths } from '../../src/session/layout/paths.ts';

const paths = sessionPaths('/sessions', '26-01-08-x');

test('what people and children see lies in the session folder, machine state in the run folder beside it', () => {
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

test('an iteration has a folder with its number', () => {
  expect(iterationPaths(paths, 7).child).toBe('/sessions/.run/26-01-08-x/iterations/007/child.json');
  expect(iterationPaths(paths, 1234).dir).toBe('/sessions/.run/26-01-08-x/iterations/1234');
});

test('what is put away or run has a folder that no session can have', () => {
  expect([runRoot('/s'), archiveRoot('/s')]).toEqual(['/s/.run', '/s/_archive']);
});
