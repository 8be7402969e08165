import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ciIf } from '../../support/ci.ts';
import type { ToolUse } from '../../support/model-stub/conversation.ts';
import type { ScriptedModelOptions } from '../../support/model-stub/scripted-model.ts';
import { startCliSession } from './cli-session.ts';
import { type GrantedPlaces, runGranted } from './granted-child.ts';

const PLAN = '01-08-1000-plan-work.md';
const LEDGER = '_requirements.json';
const A_PLAN = '# Plan: x\n\n### Phase 1: a\nFiles: a.ts\n- [ ] one\n';
const NO_BOX = A_PLAN.replace('- [ ] ', '');
const ledgerWith = (check: string) =>
  JSON.stringify({ requirements: [{ id: 'R1', text: 'It holds', check }] });
const question = (id: string) => `### ${id}: Which?\n\nA) one\nB) two\n\n**Answer:** _waiting_\n`;

const PLANNED = { '_signal.json': '{"status":"waiting","for":"plan_approval"}' };
const ASKED = { '_signal.json': '{"status":"waiting","for":"qa_answers"}' };

type Texts = Readonly<Record<string, string>>;

/** Read first: tools refuse to overwrite files that they have not read. */
function writes({ sessionDir }: GrantedPlaces, texts: Texts, isAgain = false): ToolUse[] {
  return Object.entries(texts).flatMap(([name, content]) => {
    const file_path = join(sessionDir, name);
    const reads = isAgain || name === '_signal.json' ? [{ name: 'Read', input: { file_path } }] : [];
    return [...reads, { name: 'Write', input: { file_path, content } }];
  });
}

test.concurrent.for(
  (['claude', 'codex', 'oldest-codex'] as const).flatMap((cli) =>
    (
      [
        [
          'a ledger with a check that is too long',
          { [LEDGER]: ledgerWith('x'.repeat(1200)), [PLAN]: A_PLAN, ...PLANNED },
          'the check of R1 has 1200 characters; 1000 are allowed',
          { [LEDGER]: ledgerWith('npm test') },
        ],
        [
          'a plan without boxes',
          { [LEDGER]: ledgerWith('npm test'), [PLAN]: NO_BOX, ...PLANNED },
          'Phase 1 of the plan has no box',
          { [PLAN]: A_PLAN },
        ],
        [
          'a question out of order',
          { '_qa.md': `# Q&A: x\n\n${question('Q2')}`, ...ASKED },
          'Q2 comes first; the questions of a round are Q1, Q2 and so on.',
          { '_qa.md': `# Q&A: x\n\n${question('Q1')}` },
        ],
      ] as const
    ).map(([title, left, why, repair]) => ({ cli, title, left, why, repair })),
  ),
)(
  'an agent of the real $cli that would end with $title repairs it itself',
  async ({ cli, left, why, repair }) => {
    const of = cli === 'claude' ? 'claude' : 'codex';
    const options = { cli, repairs: (places: GrantedPlaces) => writes(places, repair, true) };
    await using child = await runGranted(of, 'investigation', (places) => writes(places, left), options);
    const asked = child.requests.filter((request) => request.includes(why));
    expect(asked.length, child.stderr).toBeGreaterThan(0);
    expect(child.exitCode).toBe(0);
    for (const [name, text] of Object.entries({ ...left, ...repair }))
      expect((await readFile(join(child.sessionDir, name), 'utf8')).trim(), name).toBe(text.trim());
    const told = await readFile(join(child.sessionDir, 'agent.told'), 'utf8');
    expect(told.trim().split('\n')).toHaveLength(1);
  },
);

for (const { cli, sandbox, ci } of [
  { cli: 'claude', sandbox: 'guard', ci: true },
  { cli: 'codex', sandbox: 'guard', ci: false },
  { cli: 'codex', sandbox: 'off', ci: true },
] as const)
  test.concurrent(
    `with SANDBOX=${sandbox} a session of the real ${cli} takes one agent for a signal that it had to repair`,
    ciIf(ci),
    async () => {
      await using session = await startCliSession({
        cli,
        lines: { SANDBOX: sandbox, MAX_ITERATIONS: '1' },
        instead: ({ job, step, conversation }) => {
          if (conversation.request.includes('Before you end: ')) return undefined;
          const wrong = { file_path: join(job.sessionDir, '_signal.json'), content: '{"status":"done"}' };
          if (step === 0)
            return { say: 'Looking.', use: [{ name: 'Read', input: { file_path: wrong.file_path } }] };
          return step === 1 ? { say: 'Done.', use: [{ name: 'Write', input: wrong }] } : { say: 'All done.' };
        },
      });
      await session.until(({ lastIteration }) => lastIteration !== undefined);
      const [ended] = await session.eventsOf('iteration_ended');
      expect(ended).toMatchObject({ ending: 'signalled', decision: { kind: 'run', phase: 'requirements' } });
      const logs = await readdir(session.paths.logs);
      const told = logs.filter((name) => name.endsWith('.told'));
      expect(told).toHaveLength(1);
      expect(await readFile(join(session.paths.logs, told[0] ?? ''), 'utf8')).toBe('sent back\n');
      const text = session.models[cli]?.turns.at(-1)?.conversation.request;
      expect(text).toContain('may not be signalled in investigation; allowed: ');
    },
  );

/** The answers of a model that writes these files of its session, one after the other, and ends. */
function leaving(texts: Texts): ScriptedModelOptions['instead'] {
  return ({ job, step }) => {
    const signal = { file_path: join(job.sessionDir, '_signal.json') };
    if (step === 0) return { say: 'Looking.', use: [{ name: 'Read', input: signal }] };
    const [name, content] = Object.entries(texts)[step - 1] ?? [];
    if (name === undefined) return { say: 'All done.' };
    const input = { file_path: join(job.sessionDir, name), content };
    return { say: 'Writing.', use: [{ name: 'Write', input }] };
  };
}

/** A session in the guard whose first agent leaves a plan, and a ledger with this check. */
async function planning(
  requirement: { kind: 'new' | 'stays'; check: string },
  { lines, before }: Pick<Parameters<typeof startCliSession>[0], 'before'> & { lines: Texts },
) {
  const ledger = JSON.stringify({ requirements: [{ id: 'R1', text: 'It holds', ...requirement }] });
  return await startCliSession({
    cli: 'claude',
    lines: { SANDBOX: 'guard', MAX_ITERATIONS: '1', ...lines },
    ...(before && { before }),
    instead: leaving({ [LEDGER]: ledger, [PLAN]: A_PLAN, ...PLANNED }),
  });
}

test.concurrent('with PERMISSIONS=allow no check of a ledger runs, as the agent could run none', async () => {
  const touches = { kind: 'new', check: 'touch tried.txt' } as const;
  await using session = await planning(touches, { lines: { PERMISSIONS: 'allow' } });
  const { worktree } = await session.until(({ lastIteration }) => lastIteration !== undefined);
  expect(await readdir(session.paths.logs)).not.toContainEqual(expect.stringMatching(/\.told$/));
  expect(await readdir(worktree?.path ?? '')).not.toContain('tried.txt');
});

test.concurrent('in the guard a check of a ledger that no person has approved reads no file of CHECK_HOME', async () => {
  const reads = { kind: 'stays', check: 'cat ~/.secrets/token' } as const;
  await using session = await planning(reads, {
    lines: { CHECK_HOME: '.secrets' },
    before: async ({ homeDir }) => {
      await mkdir(join(homeDir, '.secrets'));
      await writeFile(join(homeDir, '.secrets/token'), 'of-a-person');
    },
  });
  await session.until(({ lastIteration }) => lastIteration !== undefined);
  const text = session.models.claude?.turns.map(({ conversation }) => conversation.request).join('\n');
  expect(text).toContain('R1 stays, and its check `cat ~/.secrets/token` fails before the work');
  expect(text).toContain('No such file');
  expect(text).not.toContain('of-a-person');
});
