import { describe, expect, test } from 'vitest';
import { earlyRefusal } from '../../../../../src/core/caller/commands/early-refusal.ts';
import { CHANNELS } from '../../../../../src/core/kernel/phases/channels.ts';
import { judgeKind } from '../../../../../src/core/session/commands/command-rows.ts';
import type { Command } from '../../../../../src/core/session/commands/commands.ts';
import {
  judgeArchive,
  judgeDiscard,
  judgeMerge,
  judgePublish,
  judgeUnarchive,
} from '../../../../../src/core/session/commands/judge-finish.ts';
import { judgeRound } from '../../../../../src/core/session/commands/judge-round.ts';
import { judgeMessage } from '../../../../../src/core/session/commands/judge-running.ts';
import type { Refused } from '../../../../../src/core/session/commands/refused.ts';
import type { SessionState } from '../../../../../src/core/session/events/state.ts';
import { byPerson, codeOf, DONE, RUNNING } from '../verdicts.ts';

describe('an archiving', () => {
  const facts = { names: ['01-08-1000-dive-x.md', '01-08-1001-plan-x.md', '_qa.md'], isTaken: false };
  const session = { what: 'session' as const, keep: [] };
  const documents = (...keep: string[]) => ({ what: 'documents' as const, keep });
  const present = {
    kind: 'present',
    uncommitted: [{ path: 'a', kind: 'added' }],
    unreachedCommits: 2,
  } as const;

  test('of documents takes only those that are not kept', () => {
    expect(judgeArchive(documents('01-08-1001-plan-x.md'), DONE, facts)).toEqual({
      kind: 'accepted',
      moved: ['01-08-1000-dive-x.md'],
    });
  });

  test.each([
    ['a running session', session, RUNNING, facts, 'not_at_rest'],
    ['a session whose archive name is taken', session, DONE, { ...facts, isTaken: true }, 'folder_taken'],
    [
      'a worktree with uncommitted work',
      session,
      DONE,
      { ...facts, worktree: { path: '/w', reading: present } },
      'would_lose_work',
    ],
    ['an unknown document', documents('x.md'), DONE, facts, 'unknown_document'],
    ['an empty list of documents', documents(), DONE, { ...facts, names: [] }, 'nothing_to_archive'],
  ])('of %s is refused', (_what, command, state, given, code) => {
    expect(codeOf(judgeArchive(command, state, given))).toBe(code);
  });

  test('lists the files and commits that would be lost', () => {
    const given = { ...facts, worktree: { path: '/w', reading: present } };
    expect(judgeArchive(session, DONE, given)).toMatchObject({
      error: { why: 'Changes in /w are not committed: a. Commits there that are on no branch: 2.' },
    });
  });

  test('is reversed if the session is archived and its original path is free', () => {
    expect(judgeUnarchive({ archived: true }, facts)).toMatchObject({ kind: 'accepted' });
    expect(codeOf(judgeUnarchive({ archived: false }, facts))).toBe('not_archived');
    expect(codeOf(judgeUnarchive({ archived: true }, { isTaken: true }))).toBe('folder_taken');
  });

  test.each(['archive', 'documents', 'unarchive', 'merge', 'discard_unbegun'])(
    'that is in progress as %s refuses each act but a stop, and says so',
    (kind) => {
      const work = { kind, by: byPerson, to: 'x', into: 'x', moved: [], kept: [], effects: [] };
      const state = { archived: false, work: work as unknown as NonNullable<SessionState['work']> };
      expect(codeOf(judgeKind('unarchive', state))).toBe('busy');
      expect(codeOf(judgeKind('resume', state))).toBe('busy');
      expect(judgeKind('stop', state)).toBeUndefined();
    },
  );

  test('that is a discard is not called something that is not in the archive', () => {
    const work = { kind: 'discard_unbegun', by: byPerson } as const;
    expect(judgeKind('unarchive', { archived: false, work })).toMatchObject({
      error: { why: 'Its discarding is not finished.' },
    });
  });
});

const ASKED = { by: byPerson, gateChannels: [...CHANNELS] };
const NONE = { names: [], isTaken: false };
const publishing = (what: 'pull_request' | 'round' | 'issue', state: SessionState) =>
  judgePublish({ ...ASKED, what }, state, { sinceBase: 0 });
const ROUND = { number: 1, keys: ['a'], head: 'h', byHand: true };

const GONE = { path: '/w', reading: { kind: 'foreign', problem: 'no .git' } } as const;

test.each<[kind: Command['kind'], verdict: { kind: 'accepted' } | Refused, what: string, why: string]>([
  ['archive', judgeArchive({ what: 'session', keep: [] }, RUNNING, NONE), 'Nothing was moved.', 'is running'],
  ['discard', judgeDiscard(ASKED, RUNNING, NONE), 'Nothing was discarded.', 'is running'],
  [
    'discard',
    judgeDiscard(ASKED, DONE, { isTaken: true }),
    'Nothing was discarded.',
    'Another folder exists',
  ],
  [
    'discard',
    judgeDiscard(ASKED, DONE, { ...NONE, worktree: GONE }),
    'Nothing was discarded.',
    'not a worktree',
  ],
  ['merge', judgeMerge(ASKED, RUNNING, { into: 'main', ahead: 1 }), 'Nothing was merged.', 'is running'],
  ['merge', judgeMerge(ASKED, DONE, { into: 'main', ahead: 0 }), 'Nothing was merged.', 'no commit'],
  ['publish', publishing('pull_request', RUNNING), 'Nothing was published.', 'is running'],
  ['publish', publishing('pull_request', DONE), 'Nothing was published.', 'no commit'],
  ['publish', publishing('round', RUNNING), 'Nothing was published.', 'is running'],
  ['publish', publishing('issue', DONE), 'Nothing was published.', 'not been merged'],
  [
    'round',
    judgeRound({ by: byPerson, round: ROUND, byHand: true } as never, RUNNING, ASKED),
    'No round was begun.',
    'is running',
  ],
  ['message', judgeMessage({ text: 'x' }, DONE), 'The message was not stored.', 'is done'],
])('the refusal of a command to %s names that act', (kind, verdict, what, why) => {
  if (verdict.kind === 'accepted') throw new Error('It was accepted.');
  expect(earlyRefusal(kind, verdict)).toMatchObject({ what, why: expect.stringContaining(why) });
});

test('in the archive, during a rewind or while an agent runs, only some kinds of commands are accepted', () => {
  const archived = { ...DONE, archived: true };
  expect(codeOf(judgeKind('resume', archived))).toBe('archived');
  expect(codeOf(judgeKind('archive', archived))).toBe('archived');
  expect(judgeKind('unarchive', archived)).toBeUndefined();
  const back = { progress: DONE.progress, answers: [], oldRounds: 0, oldPlans: [] };
  const halfway = {
    kind: 'rewind' as const,
    n: 1,
    by: byPerson,
    to: 1,
    commit: 'c',
    back,
    isHalfway: true as const,
  };
  expect(codeOf(judgeKind('answer', { archived: false, work: halfway }))).toBe('rewind_halfway');
  expect(codeOf(judgeKind('approve', RUNNING, 'agent_runs'))).toBe('child_runs');
  expect(judgeKind('stop', RUNNING, 'agent_runs')).toBeUndefined();
});
