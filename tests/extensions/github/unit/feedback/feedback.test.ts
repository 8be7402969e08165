import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  hasRunningCheck,
  newFeedback,
  remarksIn,
} from '../../../../../src/extensions/github/feedback/feedback.ts';
import type { Comment } from '../../../../../src/extensions/github/forge/github-answers.ts';
import type {
  ForgeCheck,
  PullRequestDetails,
  Review,
  ReviewThread,
} from '../../../../../src/extensions/github/forge/pull-request-answers.ts';

const HEAD = 'a'.repeat(40);
const BASE = 'b'.repeat(40);
const AT = '2026-01-08T10:00:00Z';
const HOUR_MS = 3_600_000;

const check = (name: string, more: Partial<ForgeCheck> = {}): ForgeCheck => ({
  ...{ name, isRequired: true, state: 'failed', head: HEAD, attempt: '7', app: 'github-actions' },
  ...{ jobId: 7, startedAt: AT, url: undefined, text: undefined },
  ...more,
});
const comment = (id: string, login: string, more: Partial<Comment> = {}): Comment => ({
  ...{ id, author: { login, isPerson: true }, body: 'Please', createdAt: AT, editedAt: undefined },
  ...{ url: `https://github.com/fleet/boats/pull/17#${id}` },
  ...more,
});
const thread = (comments: Comment[], more: Partial<ReviewThread> = {}): ReviewThread => ({
  ...{ id: 'T', isResolved: false, isOutdated: false, path: 'boats.txt', line: 3, comments },
  ...more,
});
const review = (id: string, login: string, state: Review['state']): Review => ({
  ...comment(id, login),
  state,
});

function details(more: Partial<PullRequestDetails> = {}): PullRequestDetails {
  return {
    ...{ number: 17, url: '', state: 'open', mergeCommit: undefined, head: HEAD, base: BASE },
    ...{
      baseBranch: 'main',
      mergeable: 'MERGEABLE',
      reviewDecision: undefined,
      rollup: undefined,
      lastThread: undefined,
    },
    ...{ updatedAt: AT, title: 'Boats', checks: [], threads: [], reviews: [] },
    ...more,
  };
}

const writers = new Set(['ada']);

/** The keys of the round that begins, if one does. */
function startedBy(more: Partial<PullRequestDetails>, known: readonly string[] = []) {
  const of = details(more);
  if (hasRunningCheck(of, Date.parse(AT) + HOUR_MS)) return 'running';
  const { remarks } = remarksIn(of, known, writers);
  return newFeedback(of, remarks, known)?.keys ?? 'none';
}

describe('what starts a round', () => {
  const REVIEW = review('R', 'ada', 'CHANGES_REQUESTED');
  test.each<[string, Partial<PullRequestDetails>, string[] | string]>([
    ['nothing', {}, 'none'],
    ['a required check that failed', { checks: [check('test')] }, ['check:aaaaaaaaaaaa:test:7']],
    [
      'a failed check that is not required, next to required ones',
      { checks: [check('lint', { isRequired: false }), check('test', { state: 'passed' })] },
      'none',
    ],
    [
      'any failed check if none is required',
      { checks: [check('lint', { isRequired: false })] },
      ['check:aaaaaaaaaaaa:lint:7'],
    ],
    [
      'a failed check while another one is running',
      { checks: [check('test'), check('e2e', { state: 'running' })] },
      'running',
    ],
    [
      'a comment while a check runs that is not required, next to required ones',
      {
        checks: [
          check('deploy', { state: 'running', isRequired: false }),
          check('test', { state: 'passed' }),
        ],
        threads: [thread([comment('C', 'ada')])],
      },
      ['thread:C'],
    ],
    [
      'a comment while a check has not ended for days',
      {
        checks: [check('ci/legacy', { state: 'running', startedAt: '2026-01-05T09:00:00Z' })],
        threads: [thread([comment('C', 'ada')])],
      },
      ['thread:C'],
    ],
    [
      'a comment while a check is queued',
      {
        checks: [check('test', { state: 'running', startedAt: undefined })],
        threads: [thread([comment('C', 'ada')])],
      },
      'running',
    ],
    ['a cancelled check', { checks: [check('test', { state: 'other' })] }, 'none'],
    ['a comment', { threads: [thread([comment('C', 'ada')])] }, ['thread:C']],
    [
      'a comment in a resolved thread',
      { threads: [thread([comment('C', 'ada')], { isResolved: true })] },
      'none',
    ],
    ['a comment by a stranger', { threads: [thread([comment('C', 'mallory')])] }, 'none'],
    [
      'a comment by samocode',
      { threads: [thread([comment('C', 'ada', { body: 'Done\n\n<!-- samocode s 1 -->' })])] },
      'none',
    ],
    [
      'a comment with a reply by a stranger',
      { threads: [thread([comment('C', 'ada'), comment('D', 'mallory')])] },
      ['thread:C'],
    ],
    ['a review that requests changes', { reviews: [REVIEW] }, ['review:R']],
    [
      'a review whose author has approved since',
      { reviews: [REVIEW, review('S', 'ada', 'APPROVED')] },
      'none',
    ],
    [
      'a review whose author has only commented since',
      { reviews: [REVIEW, review('S', 'ada', 'COMMENTED')] },
      ['review:R'],
    ],
    ['a conflict', { mergeable: 'CONFLICTING' }, ['conflict:aaaaaaaaaaaa:bbbbbbbbbbbb']],
    ['a conflict that the forge has not computed yet', { mergeable: 'UNKNOWN' }, 'none'],
    ['a conflict of a closed pull request', { mergeable: 'CONFLICTING', state: 'closed' }, 'none'],
  ])('%s', (_, more, expected) => {
    expect(startedBy(more)).toEqual(expected);
  });

  test('no key starts a second round, but a new attempt of the same check does', () => {
    const more = {
      checks: [check('test')],
      threads: [thread([comment('C', 'ada')])],
      mergeable: 'CONFLICTING' as const,
    };
    const first = startedBy(more);
    expect(first).toHaveLength(3);
    expect(startedBy(more, first as string[])).toBe('none');
    const again = { ...more, checks: [check('test', { attempt: '8' })] };
    expect(startedBy(again, first as string[])).toEqual(['check:aaaaaaaaaaaa:test:8']);
  });
});

test('only what no agent reads is recorded, and an edited comment counts as its author left it', () => {
  const late = { editedAt: '2026-01-08T11:00:00Z' };
  const of = details({ threads: [thread([comment('C', 'ada', late), comment('D', 'mallory', late)])] });
  const { held } = remarksIn(of, [], writers);
  const { url } = comment('D', 'mallory');
  expect(held).toEqual([{ key: 'thread:D', by: 'mallory', url, at: late.editedAt, held: 'stranger' }]);
  expect(startedBy(of)).toEqual(['thread:C']);
});

test('people who may not steer agents start no round, whatever and however much they write', () => {
  const strangers = fc.array(fc.record({ id: fc.uuid(), body: fc.string() }), { maxLength: 30 });
  fc.assert(
    fc.property(strangers, (all) => {
      const threads = [thread(all.map(({ id, body }) => comment(id, 'mallory', { body })))];
      const reviews = all.map(({ id }) => review(id, 'mallory', 'CHANGES_REQUESTED'));
      const of = details({ threads, reviews });
      const { held } = remarksIn(of, [], writers);
      expect(held.every(({ by }) => by === 'mallory')).toBe(true);
      expect(startedBy(of)).toBe('none');
    }),
  );
});

test('strangers cannot crowd out what a writer says, however much they write', () => {
  const crowd = Array.from({ length: 300 }, (_, at) => comment(`S${at}`, 'mallory'));
  const of = details({ threads: [thread([comment('C', 'ada')]), thread(crowd)] });
  expect([startedBy(of), remarksIn(of, [], writers).held.length]).toEqual([['thread:C'], 200]);
});
