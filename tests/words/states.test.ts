import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { SessionReport } from '../../src/core/caller/facts/get-status.ts';
import { sessionFacts } from '../../src/core/caller/facts/session-facts.ts';
import { SESSION_FIELDS, WORK_FIELDS } from '../../src/core/faces/mcp/fields.ts';
import { fieldsOf } from '../../src/core/faces/mcp/session-fields.ts';
import { jsonFacts } from '../../src/core/faces/terminal/json-facts.ts';
import { printedJson } from '../../src/core/faces/terminal/output.ts';
import type { SessionEvent } from '../../src/core/session/events/events.ts';
import { waitsFor } from '../../src/core/session/waits/next-wake.ts';
import {
  doingText,
  nowText,
  stateBadge,
  stateSentence,
  statusSentence,
} from '../../src/core/session/words/words.ts';
import type { UnfinishedSession } from '../../src/core/supervisor/status.ts';
import { kindRow } from '../../src/extensions/notify/notice/kinds.ts';
import { findGaps } from '../../src/extensions/pages/report/iterations-and-gaps.ts';
import { supervisorFacts } from '../../src/extensions/setup/service/supervisor.command.ts';
import { STATES, STATES_NOW } from '../support/session-states.ts';

/** How each face shows a session; undefined where it does not show such a one. */
const FACES: Record<string, (report: SessionReport) => string | undefined> = {
  'tool-fields': (report) =>
    JSON.stringify(fieldsOf(sessionFacts(report.view, report), { ...SESSION_FIELDS, ...WORK_FIELDS })),
  json: (report) => printedJson(jsonFacts(sessionFacts(report.view, report))),
  supervisor: supervisorLine,
  notification: notificationTitle,
  'now-json': ({ view }) => view.sessionFile && nowText(view.sessionFile, view.state, 'quoted').trim(),
  report: gapText,
  page: pageText,
};

test.each(Object.entries(FACES))(
  'the text of every state for %s equals its golden file',
  async (name, face) => {
    const shown = STATES.map(([state, report]) => [state, face(report)] as const);
    const text = shown.flatMap(([state, words]) => (words === undefined ? [] : `${state}:\n${words}\n`));
    await expect(stripVTControlCharacters(text.join('\n'))).toMatchFileSnapshot(
      `../golden/states/${name}.txt`,
    );
  },
);

test.each<[string, (report: SessionReport) => string | undefined]>([
  ['sentence', ({ view }) => statusSentence(view)],
  ['notification', notificationTitle],
])("the %s of every state contains only samocode's own text", (_, face) => {
  const words = STATES.map(([, report]) => face(report) ?? '');
  expect(words.filter((each) => /quoted|Ignore/.test(each))).toEqual([]);
});

function supervisorLine({ view, isDying, worker }: SessionReport): string | undefined {
  const seen = { ...view, worker: worker === 'working' ? 'alive' : view.worker } as const;
  const waits = waitsFor(seen.worker === 'none' ? { ...seen, lease: undefined } : seen, 'ours');
  if (waits.for === 'nothing') return undefined;
  const session: UnfinishedSession = { view: seen, waits, isDying };
  const status = { presence: { kind: 'none' }, paths: { dir: '/s' }, sessions: [session], troubles: [] };
  const facts = supervisorFacts(
    // The other values are not read.
    { ...status, spentToday: { usd: 0 }, problems: [], sessionsDirs: [], isOff: false } as never,
    undefined,
    STATES_NOW,
  );
  return facts.sessions[0]?.words;
}

function notificationTitle({ view }: SessionReport): string | undefined {
  const kind = view.state.status.kind;
  if (kind !== 'waiting' && kind !== 'blocked' && kind !== 'limited' && kind !== 'done') return undefined;
  const { folder } = view;
  const change = { id: 'x', at: view.state.status.since, sessionsDir: '/s', text: 'quoted' };
  return kindRow(kind).title({ ...change, session: folder }, { view, project: 'fleet' });
}

function pageText({ view, ...report }: SessionReport): string {
  const facts = sessionFacts(view, report);
  const { text, tone } = stateBadge(facts);
  return [`${text} (${tone})`, stateSentence(facts, STATES_NOW), doingText(facts)].filter(Boolean).join('\n');
}

function gapText({ view: { state } }: SessionReport): string | undefined {
  const { status } = state;
  const type = status.kind === 'waiting' ? 'parked' : status.kind;
  const event = { v: 1, n: 1, lease: 1, at: status.since, asks: state.asks, ...status, type };
  // The status has the values of the event.
  const [gap] = findGaps([event as unknown as SessionEvent], new Date(STATES_NOW).toISOString());
  return gap && `${gap.words}${gap.isForPerson ? ' (for a person)' : ''}`;
}
