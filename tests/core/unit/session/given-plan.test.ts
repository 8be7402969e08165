import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  boxesIn,
  coverageLines,
  coverageOf,
  quotedPlan,
  uncountedBoxes,
} from '../../../../src/core/session/documents/given-plan.ts';
import { anyText, documentOf } from '../../properties/texts.ts';

const recorded = (name: string) => readFileSync(`tests/fixtures/given-plans/${name}.md`, 'utf8');

/** A plan of ours with one phase and these steps. */
const planOf = (...steps: string[]) =>
  ['# Plan: x', '### Phase 1: all of it', 'Check: `true`', ...steps.map((step) => `- [ ] ${step}`), ''].join(
    '\n',
  );

test('the boxes of a tasks.md of spec-kit are numbered, ticked ones too, but none in a code block', () => {
  const boxes = boxesIn(recorded('spec-kit-tasks'));
  expect(boxes.map(({ id, isDone, text }) => `${id}${isDone ? ' done' : ''} ${text.slice(0, 16)}`)).toEqual([
    'B1 done T001 Create the ',
    'B2 done T002 [P] Configu',
    'B3 T003 Define the ',
    'B4 T004 [P] [US1] C',
    'B5 T005 [US1] Imple',
    'B6 T006 [US1] Refus',
    'B7 T007 [P] [US2] L',
    'B8 T008 [P] Documen',
  ]);
});

test('the subtasks of a BMAD story are nested under their tasks', () => {
  const boxes = boxesIn(recorded('bmad-story'));
  expect(boxes.map(({ id, parent }) => [id, parent === undefined ? undefined : boxes[parent]?.id])).toEqual([
    ['B1', undefined],
    ['B2', 'B1'],
    ['B3', 'B1'],
    ['B4', undefined],
    ['B5', 'B4'],
    ['B6', 'B5'],
    ['B7', 'B4'],
    ['B8', undefined],
  ]);
});

test('a plan of ralphex has its boxes below the headings of its tasks', () => {
  const boxes = boxesIn(recorded('ralphex-plan'));
  expect(boxes).toHaveLength(7);
  expect(boxes.at(-1)).toMatchObject({ id: 'B7', text: 'Mark completed', isDone: false });
});

test('the gate shows boxes without a step and steps without a box', () => {
  const plan = planOf('model and its tests [B3, B4]', 'register [B5-B6]', 'paint the boats', 'sail [B99]');
  const given = { name: 'tasks.md', hash: 'x', text: recorded('spec-kit-tasks') };
  expect(coverageLines(given, plan)).toEqual([
    'Open boxes of tasks.md with a step: 4 of 6',
    'Boxes without a step: [B7] T007 [P] [US2] List boats by harbour in src/services/list.ts; [B8] T008 [P] Document both commands in docs/usage.md',
    'Steps without a box: paint the boats (phase 1); sail [B99] (phase 1)',
  ]);
  const whole = planOf('all of it [B3-B8]');
  expect(coverageLines(given, whole)).toEqual(['Open boxes of tasks.md with a step: 6 of 6']);
});

test.each([
  '> - [ ] b',
  '- item\n  > 1. [x] b',
  `${' '.repeat(41)}- [ ] b`,
  '- [-] b',
  '* [/] b',
  '- [✓] b',
  '- [] b',
  '- [ ]b',
  '-[ ] b',
  '- ☐ b',
  '[ ] b',
  '<!--\n- [ ] b\n-->',
  '<!-- - [ ] b -->',
  '- [ ] a\r- [ ] b',
])('%j is named with its line, at the start and at the gate', (lines) => {
  const at =
    2 +
    Math.max(
      0,
      lines.split('\n').findIndex((line) => line.includes('b')),
    );
  const given = { name: 'tasks.md', hash: 'x', text: `- [ ] one\n${lines}\n- [ ] two\n` };
  const said = `1 line of tasks.md looks like a box and is not counted: ${at}`;
  expect(uncountedBoxes(given)).toEqual([said]);
  expect(coverageLines(given, planOf('all of it [B1-B9]'))).toContain(said);
});

test('no line is named that is a box, code, a link, a citation or a callout', () => {
  const text = [
    '- [ ] one\n  1. [x] two',
    '```\n> - [ ] code\n- [-] code\n```',
    '- [x](https://example.org)\n- [-]: x\n[1] x\n- [a] x\n> [!NOTE]\n> quoted [ ] text',
    '| [ ] | cell |\n- [a link] x\n<!-- a comment -->',
  ].join('\n');
  expect(uncountedBoxes({ name: 'a.md', text })).toEqual([]);
});

test('of many lines, eight are named and all are counted', () => {
  const [said = ''] = uncountedBoxes({ name: 'a.md', text: `- [ ] one\n${'- [-] b\n'.repeat(150)}` });
  expect(said).toBe(
    '150 lines of a.md look like boxes and are not counted: 2, 3, 4, 5, 6, 7, 8, 9 and 142 more',
  );
});

test('a plan of long lines is read in linear time', () => {
  const started = performance.now();
  uncountedBoxes({
    name: 'a.md',
    text: `${'\t> '.repeat(80_000)}\n${'-'.repeat(250_000)}\n${' '.repeat(250_000)}x`,
  });
  expect(performance.now() - started).toBeLessThan(5000);
});

test('a task is covered with all its subtasks, and covers them where a step names it', () => {
  const story = recorded('bmad-story');
  const missing = (...steps: string[]) => coverageOf(story, planOf(...steps)).withoutStep.map(({ id }) => id);
  expect(missing('[B2] and [B3]', 'migration [B4]', 'handbook [B8]')).toEqual([]);
  expect(missing('[B2]', 'write it [B5]', '[B8]')).toEqual(['B1', 'B3', 'B4', 'B7']);
});

test('the document for agents quotes each line, shows hidden characters and numbers the boxes', () => {
  const text = '# Tasks\r\n- [ ] one\u200b\r\n```\n- [ ] code\n``` \r\r\n1. [x] two\n';
  expect(quotedPlan({ name: 'a\nb.md', hash: 'ab12', text })).toBe(
    [
      '# Given by the human: a b.md',
      'The text of the file (SHA-256 ab12), quoted, with a number at each box.',
      '',
      '> # Tasks',
      '> - [ ] [B1] one\\u200b',
      '> ```',
      '> - [ ] code',
      '> ```',
      '> 1. [x] [B2] two',
      '',
    ].join('\n'),
  );
});

const anyGiven = fc.oneof(
  anyText,
  documentOf([
    '# Tasks',
    '- [ ] one',
    '  - [x] two',
    '\t* [ ] three',
    '1. [X] four',
    '```',
    '```\r',
    '- [ ]',
    'text',
  ]),
);
const anyPlan = fc.oneof(
  anyText,
  documentOf([
    '# Plan: x',
    '### Phase 1: a',
    '- [ ] step [B1]',
    '- [x] step [B2-B9999, B1]',
    '- [ ] step',
    '## Notes',
  ]),
);

test('a line is counted as a box, named as none, or neither, whatever the plan is', () => {
  fc.assert(
    fc.property(anyGiven, (text) => {
      const [named = ''] = uncountedBoxes({ name: 'a.md', text: text.replace(/\r(?!\n)/g, '') });
      const lines = (named.split(': ')[1] ?? '').split(/\D+/).map(Number);
      const boxes = boxesIn(text.replace(/\r(?!\n)/g, ''));
      expect(boxes.filter(({ line }) => lines.includes(line + 1))).toEqual([]);
    }),
  );
});

test('whatever the two plans are, every open box is covered or shown, and every line of the file is quoted', () => {
  fc.assert(
    fc.property(anyGiven, anyPlan, (text, plan) => {
      const { open, withoutStep } = coverageOf(text, plan);
      expect(withoutStep.every((box) => open.some(({ id }) => id === box.id))).toBe(true);
      const quoted = quotedPlan({ name: 'x', hash: 'y', text }).split('\n').slice(3, -1);
      expect(quoted.every((line) => line.startsWith('>'))).toBe(true);
      expect(boxesIn(quoted.map((line) => line.replace(/^> ?/, '')).join('\n')).length).toBe(
        boxesIn(text).length,
      );
    }),
  );
});
