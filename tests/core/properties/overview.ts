import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  oneLine,
  parseKeyLine,
  parseMarkdown,
  splitLines,
} from '../../../src/core/session/documents/markdown-lines.ts';
import {
  changeOverview,
  flowKey,
  newOverview,
  type OverviewChange,
  readOverview,
  type StatusBlock,
  taskText,
} from '../../../src/core/session/documents/overview.ts';
import { type Property, property } from './property.ts';
import { anyText, documentOf, isSubsequence } from './texts.ts';

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

const anyStatus: fc.Arbitrary<StatusBlock> = fc.record(
  {
    phase: fc.constantFrom('init', 'planning', 'done'),
    iteration: fc.nat(999),
    totalIterations: fc.nat(999),
    blocked: fc.constantFrom('no' as const, 'waiting_human' as const, 'yes' as const),
    qualityIteration: fc.nat(9),
  },
  { requiredKeys: ['phase', 'iteration', 'totalIterations', 'blocked'] },
);

const anyChange: fc.Arbitrary<OverviewChange> = fc.record(
  {
    status: anyStatus,
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
  const after = changeOverview(text, change);
  const reading = readOverview(after);
  for (const key of ['lastAction', 'next', 'workingDir'] as const)
    if (change[key] !== undefined) assert.equal(reading[key], oneLine(change[key]), key);
  const { phase, iteration, totalIterations, blocked } = reading;
  const { qualityIteration: _, ...status } = change.status ?? {};
  if (change.status) assert.deepEqual({ phase, iteration, totalIterations, blocked }, status);
  for (const line of change.appendFlow ?? []) {
    if (flowKey(line) !== '') assert(reading.flow.includes(flowKey(line)), `flow: ${line}`);
  }
}

const OURS = ['phase', 'iteration', 'total iterations', 'blocked', 'quality iteration'];
const OTHERS = ['working dir', 'last action', 'next'];

function checkForeign(given: string, change: OverviewChange): void {
  // This character is a mark only at the beginning of a file, where a line with it comes when those above it go.
  const text = given.slice(0, 1) + given.slice(1).replaceAll('\uFEFF', '');
  const doc = parseMarkdown(text);
  const last = doc.lines.length - 1;
  const isForeign = (line: string) => ![...OURS, ...OTHERS].includes(parseKeyLine(line)?.key ?? '');
  // The last line may get a missing line ending.
  const foreign = doc.lines.filter((line, index) => isForeign(line) && (index < last || line.endsWith('\n')));
  const after = changeOverview(text, change);
  assert(isSubsequence(foreign, splitLines(after.slice(doc.bom.length))));
  assert.equal(after.startsWith('\uFEFF'), doc.bom !== '');
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
      // In a text that mixes line endings, the first line decides, and it may have been removed.
      assert.equal(changeOverview(once, change).replaceAll('\r', ''), once.replaceAll('\r', ''));
    },
  ),
  property('an empty change of the overview changes no byte', fc.oneof(anyOverview, anyText), (text) => {
    assert.equal(changeOverview(text, {}), text);
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
      const lines = (task: string) => task.split(/\r\n?|\n/).map((line) => line.trimEnd());
      assert.deepEqual(lines(reading.task), lines(taskText(given)));
    },
  ),
];
