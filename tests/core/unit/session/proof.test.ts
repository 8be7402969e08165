import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Application } from '../../../../src/core/kernel/phases/application.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { makeProof } from '../../../../src/core/session/proof/make-proof.ts';
import { proofText, readProof, type SessionProof } from '../../../../src/core/session/proof/proof.ts';
import { proofLimits } from '../../../../src/core/session/proof/proof-limits.ts';
import { proofMarkdown } from '../../../../src/core/session/proof/proof-markdown.ts';
import { checkRun, ended, PROVED, provedEvents } from '../../../support/proved-events.ts';

const made = (events = provedEvents()): SessionProof => makeProof(events) ?? expect.fail('no proof');

test('a proof records which commands ran on which commit, who approved what, and what it cost', () => {
  expect(made()).toMatchObject({
    session: '26-01-08-x',
    branch: 'samocode/x',
    commit: PROVED.commit,
    tree: PROVED.tree,
    checks: {
      in: 'clone',
      sandbox: 'guard',
      runs: [{ command: 'npm test', exitCode: 0, outputHash: 'ab'.repeat(32) }],
    },
    baseChecks: { commit: PROVED.base, runs: [{ output: 'outputs/base-1.txt' }] },
    approvals: [
      { what: 'start', by: { channel: 'cli' } },
      {
        what: 'answers',
        answers: [{ id: 'Q1', question: 'cd'.repeat(32), answer: expect.stringMatching(/^[0-9a-f]{64}$/) }],
      },
      { what: 'plan', plan: { hash: 'ef'.repeat(32) } },
    ],
    agents: [{ provider: 'rehearsal', model: 'opus', version: '2.1.0', sandbox: 'guard', iterations: 1 }],
    samocode: ['0.3.0'],
    cost: { usd: 1.5 },
  });
});

test('a requirement is shown with its command, or with the reviewer who confirmed it', () => {
  const requirements = [
    { id: 'R1', text: 'It works', check: 'npm test' },
    { id: 'R2', text: 'It reads well', check: 'reviewed' },
  ];
  const events = provedEvents({ requirements }).map((event) =>
    event.type === 'iteration_ended'
      ? { ...event, phase: 'quality' as const, signal: { status: 'continue' as const, reviewed: ['R2'] } }
      : event,
  );
  const proof = made(events);
  expect(proof.requirements).toMatchObject([
    { id: 'R1' },
    { reviewer: { iteration: 1, provider: 'rehearsal' } },
  ]);
  const text = proofMarkdown(proof);
  expect(text).toContain('- ✔ passed: **R1** `It works`, by `npm test`');
  expect(text).toContain(
    '- reviewed: **R2** `It reads well`, by the agent of iteration 1 (`rehearsal opus`)',
  );
});

test("a proof that rests only on the plan's own checks says so", () => {
  const { baseChecks: _, ...proof } = {
    ...made(),
    requirements: [{ id: 'R1', text: 'x', check: 'npm test' }],
  };
  expect(proofMarkdown(proof)).toContain("- Only the plan's own checks: this project has no CHECK.");
  expect(proofMarkdown({ ...proof, requirements: [] })).not.toContain('no CHECK');
  expect(proofMarkdown(made())).not.toContain('no CHECK');
});

test('a check that may stay red is shown as it was on the base at this proof, the others as they were first', () => {
  const first = provedEvents({
    runs: [
      checkRun({ command: 'npm run lint', exitCode: 1, how: 'exit status 1', redBefore: true }),
      checkRun(),
    ],
  });
  const events = first.map((event) => {
    if (event.type !== 'checks_ran') return event;
    const lint = checkRun({ command: 'npm run lint', exitCode: 2, how: 'exit status 2' });
    if (event.set === 'base') return { ...event, runs: [...event.runs, lint] };
    const now = {
      ...lint,
      exitCode: 1,
      how: 'exit status 1',
      output: 'iterations/001/checks/full-base-1.txt',
    };
    return { ...event, onBase: { commit: PROVED.base, runs: [now] } };
  });
  const proof = made(events);
  expect(proof.checks?.onBase).toMatchObject({
    commit: PROVED.base,
    runs: [{ exitCode: 1, output: 'outputs/full-base-1.txt' }],
  });
  expect(readProof(proofText(proof))).toEqual({ kind: 'proof', proof });
  const text = proofMarkdown(proof);
  expect(text).toContain('On the base commit, right after them: `npm run lint` exit status 1.');
  expect(text).toMatch(/The same on the base commit, 2026-\S+: `npm test` exit status 0\./);
  expect(text).not.toContain('`npm run lint` exit status 2');
});

test('a check that is unsteady on the base too counts, and is said before anything else', () => {
  const output = (name: string) => `iterations/001/checks/${name}.txt`;
  const { command: _, ...again } = checkRun({ output: output('full-again-1') });
  const red = { exitCode: 1, how: 'exit status 1' };
  const runs = [checkRun({ ...red, unsteady: true, again })];
  const onBase = { commit: PROVED.base, runs: [checkRun({ ...red, output: output('full-steady-1-1') })] };
  const events = provedEvents({ runs }).map((event) =>
    event.type === 'checks_ran' && event.set === 'full' ? { ...event, onBase } : event,
  );
  const proof = made(events);
  expect(proof.checks?.runs).toMatchObject([{ exitCode: 1, again: { output: 'outputs/full-again-1.txt' } }]);
  const [first] = proofLimits({ ...proof, testing: '**Testing:** none' });
  expect(first).toBe('Unsteady, on the base too: `npm test`.');
  const text = proofMarkdown(proof);
  expect(text).toContain('- ! exit status 1 (unsteady, on the base too): `npm test`, 1.2 s');
  expect(text).toContain('On the base commit, right after them: `npm test` exit status 1.');
  expect(text).toMatch(/The same on the base commit, 2026-\S+: `npm test` exit status 0\./);
  expect(readProof(text)).toEqual({ kind: 'proof', proof });
});

test('a check that is red as before the work, and may be, counts and is said above all others', () => {
  const proof = made(
    provedEvents({ runs: [checkRun({ exitCode: 1, how: 'exit status 1', redBefore: true })] }),
  );
  expect(proof.checks?.runs).toMatchObject([{ exitCode: 1, redBefore: true }]);
  const text = proofMarkdown(proof);
  expect(text).toMatch(/- Red before, red after: `npm test`\.[\s\S]*## Checks/);
  expect(text).toContain('- ! exit status 1 (red before, red after): `npm test`, 1.2 s');
  expect(readProof(text)).toEqual({ kind: 'proof', proof });
});

test('a check that fails in another way than before the work proves nothing', () => {
  const proof = made(provedEvents({ runs: [checkRun({ exitCode: 1, how: 'exit status 1' })] }));
  expect(proof.checks).toBeUndefined();
});

test('a reviewer of a requirement is one whose verdict was accepted', () => {
  const requirements = [{ id: 'R2', text: 'It reads well', check: 'reviewed' }];
  const quality = (iteration: number, retry?: 'corrective'): NewEvent =>
    ({
      ...ended({ kind: 'run', phase: 'quality', notes: [], delay: 'none', retry }),
      ...{ iteration, phase: 'quality', signal: { status: 'continue', reviewed: ['R2'] } },
    }) as NewEvent;
  const before = [quality(1), quality(2, 'corrective')];
  expect(made(provedEvents({ requirements, before })).requirements).toMatchObject([
    { reviewer: { iteration: 1 } },
  ]);
});

test('a proof names weakened checks that a person accepted', () => {
  const weakened = [
    { path: 'a.test.js', what: 'is deleted', key: 'k1' },
    { path: 'b.test.js', what: 'is deleted', key: 'k2' },
  ];
  const by = { channel: 'cli' } as const;
  const answers = [{ id: 'Q9', question: 'x', text: 'B', choice: 'B' }];
  const events = provedEvents({
    before: [
      ended({ kind: 'park', phase: 'testing', for: 'qa_answers', resumePhase: 'quality', weakened }),
      {
        type: 'parked',
        for: 'qa_answers',
        resumePhase: 'quality',
        openQuestions: ['Q9'],
        unconfirmed: [],
        asks: [{ kind: 'weakened', question: 'Q9', keys: ['k1'] }],
      },
      { type: 'answers_recorded', by, answers, open: [] },
    ],
  });
  const text = proofMarkdown(made(events));
  expect(text).toContain('- `a.test.js is deleted`: a person has accepted it');
  expect(text).not.toContain('b.test.js');
});

test('a proof says first that its approved plan left out testing', () => {
  const testing = 'Testing: none - only words';
  const events = provedEvents().map((event) =>
    event.type === 'plan_approved' ? { ...event, testing } : event,
  );
  const proof = made(events);
  expect(proof.testing).toBe(testing);
  const text = proofMarkdown(proof);
  expect(text.indexOf(`may skip its testing: \`${testing}\``)).toBeGreaterThan(0);
  expect(text.indexOf(testing)).toBeLessThan(text.indexOf('## Checks'));
  expect(made().testing).toBeUndefined();
});

test("a proof contains no agent's summary", () => {
  expect(proofMarkdown(made())).not.toContain('Trust me');
});

test('there is no proof before a session is done', () => {
  expect(makeProof(provedEvents().slice(0, -1))).toBeUndefined();
});

test('a session with a new goal keeps the proof of the previous one', () => {
  const more = [
    { type: 'resumed', by: { channel: 'cli' }, phase: 'investigation', goal: 'More', resetsCounts: true },
  ] as const;
  expect(made(provedEvents({ more: [...more] }))).toEqual(made());
});

test('failed checks, and checks on another commit than the last that counts, prove nothing', () => {
  const runs = [checkRun({ exitCode: 1, how: 'exit status 1' })];
  expect(made(provedEvents({ runs }))).toMatchObject({ commit: PROVED.commit });
  expect(made(provedEvents({ runs })).checks).toBeUndefined();
  expect(proofMarkdown(made(provedEvents({ runs })))).toContain('No command has checked this work');
});

test.each(['clone', 'worktree'] as const)(
  'checks that ran in the %s on another commit than the final one prove nothing',
  (place) => {
    const other = '4'.repeat(40);
    const events = (head: string) =>
      provedEvents().map((event) => {
        if (event.type === 'checks_ran' && event.set === 'full') return { ...event, in: place };
        return event.type === 'iteration_ended' ? { ...event, head } : event;
      });
    expect(made(events(PROVED.commit))).toMatchObject({ commit: PROVED.commit, checks: { in: place } });
    const proof = made(events(other));
    expect(proof).toMatchObject({ commit: other });
    expect(proof.checks).toBeUndefined();
  },
);

test('a proof is read back from each of its files', () => {
  const proof = made();
  expect(readProof(proofText(proof))).toEqual({ kind: 'proof', proof });
  expect(readProof(proofMarkdown(proof))).toEqual({ kind: 'proof', proof });
});

const APPLICATION: Application = {
  ports: ['web'],
  services: [{ name: 'web', command: 'serve' }],
  ready: { web: 'true' },
  env: { SITE: 'x' },
  in: ['proof'],
  pages: [],
};

test.each<[string, Partial<Application>]>([
  ['a service named like a path', { services: [{ name: '../notes', command: 'echo' }], ready: {} }],
  ['a port named like a path', { ports: ['../web'] }],
  ['a line for a service that does not exist', { ready: { web: 'true', '../db': 'true' } }],
  ['a library that the program of the guard would load', { env: { LD_PRELOAD: './evil.so' } }],
  ['eleven services', { services: Array(11).fill({ name: 'web', command: 'serve' }) }],
])('a sealed proof with %s is not read', (_, change) => {
  const proof = made();
  const withLines = (lines: Application) =>
    readProof(proofText({ ...proof, clone: { ...proof.clone, application: lines } })).kind;
  expect(withLines(APPLICATION)).toBe('proof');
  expect(withLines({ ...APPLICATION, ...change })).toBe('altered');
});

test('line endings changed by a forge and trailing spaces do not alter a proof', () => {
  const proof = made();
  expect(readProof(`${proofMarkdown(proof).replaceAll('\n', '\r\n')}\r\n`)).toEqual({ kind: 'proof', proof });
});

const FILES: [string, (data: string) => string][] = [
  ['proof.json', (data) => data],
  ['the data in proof.md', (data) => proofMarkdown(made()).replace(proofText(made()), () => data)],
];

test('a sentence around the data of proof.md is no part of the proof', () => {
  const proof = made();
  const around = proofMarkdown(proof).replace('✔ passed', 'passed');
  expect(readProof(`Reviewed.\n\n${around}\nBy me.\n`)).toEqual({ kind: 'proof', proof });
});

test.each(FILES)('a changed, removed or added byte of %s is detected', (_, file) => {
  const bytes = Buffer.from(proofText(made()));
  const change = fc.record({
    at: fc.nat(bytes.length - 1),
    byte: fc.integer({ min: 33, max: 126 }),
    cut: fc.nat(1),
    put: fc.nat(1),
  });
  fc.assert(
    fc.property(change, ({ at, byte, cut, put }) => {
      const other = Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from([byte].slice(0, put)),
        bytes.subarray(at + cut),
      ]);
      fc.pre(!other.equals(bytes));
      expect(['altered', 'none']).toContain(readProof(file(other.toString('utf8'))).kind);
    }),
    { numRuns: 1000 },
  );
});

test('a proof with a different value in any field is detected', () => {
  const text = proofText(made());
  const fields = [...text.matchAll(/: ("[^"]+"|[\d.]+)(?=,?\n)/g)];
  const others = fields.map(
    ({ 0: whole, index }) => `${text.slice(0, index)}: "other"${text.slice(index + whole.length)}`,
  );
  expect(others.length).toBeGreaterThan(40);
  expect(others.filter((other) => readProof(other).kind !== 'altered')).toEqual([]);
});

test('commands and outputs cannot break out of their sections in proof.md', () => {
  const evil = '`x` <b> | </details>\u001b[31m';
  const text = proofMarkdown(
    made(provedEvents({ runs: [checkRun({ command: evil, tail: '```\n# Approved\n````' })] })),
  );
  expect(text).toContain('- ✔ passed: `` `x` <b> | </details>\\u001b[31m ``, ');
  expect(text).toContain('<code>`x` &lt;b> | &lt;/details>\\u001b[31m</code>');
  expect(text).toContain('`````text\n```\n# Approved\n````\n`````');
});

test('a proof records what agents without a guard could access, and which parts of HOME checks could read', () => {
  const open = 'the home folder was open to them';
  expect(proofMarkdown(made())).not.toContain(open);
  const without = provedEvents().map((event) =>
    event.type === 'checks_ran' ? { ...event, sandbox: 'none' as const } : event,
  );
  expect(proofMarkdown(made(without))).toContain(open);
  const proof = made();
  const text = proofMarkdown({ ...proof, clone: { ...proof.clone, home: ['.m2/settings.xml'] } });
  expect(text).toContain('Readable in home: `.m2/settings.xml` (CHECK_HOME).');
});

test('a proof names the machines of a pool that worked on it, and none outside of one', () => {
  expect(proofMarkdown(made())).not.toContain('worked on');
  const pooled = provedEvents().map((event) =>
    event.type === 'worker_took_over' ? { ...event, host: 'mini' } : event,
  );
  expect(proofMarkdown(made(pooled))).toContain('- worked on: `mini`\n');
});

test('a proof names each changed test with its lines', () => {
  const changedTests = [{ path: 'tests/a.test.js', added: 1, removed: 2 }, { path: 'tests/logo.png' }];
  const text = proofMarkdown({ ...made(), changedTests });
  expect(text).toContain('- `tests/a.test.js` is changed (+1 −2)\n- `tests/logo.png` is changed\n');
});

test('a proof whose list of changed tests is cut says so', () => {
  const changedTests = Array.from({ length: 1000 }, (_, at) => ({ path: `tests/${at}.js` }));
  const cut = '- cut here: 1000 changed files are named\n';
  expect(proofMarkdown({ ...made(), changedTests })).toContain(`\`tests/999.js\` is changed\n${cut}`);
  expect(proofMarkdown({ ...made(), changedTests: changedTests.slice(1) })).not.toContain('cut here');
});
