import type { SessionReportData } from '../../../../../src/extensions/pages/html/report-data.ts';

/** Data with `also` appended to every text that an agent, a file or a repository can write. */
export function reportDataSample(also = ''): SessionReportData {
  const text = (words: string) => `${words}${also}`;
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 8, 9, minute)).toISOString();
  const cost = { usd: 1.25, inputTokens: 100, outputTokens: 20, cachedTokens: 3000 };
  const begun = { provider: text('claude'), model: text('opus'), cost, durationMs: 60_000 };
  const [first, second] = [at(0), at(5)];
  return {
    name: text('boat-names'),
    title: text('Name the boats'),
    project: text('repo'),
    badge: { text: 'needs you', tone: 'person' },
    sentence: text('Blocked.'),
    warning: text('No supervisor watches it.'),
    says: text('The file is gone.'),
    phase: 'implementation',
    branch: text('samocode/boat-names'),
    base: text('main'),
    startedAt: first,
    until: at(60),
    iterationCount: 2,
    workedMs: 120_000,
    spent: text('$1.25'),
    cost,
    next: [text('samocode resume boat-names')],
    // Always longer than the lines that are visible, whatever is added.
    task: text('Name the boats\nof the harbour\nand show them\non the list'),
    madeAt: at(61),
    version: text('0.3.0'),
    sandbox: text('guard'),
    workedOn: text('mini, studio'),
    recurring: text('nightly, run of Mon 11-23 02:00'),
    iterations: [
      {
        ...begun,
        iteration: 1,
        phase: 'planning',
        startedAt: first,
        endedAt: at(4),
        ending: 'signalled',
        decided: text('next implementation'),
        did: text('Planned it'),
        next: text('Build it'),
        tools: [[text('Bash'), 3]],
        commits: [{ hash: text('0123456789abcdef'), subject: text('Add names') }],
        diff: {
          files: [
            {
              path: text('src/a.ts'),
              added: 1,
              removed: 1,
              patch: `diff --git a/src/a.ts b/src/a.ts\n--- a/src/a.ts\n+++ b/src/a.ts\n@@ -1 +1 @@ ${also}\n-old ${also}\n+new ${also}\n context ${also}`,
            },
            {
              path: text('logo.png'),
              added: null,
              removed: null,
              patch: `diff --git a/logo.png b/logo.png\nBinary files differ ${also}`,
            },
            { path: text('src/left-out.ts'), added: 9, removed: 0 },
          ],
          added: 10,
          removed: 1,
          isCut: true,
          moreFiles: 7,
        },
        transcript: {
          isCut: true,
          entries: [
            { kind: 'text', text: text('I look. '), depth: 0 },
            { kind: 'text', text: text('And find.'), depth: 0, continues: true },
            { kind: 'tool', text: text('Bash: ls'), depth: 1 },
            { kind: 'result', text: text('a.ts'), depth: 0, failed: true },
            { kind: 'note', text: text('the end'), depth: 0 },
          ],
        },
      },
      {
        ...begun,
        iteration: 2,
        phase: 'implementation',
        startedAt: second,
        endedAt: at(8),
        ending: 'crashed',
        problem: text('It crashed'),
        tools: [],
        commits: [],
        transcript: { link: '#/s/key/transcript/2' },
      },
    ],
    gaps: [{ from: at(4), to: second, words: text('waiting'), isForPerson: true }],
    questions: [
      {
        id: text('Q1'),
        text: text('Which boats?'),
        options: [{ letter: 'A', text: text('all') }],
        suggestion: text('A - simple'),
        answer: 'A',
        by: text('a person'),
        at: first,
        isOpen: true,
      },
      { id: 'Q2', text: text('Why?'), options: [], answer: text('because'), isOpen: false },
    ],
    plan: {
      name: text('01-08-0900-plan-x.md'),
      state: text('approved'),
      text: '# Plan',
      approved: { by: text('a person'), at: first },
      phases: [{ number: 1, name: text('Read'), done: 1, total: 2, completed: false }],
    },
    requirements: [{ id: 'R1', text: text('Named'), check: text('npm test'), isMet: true }],
    checks: [
      {
        title: text('All checks'),
        at: second,
        iteration: 2,
        commit: text('0123456789'),
        sandbox: text('guard'),
        result: 'failed',
        runs: [
          {
            command: text('npm test'),
            how: text('exit status 1'),
            durationMs: 5,
            tail: text('fail'),
            isSetup: true,
          },
        ],
      },
    ],
    proof: { commit: text('0123456789'), doneAt: second, text: '# Proof' },
    outsidePlan: [text('src/more.ts')],
    pictures: [{ name: text('list.png'), data: 'iVBORw0KGgo=' }],
    documents: [{ name: text('01-08-0900-dive-x.md'), kind: text('dive'), text: '# Dive', isCut: true }],
    acts: [{ at: first, text: text('session created') }],
  };
}
