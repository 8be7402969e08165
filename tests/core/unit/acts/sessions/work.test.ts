import { expect, test } from 'vitest';
import { startInput } from '../../../../../src/core/acts/sessions/start/start-choices.ts';

const TASK = { kind: 'task', task: 'Name the boats', dive: undefined };

test.each([
  ['a task', { task: ' Name the boats\n' }, TASK],
  ['a topic', { dive: 'How do boats float?' }, { kind: 'dive', dive: 'How do boats float?' }],
  ['a task and a topic', { task: 'Name', dive: 'Why?' }, { kind: 'task', task: 'Name', dive: 'Why?' }],
  ['a plan', { plan: 'plan.md', task: ' ' }, { kind: 'plan', plan: 'plan.md' }],
  ['a plan with words', { plan: 'p.md', task: 'x' }, { kind: 'plan', plan: 'p.md', task: 'x' }],
  ['an issue', { issue: '#7' }, { kind: 'issue', issue: '#7' }],
  ['an issue with words', { issue: '7', ...TASK }, { kind: 'issue', issue: '7', with: TASK }],
  [
    'an issue with a plan',
    { issue: '7', plan: 'p.md', task: 'x' },
    { kind: 'issue', issue: '7', with: { kind: 'plan', plan: 'p.md', task: 'x' } },
  ],
  [
    'a plan from which agents plan, with a topic',
    { plan: 'p.md', dive: 'x', replan: true },
    { kind: 'plan', plan: 'p.md', dive: 'x', replan: true },
  ],
  ['a plan as text', { plan: '  - [ ] a\n  - [ ] b\n' }, { kind: 'plan', plan: '  - [ ] a\n  - [ ] b\n' }],
  ['a folder', { from: 'boats', phase: '', task: '' }, { kind: 'folder', from: 'boats' }],
  ['a folder at a phase', { from: 'x', phase: 'quality' }, { kind: 'folder', from: 'x', phase: 'quality' }],
])('%s is one kind of work', (_what, { kind: _, ...chosen }: Record<string, unknown>, work) => {
  expect(startInput(chosen).work).toEqual(work);
});

test.each([
  ['nothing_to_do', { task: ' \n', dive: '' }],
  ['nothing_to_do', { name: 'boats', at: '23:00' }],
  ['plan_excludes_dive', { plan: 'p.md', dive: 'x', replan: false }],
  ['plan_excludes_dive', { fromChat: true, plan: 'p.md', dive: 'x' }],
  ['replan_missing', { task: 'x', replan: true }],
  ['from_missing', { task: 'x', phase: 'planning' }],
  ['quick_excludes', { quick: true, plan: 'plan.md' }],
  ['quick_excludes', { quick: true, task: 'x', dive: 'Why?' }],
  ['quick_excludes', { quick: true, from: 'boats' }],
  ['review_needs_quick', { review: true, task: 'x' }],
  ['text_too_long', { task: 'x'.repeat(1_000_000) }],
])('a start is refused: %s', (code, chosen) => {
  expect(() => startInput(chosen)).toThrow(expect.objectContaining({ code }));
});

test('a folder excludes other work, a name, a branch and an order, and each is named as the tool names it', () => {
  const others = { task: 'x', dive: 'x', plan: 'x', issue: 'x', name: 'x', branch: 'x' };
  const order = { after: 'x', afterMerge: 'x', at: 'x' };
  expect(() => startInput({ from: 'boats', ...others, ...order, group: 'x' })).toThrow(
    expect.objectContaining({
      code: 'from_excludes',
      why: expect.stringContaining(
        'also given task, dive, plan, issue, name, branch, after, after_merge, at.',
      ),
    }),
  );
});

test('each choice lies in its part of the input, and a blank one is as good as none', () => {
  const chosen = {
    task: 'x',
    model: 'opus',
    timeout: 5,
    group: ' fleet ',
    base: '',
    after: 'boats',
    sandbox: ' ',
  };
  expect(startInput(chosen)).toEqual({
    work: { ...TASK, task: 'x' },
    choices: { group: 'fleet', settings: { model: 'opus', timeoutSeconds: 5 } },
    order: { after: 'boats' },
  });
});
