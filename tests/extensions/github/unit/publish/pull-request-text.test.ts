import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeProof } from '../../../../../src/core/session/proof/make-proof.ts';
import { readProof } from '../../../../../src/core/session/proof/proof.ts';
import {
  type PullRequestFacts,
  pullRequestText,
} from '../../../../../src/extensions/github/publish/pull-request-text.ts';
import { editedSince, marked } from '../../../../../src/extensions/github/publish/text-mark.ts';
import { checkRun, provedEvents } from '../../../../support/proved-events.ts';

const REQUIREMENTS = [
  { id: 'R1', text: 'Every boat | ship has a name', check: 'npm test' },
  { id: 'R2', text: 'The names read well', check: 'reviewed' },
];

function facts(more: Partial<PullRequestFacts> = {}): PullRequestFacts {
  const events = provedEvents({ requirements: REQUIREMENTS }).map((event) =>
    event.type === 'iteration_ended'
      ? { ...event, phase: 'quality' as const, signal: { status: 'continue' as const, reviewed: ['R2'] } }
      : event,
  );
  return {
    folder: '26-01-08-x',
    status: { kind: 'done', since: '2026-01-08T10:00:00.000Z', summary: 'Every boat has a name.' },
    task: 'Give every boat a name\n\nAll of them.',
    description: 'Closes #12, thanks to @alice.\n\n```js\n</details>',
    decisions: [
      { id: 'Q1', question: 'Which names?', answer: 'B: those of birds', by: { channel: 'cli' } },
      {
        id: 'Q2',
        question: undefined,
        answer: 'as before',
        by: { channel: 'tool', client: 'claude-code' },
      },
    ],
    withAnswers: true,
    commits: { subjects: ['Name "every" boat', 'Test the names'], total: 3 },
    stat: {
      files: [
        { path: 'boats.txt', insertions: 3, deletions: 1 },
        { path: 'boat.png', insertions: null, deletions: null },
      ],
      fileCount: 2,
      insertions: 3,
      deletions: 1,
    },
    proof: makeProof(events),
    olderProof: undefined,
    template: undefined,
    ...more,
  };
}

test('the text contains the reason, the decisions, the requirements, the checks and the limits', async () => {
  const { readable } = pullRequestText(facts());
  await expect(`${readable}\n`).toMatchFileSnapshot('../../../../golden/pull-request.md');
});

test('hashes and data are folded below the readable text, and verify reads them', () => {
  const { readable, whole } = pullRequestText(facts());
  expect(readable).not.toMatch(/[0-9a-f]{40}/);
  expect(whole.startsWith(`${readable}\n\n<details><summary>The proof`)).toBe(true);
  expect(readProof(whole)).toEqual({ kind: 'proof', proof: facts().proof });
});

test('unless answers are included, the text has only the questions and who answered them', () => {
  const { whole } = pullRequestText(facts({ withAnswers: false }));
  expect(whole).toContain('**Q1** Which names? (answered by a person, in the terminal)');
  expect(whole).not.toMatch(/those of birds|as before/);
});

test("the repository's template follows our text unchanged, above the folded proof", () => {
  const template = '## What\n\n<!-- ## Hint -->\n\n## Checklist\n\n- [ ] read';
  const own = pullRequestText(facts()).readable.split('\n\nMade by')[0];
  const { readable, whole } = pullRequestText(facts({ template: `${template}\n` }));
  expect(readable).toBe(`${own}\n\n${template}\n\nMade by samocode, session 26-01-08-x.`);
  expect(readProof(whole).kind).toBe('proof');
});

test('the text of a session that is not done says that nothing is proved', () => {
  const status = {
    kind: 'stopped',
    since: '2026-01-08T10:00:00.000Z',
    by: { channel: 'cli' },
    why: '',
  } as const;
  const { whole } = pullRequestText(facts({ status, proof: undefined, description: undefined }));
  expect(whole).toContain(
    '- The session is stopped, not done.\n- Nothing has been proved about this branch.',
  );
  expect(whole).not.toContain('## Summary');
});

test('a proof that is too long for a forge is folded without its data, or left out', () => {
  const withRuns = (tail: string) => {
    const runs = Array.from({ length: 20 }, () => checkRun({ tail }));
    return pullRequestText(facts({ proof: makeProof(provedEvents({ runs })) })).whole;
  };
  expect(withRuns('x'.repeat(2000))).toContain('SHA-256 `abab');
  expect(withRuns('x'.repeat(2000))).not.toContain('The proof as data');
  expect(withRuns('x'.repeat(4000))).not.toContain('abab');
  for (const size of [10, 2000, 4000]) expect(withRuns('x'.repeat(size)).length).toBeLessThan(65_536);
});

test('the line that closes the issue is kept even if the text is cut', () => {
  const { readable } = pullRequestText(facts({ closes: '#42', proof: undefined }));
  expect(readable).toMatch(/\n\nCloses #42\.\n\nMade by samocode, session 26-01-08-x\.$/);
  const template = `## Summary\n\n${'x'.repeat(70_000)}`;
  const long = pullRequestText(facts({ closes: 'fleet/ships#42', template }));
  expect(long.whole.length).toBeLessThanOrEqual(60_000);
  expect(long.readable).toContain('\n\n(cut)\n\nCloses fleet/ships#42.');
});

test('the text says what the pictures of the application show, and how to see them', () => {
  const picture = { file: 'pictures/a.png', hash: 'a', width: 390, height: 800 };
  const page = { page: '/login', width: 390, before: picture, after: picture, differing: 7 };
  const proof = facts().proof;
  if (proof === undefined) throw new Error('There is no proof.');
  const pictures = { base: 'b', commit: proof.commit, pages: [page], uiFiles: [], said: 'see <b>@ada</b>' };
  const { readable } = pullRequestText(facts({ proof: { ...proof, pictures } }));
  const [, part] = readable.split('## What people will see\n\n');
  expect(part?.split('\n\n')[0]).toBe(
    '- 1 of 1 picture differs: `/login` at 390 px.\n- Note: `see <b>@ada</b>`.\n- The pictures are in the report that `samocode report x` makes on the machine of the session.',
  );
});

const words = fc.record({ title: fc.string(), body: fc.string({ unit: 'binary' }) });

test('a text that samocode wrote counts as unedited, whatever a forge does to its line ends', () => {
  fc.assert(
    fc.property(words, ({ title, body }) => {
      const text = marked({ title, body });
      for (const stored of [text, text.replaceAll('\r\n', '\n').replaceAll('\n', '\r\n'), text.trimEnd()])
        expect(editedSince({ title, body: stored })).toEqual({ title: false, body: false });
    }),
  );
});

test('a text that differs, or has lost its mark, counts as edited', () => {
  const text = marked({ title: 'Name the boats', body: 'All of them.' });
  const title = 'Name the boats';
  const edited = [
    text.replace('All', 'Some'),
    `${text}\nand more`,
    'All of them.',
    '',
    marked({ title, body: 'x' }) + text,
  ];
  expect(edited.map((body) => editedSince({ title, body }).body)).toEqual(edited.map(() => true));
  expect(editedSince({ title: 'Names', body: text })).toEqual({ title: true, body: false });
});
