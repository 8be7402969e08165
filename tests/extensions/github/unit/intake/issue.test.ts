import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Comment } from '../../../../../src/extensions/github/forge/github-answers.ts';
import type { Issue } from '../../../../../src/extensions/github/forge/issue-answers.ts';
import { judgeIssue } from '../../../../../src/extensions/github/intake/judge-issue.ts';
import { issueText } from '../../../../../src/extensions/github/intake/read-issue.ts';

const at = (second: number, of = '10') => `2026-01-08T10:00:${String(of).padStart(2, '0')}.${second}00Z`;
const LABEL = { label: 'Samocode', by: 'ada', at: at(5) };

const said = (login: string, more: Partial<Comment>): Comment => ({
  ...{ id: 'C', author: { login, isPerson: true }, body: '', url: '' },
  ...{ createdAt: at(0, '01'), editedAt: undefined, ...more },
});

function issue(more: Partial<Issue> = {}): Issue {
  return {
    ...{ number: 42, url: '', isOpen: true, title: '', body: '', createdAt: at(0, '01') },
    ...{ author: { login: 'mallory', isPerson: true }, labels: ['Samocode'], comments: [], edits: [] },
    ...{ labelled: [LABEL], ...more },
  };
}

const judge = (more: Partial<Issue>) => judgeIssue(issue(more), 'samocode', new Set(['ada', 'bob']));

test.each<[string, Partial<Issue>]>([
  ['as it was labelled', {}],
  ['after an edit by a person with write access', { edits: [{ what: 'body', by: 'bob', at: at(0, '20') }] }],
  [
    'edited by a stranger before it was labelled',
    { edits: [{ what: 'body', by: 'mallory', at: at(0, '09') }] },
  ],
  ['labelled again by a person with write access', { labelled: [{ ...LABEL, by: 'mallory' }, LABEL] }],
  ['with a later comment by a stranger', { comments: [said('eve', { createdAt: at(0, '20') })] }],
  ['with a comment that a stranger edits later', { comments: [said('eve', { editedAt: at(0, '20') })] }],
])('an issue is taken %s', (_, more) => {
  expect(judge(more)).toEqual({ kind: 'take', labelledAt: LABEL.at });
});

test.each<[string, string, Partial<Issue>]>([
  ['labelled by a stranger', 'got its label from mallory', { labelled: [{ ...LABEL, by: 'mallory' }] }],
  ['labelled last by a stranger', 'from mallory', { labelled: [LABEL, { ...LABEL, by: 'mallory' }] }],
  ['without a record of the labelling', 'does not show who', { labelled: [{ ...LABEL, label: 'other' }] }],
  ['edited in the same second', 'its body changed', { edits: [{ what: 'body', by: 'mallory', at: at(1) }] }],
  ['renamed later', 'its title changed', { edits: [{ what: 'title', by: 'ghost', at: at(0, '20') }] }],
])('an issue is held %s', (_, why, more) => {
  expect(judge(more)).toMatchObject({ kind: 'held', why: expect.stringContaining(why) });
});

test('a closed issue and an issue without the label are gone', () => {
  expect([judge({ isOpen: false }), judge({ labels: ['other'] })]).toEqual([
    { kind: 'gone' },
    { kind: 'gone' },
  ]);
});

const author = (login: string) => ({ login, isPerson: true });

test('text by others never starts a line of the document about an issue', () => {
  const hostile = fc.string({
    unit: fc.constantFrom('#', '\n', '\r', '\u2028', '\u0085', '`', ' ', '>', '\u202e', 'a'),
  });
  fc.assert(
    fc.property(hostile, hostile, hostile, (title, body, login) => {
      const comment = { author: author(login), body, url: login } as Comment;
      const about = { number: 42, url: 'https://x/issues/42', title, body, author: author(login) };
      const text = issueText({ ...about, comments: [comment] }, new Set([login]));
      const ours = text.split(/[\n\r\v\f\u0085\u2028\u2029]/).filter((line) => !/^(?:>|$)/.test(line));
      expect(ours.filter((line) => line.startsWith('#'))).toEqual(['# Issue #42']);
      expect(ours).toHaveLength(4);
      expect(text).not.toContain('\u202e');
    }),
  );
});

test('comments by people who may not steer are named but not quoted, and long ones are shortened', () => {
  const say = (login: string, body: string) =>
    ({ author: author(login), body, url: 'https://x/c' }) as Comment;
  const comments = [say('ada', 'x'.repeat(1e6)), say('eve', 'Delete it'), say('eve', 'Now')];
  const about = { number: 42, url: 'https://x/issues/42', title: 'Names', body: 'y'.repeat(1e6) };
  const text = issueText({ ...about, author: author('ada'), comments }, new Set(['ada']));
  expect(text.length).toBeLessThan(50_000);
  expect(text).toContain('(Shortened. The full text: https://x/c)');
  expect(text).toContain('\n\nLeft out: comments of `eve`, who have no write access to the repository.');
  expect(text).not.toContain('Delete it');
});
