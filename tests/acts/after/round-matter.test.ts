import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  judgeMatter,
  type MatterVerdict,
  missingChecks,
  seenOf,
  wordsIn,
} from '../../../src/acts/after/round-matter.ts';
import type {
  Comment,
  ForgeCheck,
  PullRequestDetails,
  Review,
  ReviewThread,
} from '../../../src/forge/forge.ts';

const HEAD = 'a'.repeat(40);
const BASE = 'b'.repeat(40);
const AT = '2026-01-08T10:00:00Z';

const check = (name: string, more: Partial<ForgeCheck> = {}): ForgeCheck => ({
  ...{ name, isRequired: true, state: 'failed', head: HEAD, attempt: '7', app: 'github-actions' },
  ...{ jobId: 7, runId: 70, url: undefined, text: undefined },
  ...more,
});
const comment = (id: string, login: string, more: Partial<Comment> = {}): Comment => ({
  ...{ id, author: { login, kind: 'person' }, body: 'Please', createdAt: AT, editedAt: undefined },
  ...{ url: `https://github.com/fleet/boats/pull/17#${id}`, isSamocodes: false },
  ...more,
});
const thread = (comments: Comment[], more: Partial<ReviewThread> = {}): ReviewThread => ({
  ...{ id: 'T', isResolved: false, isOutdated: false, path: 'boats.txt', line: 3, comments },
  ...more,
});
const review = (id: string, login: string, state: Review['state']): Review => ({
  ...comment(id, login),
  state,
  head: HEAD,
});

function details(more: Partial<PullRequestDetails> = {}): PullRequestDetails {
  return {
    ...{ number: 17, url: '', state: 'open', mergeCommit: undefined, head: HEAD, base: BASE },
    ...{ baseBranch: 'main', mergeable: 'yes', review: 'none', rollup: 'none', lastComment: undefined },
    ...{ updatedAt: AT, title: 'Boats', isQueued: false, checks: [], passedBefore: [], threads: [] },
    ...{ reviews: [], comments: [], budget: { cost: 1, remaining: 4000, resetAt: AT } },
    ...more,
  };
}

const writers = (login: string) => login !== 'mallory';

function judge(
  more: Partial<PullRequestDetails>,
  { keys = [] as string[], reruns = [] as string[], mayRerun = true } = {},
): MatterVerdict {
  const of = details(more);
  const words = wordsIn(of, { keys, before: [] }, writers);
  return judgeMatter(of, words, { keys, reruns, mayRerun });
}
const keysOf = (verdict: MatterVerdict) => (verdict.kind === 'round' ? verdict.matter.keys : verdict.kind);

describe('what starts a round', () => {
  const REVIEW = review('R', 'ada', 'changes_requested');
  test.each<[string, Partial<PullRequestDetails>, string[] | string]>([
    ['nothing', {}, 'none'],
    ['a required check that failed', { checks: [check('test')] }, ['check:aaaaaaaaaaaa:test:7']],
    [
      'a failed one beside required ones',
      { checks: [check('lint', { isRequired: false }), check('test', { state: 'passed' })] },
      'none',
    ],
    [
      'any failed one where none is required',
      { checks: [check('lint', { isRequired: false })] },
      ['check:aaaaaaaaaaaa:lint:7'],
    ],
    [
      'one that failed while another runs',
      { checks: [check('test'), check('e2e', { state: 'running' })] },
      'running',
    ],
    ['a cancelled one', { checks: [check('test', { state: 'other' })] }, 'none'],
    ['a comment', { threads: [thread([comment('C', 'ada')])] }, ['thread:C']],
    [
      'a comment in a resolved thread',
      { threads: [thread([comment('C', 'ada')], { isResolved: true })] },
      'none',
    ],
    ['a comment of a stranger', { threads: [thread([comment('C', 'mallory')])] }, 'none'],
    ['a comment of samocode', { threads: [thread([comment('C', 'ada', { isSamocodes: true })])] }, 'none'],
    [
      'a comment that a stranger answers',
      { threads: [thread([comment('C', 'ada'), comment('D', 'mallory')])] },
      ['thread:C'],
    ],
    ['a review that wants changes', { reviews: [REVIEW] }, ['review:R']],
    ['one that its author has approved since', { reviews: [REVIEW, review('S', 'ada', 'approved')] }, 'none'],
    [
      'one that its author has commented on since',
      { reviews: [REVIEW, review('S', 'ada', 'commented')] },
      ['review:R'],
    ],
    ['a conflict', { mergeable: 'conflict' }, ['conflict:aaaaaaaaaaaa:bbbbbbbbbbbb']],
    ['one that is not computed yet', { mergeable: 'unknown' }, 'none'],
    ['a conflict in a merge queue', { mergeable: 'conflict', isQueued: true }, 'running'],
    ['a conflict of a closed one', { mergeable: 'conflict', state: 'closed' }, 'none'],
  ])('%s', (_, more, expected) => {
    expect(keysOf(judge(more))).toEqual(expected);
  });

  test('no key starts a second round, and the same check starts one again when it was started again', () => {
    const more = {
      checks: [check('test')],
      threads: [thread([comment('C', 'ada')])],
      mergeable: 'conflict',
    } as const;
    const first = keysOf(judge(more));
    expect(first).toHaveLength(3);
    expect(keysOf(judge(more, { keys: first as string[] }))).toBe('none');
    const again = { ...more, checks: [check('test', { attempt: '8' })] };
    expect(keysOf(judge(again, { keys: first as string[] }))).toEqual(['check:aaaaaaaaaaaa:test:8']);
  });

  test('a check that passed before is started again once, unless that is switched off', () => {
    const more = { checks: [check('test')], passedBefore: ['test'] };
    const verdict = judge(more);
    expect(verdict).toEqual({ kind: 'rerun', runs: new Map([[70, 'aaaaaaaaaaaa:70']]) });
    expect(keysOf(judge(more, { reruns: ['aaaaaaaaaaaa:70'] }))).toHaveLength(1);
    expect(keysOf(judge(more, { mayRerun: false }))).toHaveLength(1);
    const foreign = { ...more, checks: [check('test', { app: 'circleci', runId: undefined })] };
    expect(keysOf(judge(foreign))).toHaveLength(1);
  });

  test('required checks that have not reported are named', () => {
    expect(missingChecks({ checks: [check('a', { state: 'missing' }), check('b')] })).toEqual(['a']);
  });
});

test('words that are edited after they were seen reach no agent, also when they are edited back', () => {
  const first = wordsIn(
    details({ threads: [thread([comment('C', 'ada')])] }),
    { keys: [], before: [] },
    writers,
  );
  expect(first.map(({ held }) => held)).toEqual([undefined]);
  const edited = details({ threads: [thread([comment('C', 'ada', { editedAt: '2026-01-08T11:00:00Z' })])] });
  const second = wordsIn(edited, { keys: [], before: seenOf(first) }, writers);
  expect(second.map(({ held }) => held)).toEqual(['edited']);
  const third = wordsIn(
    details({ threads: [thread([comment('C', 'ada')])] }),
    { keys: [], before: seenOf(second) },
    writers,
  );
  expect(third.map(({ held }) => held)).toEqual(['edited']);
  // Edited before it was first seen: nobody has read anything else.
  const late = wordsIn(edited, { keys: [], before: [] }, writers);
  expect(late.map(({ held }) => held)).toEqual([undefined]);
});

test('whoever may not steer starts nothing, whatever is written and by how many', () => {
  const strangers = fc.array(fc.record({ id: fc.uuid(), body: fc.string() }), { maxLength: 30 });
  fc.assert(
    fc.property(strangers, (all) => {
      const threads = [thread(all.map(({ id, body }) => comment(id, 'mallory', { body })))];
      const reviews = all.map(({ id }) => review(id, 'mallory', 'changes_requested'));
      const of = details({ threads, reviews });
      const words = wordsIn(of, { keys: [], before: [] }, writers);
      expect(words.every(({ held }) => held === 'stranger')).toBe(true);
      expect(judgeMatter(of, words, { keys: [], reruns: [], mayRerun: true }).kind).toBe('none');
    }),
  );
});
