import { expect, test } from 'vitest';
import { type WorkRequest, workOf } from '../../../../../src/core/acts/sessions/start/work.ts';

const chat = (by: object, more: object = {}) => ({ kind: 'chat', chat: by, with: undefined, ...more });
const PLAN = { kind: 'plan', plan: 'boats.md', task: undefined, dive: undefined };
const TASK = { kind: 'task', task: 'Name the boats', dive: undefined };

test.each<[WorkRequest, object]>([
  [{ fromChat: true }, chat({ by: 'caller' })],
  [{ fromChat: true, task: TASK.task }, chat({ by: 'caller' }, { with: TASK })],
  [{ brief: 'We chose harbour names.' }, chat({ by: 'brief', text: 'We chose harbour names.' })],
  [
    { fromChat: false, brief: 'So.', dive: 'Boats' },
    chat({ by: 'brief', text: 'So.' }, { with: { kind: 'dive', dive: 'Boats' } }),
  ],
  [{ chat: '0199-ab' }, chat({ by: 'id', id: '0199-ab' })],
  [{ chat: true }, chat({ by: 'caller' })],
  [{ fromChat: false, task: TASK.task }, TASK],
  [{ fromChat: true, plan: 'boats.md' }, chat({ by: 'caller' }, { with: PLAN })],
  [{ brief: 'So.', plan: 'boats.md' }, chat({ by: 'brief', text: 'So.' }, { with: PLAN })],
])('%j is the work %j', (request, work) => {
  expect(workOf(request)).toEqual(work);
});

test.each<[WorkRequest, string, string]>([
  [{ fromChat: true, issue: '7' }, 'chat_excludes', 'issue'],
  [{ fromChat: true, brief: 'So.' }, 'chat_excludes', 'brief'],
  [{ brief: 'So.', issue: '7', plan: 'boats.md' }, 'chat_excludes', 'issue'],
  [{ chat: 'x', issue: '7' }, 'chat_excludes', 'issue'],
  [{ from: 'boats', fromChat: true, afterMerge: 'x' }, 'from_excludes', 'after_merge, from_chat'],
  [{ from: 'boats', brief: 'So.' }, 'from_excludes', 'brief'],
  [{ fromChat: false }, 'nothing_to_do', 'neither a task'],
])('%j is refused as %s, which names %s', (request, code, named) => {
  expect(() => workOf(request)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(named) }),
  );
});

test('a folder excludes a chat only where one is given', () => {
  expect(workOf({ from: 'boats', fromChat: false })).toMatchObject({ kind: 'folder', from: 'boats' });
});
