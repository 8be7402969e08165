import { type FaultRow, faultTable } from './fault-row.ts';

/** Every step between two durable acts, first and later passes: the worker dies there and is brought back. */
const CRASH_POINTS = [
  'before-events@1',
  'before-events@2',
  'before-events@3',
  'after-events@1',
  'after-events@2',
  'after-events@3',
  'after-events@4',
  'after-overview@1',
  'after-overview@2',
  'after-overview@4',
  'after-history@1',
  'after-history@3',
  'before-iteration-started@1',
  'before-iteration-started@2',
  'after-iteration-started@1',
  'after-iteration-started@2',
  'before-spawn@1',
  'before-spawn@2',
  'after-spawn@1',
  'after-spawn@2',
  'before-go@1',
  'before-go@2',
  'after-go@1',
  'after-go@2',
  'before-end-tree@1',
  'before-end-tree@2',
  'after-end-tree@1',
  'after-end-tree@2',
  'before-iteration-ended@1',
  'before-iteration-ended@2',
  'after-iteration-ended@1',
  'after-iteration-ended@2',
];

/** Counted from the first event on; all others are points of an iteration. */
const COUNTS_FROM_THE_START = /^(?:before-events|after-events|after-overview)@/;

const rows: FaultRow[] = CRASH_POINTS.map((point) => ({
  name: `the worker dies at ${point}, and the session goes on as if nothing had happened`,
  env: { SAMOCODE_CRASH_AT: point },
  from: COUNTS_FROM_THE_START.test(point) ? 'start' : 'rest',
  ends: 'waiting/qa_answers',
  sameFiles: true,
}));

faultTable(rows);
