import { expect, test } from 'vitest';
import { codeEditsAfter, judgeCodeEdits } from '../../src/phases/code-edits.ts';

const investigation = { phase: 'investigation' as const, iteration: 1, tree: 'tree 1' };
const requirements = { phase: 'requirements' as const, iteration: 2, tree: 'tree 2' };
const first = judgeCodeEdits(undefined, {
  ...investigation,
  changed: ['a.ts', 'b.ts'],
  differing: ['a.ts', 'b.ts'],
});

test('what an agent changed is known by the tree before it', () => {
  expect(first).toEqual({
    ...{ tree: 'tree 1', paths: ['a.ts', 'b.ts'], count: 2 },
    ...{ phases: ['investigation'], iteration: 1 },
  });
});

test('what others changed between two agents is no edit of theirs', () => {
  const after = judgeCodeEdits(first, {
    ...requirements,
    changed: [],
    differing: ['a.ts', 'b.ts', 'person.ts'],
  });
  expect(after).toEqual(first);
});

test('a further edit is added, and keeps the tree before the first', () => {
  const after = judgeCodeEdits(first, {
    ...requirements,
    changed: ['c.ts'],
    differing: ['a.ts', 'b.ts', 'c.ts'],
  });
  expect(after).toMatchObject({ tree: 'tree 1', paths: ['a.ts', 'b.ts', 'c.ts'] });
  expect(after).toMatchObject({ phases: ['investigation', 'requirements'], iteration: 2 });
});

test('what is restored is told no longer, and restoring it is no edit', () => {
  const one = judgeCodeEdits(first, { ...requirements, changed: ['a.ts'], differing: ['b.ts'] });
  expect(one).toMatchObject({ paths: ['b.ts'], phases: ['investigation'], iteration: 1 });
  expect(
    judgeCodeEdits(first, { ...requirements, changed: ['a.ts', 'b.ts'], differing: [] }),
  ).toBeUndefined();
});

test('of very many paths a hundred are named and all are counted', () => {
  const changed = Array.from({ length: 150 }, (_, at) => `${at}.ts`);
  const edits = judgeCodeEdits(undefined, { ...investigation, changed, differing: changed });
  expect(edits).toMatchObject({ count: 150, paths: changed.slice(0, 100) });
});

test('it is told until an agent that works on the code was heard', () => {
  const decision = {
    kind: 'run' as const,
    phase: 'implementation' as const,
    notes: [],
    delay: 'none' as const,
  };
  const signal = { status: 'continue' as const };
  const end = { phase: 'implementation' as const, decision };
  expect(codeEditsAfter(first, { ...end, decision: { ...decision, strike: 'no_signal' } })).toEqual(first);
  expect(codeEditsAfter(first, { ...end, signal })).toBeUndefined();
  expect(codeEditsAfter(first, { ...end, phase: 'planning', signal, codeEdits: first })).toEqual(first);
});
