import assert from 'node:assert/strict';
import fc from 'fast-check';
import { oneLine, parseMarkdown, splitLines } from '../../../src/core/session/documents/markdown-lines.ts';
import {
  changeOverview,
  containsTask,
  findKeyLines,
  flowKey,
  newOverview,
  type OverviewChange,
  readOverview,
  restoreLost,
  STATUS_LINES,
  taskText,
} from '../../../src/core/session/documents/overview.ts';
import { type Property, property } from './property.ts';
import { anyText, bodies, documentOf, isSubsequence } from './texts.ts';

const FLOW = ['- [001 @ 01-08 14:37] one', '- [002 @ 01-08 14:40] two', '- [003 @ 01-08 15:00] three'];

export const anyOverview = documentOf([
  '# Session: x',
  'Started: 2026-01-08 10:00',
  'Working Dir: /w',
  '## Task',
  '## Status',
  '## Flow Log',
  '## Files',
  '## Plans',
  'Phase: planning',
  '**Phase:** Testing',
  '- Iteration: 3',
  'Iteration: none',
  'Total Iterations: 7  ',
  'Blocked: yes',
  'Blocked: waiting_human',
  'Quality Iteration: 1',
  'Last Action: did',
  'Next: more',
  '(none yet)',
  '## Status ##',
  '  continued',
  '## Notes',
  '> quoted',
  ...FLOW,
]); // prettier-ignore

const anyChange: fc.Arbitrary<OverviewChange> = fc.record(
  {
    phase: fc.constantFrom('init', 'planning', 'done'),
    iteration: fc.nat(999),
    totalIterations: fc.nat(999),
    blocked: fc.constantFrom('no' as const, 'waiting_human' as const, 'yes' as const),
    qualityIteration: fc.option(fc.nat(9)),
    lastAction: anyText,
    next: anyText,
    workingDir: anyText,
    appendFlow: fc.array(fc.oneof(anyText, fc.constantFrom(...FLOW)), { maxLength: 3 }),
  },
  { requiredKeys: [] },
);

const anyTask = fc.oneof(
  anyText,
  fc
    .array(fc.oneof(anyText, fc.constantFrom('## Status', 'Phase: done', '> a', '```', '# T', '## Goals')), {
      maxLength: 5,
    })
    .map((lines) => lines.join('\n')),
);

function checkShown(text: string, change: OverviewChange): void {
  const reading = readOverview(changeOverview(text, change));
  const texts = ['lastAction', 'next', 'workingDir', 'phase'] as const;
  for (const key of texts)
    if (change[key] !== undefined) assert.equal(reading[key], oneLine(change[key]), key);
  const plain = ['iteration', 'totalIterations', 'blocked'] as const;
  for (const key of plain) if (change[key] !== undefined) assert.equal(reading[key], change[key], key);
  const quality = change.qualityIteration;
  if (quality !== undefined) {
    const lines = findKeyLines(parseMarkdown(changeOverview(text, change))).get('quality iteration') ?? [];
    assert.equal(lines[0]?.line.value, quality === null ? undefined : String(quality));
  }
  for (const line of change.appendFlow ?? []) {
    if (flowKey(line) !== '') assert(reading.flow.includes(flowKey(line)), `flow: ${line}`);
  }
}

function checkForeign(text: string, change: OverviewChange): void {
  const doc = parseMarkdown(text);
  const owned = new Set<number>();
  const keys: string[] = Object.entries(STATUS_LINES).flatMap(([key, name]) => (key in change ? [name] : []));
  if ('workingDir' in change) keys.push('Working Dir');
  for (const key of keys)
    for (const { index } of findKeyLines(doc).get(key.toLowerCase()) ?? []) owned.add(index);
  const last = doc.lines.length - 1;
  // The last line may get a missing line ending.
  const foreign = doc.lines.filter(
    (line, index) => !owned.has(index) && (index < last || line.endsWith('\n')),
  );
  const after = changeOverview(text, change);
  assert(isSubsequence(foreign, splitLines(after.slice(doc.bom.length))));
  assert.equal(after.startsWith('\uFEFF'), doc.bom !== '');
}

function checkRestored(text: string, task: string, flow: readonly string[]): void {
  const after = restoreLost(text, { task, flow });
  const keys = [...new Set(flow.map(flowKey))].filter((key) => key !== '');
  const read = readOverview(after).flow;
  for (const key of keys) assert(read.includes(key), key);
  const before = readOverview(text).flow;
  for (const key of new Set(keys))
    if (!before.includes(key)) assert.equal(read.filter((line) => line === key).length, 1);
  if (
    isSubsequence(
      before.filter((key) => keys.includes(key)),
      keys,
    )
  )
    assert(isSubsequence(keys, read), 'order');
  if (task.trim() !== '') assert(containsTask(after.split('\n'), task), 'task');
  assert.equal(restoreLost(after, { task, flow }), after);
  assert(isSubsequence(bodies(text).slice(0, -1), bodies(after)));
}

export const overviewProperties: Property[] = [
  property('reading an overview never throws', fc.oneof(anyOverview, anyText), (text) => {
    assert(Array.isArray(readOverview(text).flow));
  }),
  property('a change of the overview is read back', fc.tuple(anyOverview, anyChange), ([text, change]) =>
    checkShown(text, change),
  ),
  property(
    'a change of the overview keeps every other line',
    fc.tuple(anyOverview, anyChange),
    ([text, change]) => checkForeign(text, change),
  ),
  property(
    'repeating a change of the overview has no effect',
    fc.tuple(anyOverview, anyChange),
    ([text, change]) => {
      const once = changeOverview(text, change);
      assert.equal(changeOverview(once, change), once);
    },
  ),
  property('an empty change of the overview changes no byte', fc.oneof(anyOverview, anyText), (text) => {
    assert.equal(changeOverview(text, {}), text);
    assert.equal(restoreLost(text, { task: '', flow: [] }), text);
  }),
  property(
    'a new overview is read back with its content',
    fc.record({
      title: anyText,
      started: fc.constant('2026-01-08 10:00'),
      workingDir: anyText,
      task: anyTask,
      dive: anyText,
    }),
    (given) => {
      const text = newOverview(given);
      const reading = readOverview(text);
      assert.equal(reading.workingDir, oneLine(given.workingDir));
      assert.equal(reading.phase, 'init');
      assert(containsTask(reading.task.split('\n'), taskText(given)) || taskText(given) === '');
      assert.equal(restoreLost(text, { task: taskText(given), flow: [] }), text);
    },
  ),
  property(
    'lost task and flow lines are restored once and in order',
    fc.tuple(anyOverview, anyTask, fc.shuffledSubarray([...FLOW, 'plain', '', '- dash'])),
    ([text, task, flow]) => checkRestored(text, task, flow),
  ),
];
