import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { objectIn } from '../src/core/agents/reading/activity.ts';
import { entriesFor } from '../src/core/agents/reading/transcript.ts';
import { diffLines, documentLines } from '../src/core/caller/facts/line-comments.ts';
import { harmless, presentable } from '../src/core/faces/terminal/style.ts';
import { saidBy, withoutSecrets } from '../src/core/kernel/said.ts';
import { cleanText, escapedMarkup, shownText, visibleControls } from '../src/core/kernel/text.ts';
import { hasLinesOf, saysTheSame } from '../src/core/project/proving/same-output.ts';
import { activeTests, hasChecks } from '../src/core/project/proving/weakened.ts';
import { parseSamocodeFile, valueIn } from '../src/core/project/settings/samocode-file.ts';
import { refsIn } from '../src/core/sandbox/private-git/private-git.ts';
import { boxesIn, coverageOf, quotedPlan, uncountedBoxes } from '../src/core/session/documents/given-plan.ts';
import { readInboxMessage } from '../src/core/session/documents/inbox.ts';
import { code, parseMarkdown } from '../src/core/session/documents/markdown-lines.ts';
import { inlineMaterial, material } from '../src/core/session/documents/material.ts';
import { changeOverview, readOverview } from '../src/core/session/documents/overview.ts';
import {
  isPlanOf,
  parsePlan,
  planChanges,
  planContent,
  planHash,
} from '../src/core/session/documents/plan.ts';
import { planServers, proposedServers } from '../src/core/session/documents/plan-servers.ts';
import { parseQa } from '../src/core/session/documents/qa.ts';
import { noteUnclear, setQaStatus, writeAnswers } from '../src/core/session/documents/qa-change.ts';
import { parseLedger } from '../src/core/session/documents/requirements.ts';
import { parseSignal } from '../src/core/session/documents/signal.ts';
import { parseEvent } from '../src/core/session/events/events.ts';
import { isNamed, outsidePlanFiles, planReasons } from '../src/core/session/proof/plan-files.ts';
import { readProof } from '../src/core/session/proof/proof.ts';
import { personsWords } from '../src/extensions/chats/clients/chat.ts';
import { readClaudeLine } from '../src/extensions/chats/clients/claude-chats.ts';
import { readCodexLine } from '../src/extensions/chats/clients/codex-chats.ts';
import { inertLine, inertQuote } from '../src/extensions/github/publish/inert-markdown.ts';
import { repliesIn } from '../src/extensions/github/publish/round-replies.ts';
import { plain } from '../src/extensions/github/publish/text-mark.ts';
import { plainLines, safeLines } from '../src/extensions/notify/telegram/message-text.ts';
import { markdown, taskTexts } from '../src/extensions/pages/html/markdown.ts';
import { readStateManifest } from '../src/extensions/pool/board/state-manifest.ts';
import { oneLineOf } from '../src/extensions/recurring/runs/run-history.ts';
import { ci } from './support/ci.ts';

const many = (unit: string) => (size: number) => unit.repeat(Math.ceil(size / unit.length)).slice(0, size);

/** Texts that make a reader look far ahead, look back, or look again. */
const NASTY: Record<string, (size: number) => string> = {
  'repeated openers': many('<!-- '),
  'unclosed tags': many('<dependencies>'),
  'unclosed details': many('<details>\n'),
  'unclosed fences': many('```\n~~~~\n'),
  blanks: (size) => `- Files: a${' '.repeat(size)}b`,
  'a key and blanks': (size) => `Phase:${' '.repeat(size)}x\n${'\t'.repeat(size)}`,
  'blank lines': many(' \n'),
  brackets: many('['),
  'closed brackets': many('[a]('),
  emphasis: many('_a'),
  stars: many('**a*'),
  'glob folders': many('**/'),
  boxes: many('- [ ] x\n'),
  'deeper boxes': (size) => many('  - [x] y\n- [ ] z\n')(size),
  backticks: many('`'),
  'pairs of backticks': many('`` ` '),
  'mixed line ends': many('a\r\r\n\n'),
  'lone surrogates': many('\ud800a'),
  'one line': many('a'),
  'one line of words': many('ab-1 '),
  headings: many('## Q1 \n'),
  phases: many('### Phase 1: a\n- Files: b\n'),
  questions: many('### Q1: a\n- A: b\n'),
  quotes: many('> '),
  dashes: many('---\n'),
  colons: many('a: '),
  slashes: many('/*'),
  'quotation marks': many('"\\'),
  diff: many('@@ -1 +1 @@\n-a\n+b\n'),
  assignments: many('A="\n'),
};

/** Every reader of text by agents, people and the forge. */
const READERS: Record<string, (text: string) => unknown> = {
  parsePlan,
  planContent,
  planHash,
  planChanges: (text) => planChanges(text, `${text}\nx`),
  isPlanOf: (text) => isPlanOf('0123456789', text),
  planServers,
  proposedServers,
  parseLedger,
  outsidePlanFiles: (text) => outsidePlanFiles(`## Phase 1\nFiles: ${text}`, ['src/a.ts']),
  isNamed: (text) => isNamed(text.slice(0, 4000), 'a/'.repeat(60)),
  planReasons: (text) => planReasons(text, 'src/a.ts'),
  boxesIn,
  uncountedBoxes: (text) => uncountedBoxes({ name: 'plan.md', text }),
  quotedPlan: (text) => quotedPlan({ name: 'plan.md', hash: '', text, path: '' } as never),
  coverageOf: (text) => coverageOf(text, text),
  parseQa,
  writeAnswers: (text) => writeAnswers(text, [{ id: 'Q1', text: 'x' }]),
  noteUnclear: (text) => noteUnclear(text, [{ id: 'Q1', problem: 'x' }]),
  setQaStatus: (text) => setQaStatus(text, 'answered'),
  readOverview,
  changeOverview: (text) => changeOverview(text, { phase: 'planning' } as never),
  parseMarkdown,
  code,
  material: (text) => material(text, text.length),
  inlineMaterial,
  readInboxMessage: (text) => readInboxMessage('a.md', text),
  parseSignal: (text) => parseSignal(text, 'planning'),
  parseEvent,
  readProof,
  parseSamocodeFile,
  valueIn: (text) => valueIn(text, 'CHECK'),
  activeTests,
  hasChecks: (text) => hasChecks('tests/a.test.ts', text),
  hasLinesOf: (text) => hasLinesOf({ text: `${text} x` }, { text }, ['/place/clones']),
  'saysTheSame: output': (text) =>
    saysTheSame(
      { text, outputHash: 'now' },
      [[{ text: `${text} 1` }, { text: `${text} 2` }]],
      ['/place/clones'],
    ),
  refsIn,
  saidBy,
  withoutSecrets: (text) => withoutSecrets(text, { API_TOKEN: 'abcdefgh12' }),
  cleanText,
  escapedMarkup,
  shownText,
  visibleControls,
  harmless,
  presentable: (text) => presentable(text, true),
  'what an agent says': (text) => entriesFor({ kind: 'said', text }),
  'what a tool prints': (text) => entriesFor({ kind: 'returned', count: 1, outputs: () => [{ text }] }),
  objectIn,
  documentLines: (text) => documentLines('a.md', text),
  diffLines,
  personsWords,
  readClaudeLine: (text) =>
    readClaudeLine(JSON.stringify({ type: 'user', message: { role: 'user', content: text } })),
  readCodexLine: (text) =>
    readCodexLine(
      JSON.stringify({
        type: 'response_item',
        payload: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
      }),
    ),
  inertLine,
  inertQuote,
  repliesIn,
  plain,
  safeLines,
  plainLines,
  markdown,
  taskTexts,
  readStateManifest,
  oneLineOf,
};

const SMALL = 1 << 13;
const LARGE = 1 << 16;
/** Of one measurement; below it, the clock and the collector of garbage count more than the reader. */
const LEAST_MS = 10;
const TIMES_LINEAR = 3;

const TRIES = 3;

/** Linux counts each thread. Elsewhere the threads that collect garbage and compile count too. */
const OF_THREAD = '/proc/thread-self/schedstat';
const usedMs = existsSync(OF_THREAD)
  ? () => Number(readFileSync(OF_THREAD, 'utf8').split(' ')[0]) / 1e6
  : () => process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000;

function cpuMs(act: () => unknown): number {
  const before = usedMs();
  try {
    act();
  } catch {
    // What a text does is for other tests.
  }
  return usedMs() - before;
}

/** @returns the shortest of up to three runs, since load and compilation only add time; stops at the first within `enoughMs` */
function leastMs(act: () => unknown, enoughMs: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 1; run <= TRIES && least > enoughMs; run += 1) least = Math.min(least, cpuMs(act));
  return least;
}

/** @returns the first size at which the reader is far from linear; each doubling is tried, so that none takes minutes */
function tooSlowAt(read: (text: string) => unknown, make: (size: number) => string): number | undefined {
  const small = make(SMALL);
  const firstMs = Math.max(
    LEAST_MS,
    leastMs(() => read(small), LEAST_MS),
  );
  for (let size = SMALL * 2; size <= LARGE; size *= 2) {
    const text = make(size);
    const limitMs = TIMES_LINEAR * firstMs * (size / SMALL);
    if (leastMs(() => read(text), limitMs) > limitMs) return size;
  }
  return undefined;
}

describe.each(Object.keys(READERS))('%s', (name) => {
  test('takes time in proportion to a text, however nasty', name === 'parsePlan' ? ci : {}, () => {
    const read = READERS[name] ?? (() => undefined);
    const slow = Object.entries(NASTY).flatMap(([kind, make]) => {
      const size = tooSlowAt(read, make);
      return size === undefined ? [] : [`${kind}: ${size}`];
    });
    expect(slow).toEqual([]);
  });
});

test('a reader whose time grows with the square of a text is found', ci, () => {
  // Each place that could begin a match is searched to the end of the text.
  const square = (text: string) => /a*b/.test(text);
  expect(tooSlowAt(square, many('a'))).toBeDefined();
});

test('a diff of 60,000 files, which are too many for the sizes above, takes no seconds', () => {
  expect(cpuMs(() => diffLines('diff --git a/a b/a\n@@ -1 +1 @@\n-a\n+b\n'.repeat(60_000)))).toBeLessThan(
    2000,
  );
});
