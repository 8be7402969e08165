import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Remark } from '../../../../../src/extensions/github/feedback/feedback.ts';
import { roundText } from '../../../../../src/extensions/github/feedback/round-text.ts';
import type {
  ForgeCheck,
  PullRequestDetails,
} from '../../../../../src/extensions/github/forge/pull-request-answers.ts';
import { repliesIn } from '../../../../../src/extensions/github/publish/round-replies.ts';

const DETAILS = {
  ...{ number: 17, url: 'https://github.com/fleet/boats/pull/17', title: 'Boats', baseBranch: 'main' },
  base: 'b'.repeat(40),
} as PullRequestDetails;

const CHECK: ForgeCheck = {
  ...{ name: 'test', isRequired: true, state: 'failed', head: '', attempt: '1', app: 'github-actions' },
  ...{ jobId: 7, runId: 8, startedAt: undefined, url: 'https://ci.example/7', text: undefined },
};

function remark(by: string, body: string, path?: string): Remark {
  const comment = { body, author: { login: by, isPerson: true } } as Remark['comment'];
  const thread = path === undefined ? {} : { thread: { id: path, path, line: 3 } as Remark['thread'] & {} };
  return { key: `${by} ${body}`, comment, ...thread };
}

test('the document quotes checks, reviews, threads and a conflict, each with its author and place', () => {
  const feedback = {
    checks: [CHECK, { ...CHECK, name: 'lint', jobId: 9, app: 'circleci', text: 'see there' }],
    remarks: [
      remark('ada', 'No names.'),
      remark('bob', 'Why?', 'a.ts'),
      remark('ada', 'Yes, why?', 'a.ts'),
      remark('bob', 'Here', 'b.ts'),
    ],
    conflict: true,
    keys: [],
  };
  const { text, threads } = roundText(DETAILS, feedback, new Map([[CHECK, ['one', '##[error]two']]]));
  expect(threads).toEqual([
    { name: 'T1', id: 'a.ts' },
    { name: 'T2', id: 'b.ts' },
  ]);
  expect(text).toMatchSnapshot();
});

test('quoted text never begins a line, so it cannot be mistaken for ours', () => {
  const hostile = fc.string({
    unit: fc.constantFrom('#', '\n', '\r', '\u2028', '\u0085', '`', ' ', 'T', '1', '>', '\u202e', 'a'),
  });
  fc.assert(
    fc.property(hostile, hostile, hostile, (body, name, path) => {
      const check = { ...CHECK, name, text: body };
      const feedback = {
        checks: [check],
        remarks: [remark(name, body, path)],
        conflict: false,
        keys: [],
      };
      const { text } = roundText({ ...DETAILS, title: body }, feedback, new Map([[check, [body]]]));
      const ours = text
        .split(/[\n\r\v\f\u0085\u2028\u2029]/)
        .filter((line) => !line.startsWith('>') && line !== '');
      expect(ours.filter((line) => line.startsWith('#'))).toHaveLength(3);
      expect(text).not.toContain('\u202e');
    }),
  );
});

test('a comment of a megabyte is cut before it reaches the prompt', () => {
  const feedback = {
    checks: [],
    remarks: [remark('ada', 'x'.repeat(1e6), 'a.ts')],
    conflict: false,
    keys: [],
  };
  expect(roundText(DETAILS, feedback, new Map()).text.length).toBeLessThan(10_000);
  // The text is part of a command, whose file may have at most 2 MB.
  const lines = Array(200).fill('\u00e9'.repeat(2000));
  const checks = Array.from({ length: 30 }, (_, at) => ({ ...CHECK, jobId: at }));
  const many = { ...feedback, checks, remarks: Array(200).fill(remark('ada', 'x'.repeat(1e6))) };
  const logs = new Map(checks.map((check) => [check, [...lines, '##[error]red']]));
  const { text } = roundText(DETAILS, many, logs);
  expect(Buffer.byteLength(JSON.stringify(text))).toBeLessThan(2_000_000);
  expect(text).toContain('> ##[error]red');
});

test('replies are found below the names of their threads; an empty one is left out', () => {
  const text = '# Answers\n\n## T1\n\nDone.\n\n## T12 (b.ts)\nNot done,\n\nbecause.\n## T3\n\n';
  expect([...repliesIn(text)]).toEqual([
    ['T1', 'Done.'],
    ['T12', 'Not done,\n\nbecause.'],
  ]);
  expect([...repliesIn('')]).toEqual([]);
});
