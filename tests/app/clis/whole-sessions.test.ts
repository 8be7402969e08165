import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { definedOnly } from '../../../src/core/kernel/defined-only.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { ci, ciIf } from '../../support/ci.ts';
import { connect } from '../../support/mcp-client.ts';
import type { PlannedWork } from '../../support/model-stub/planned-work.ts';
import type { HeadlessCli } from '../../support/model-stub/services.ts';
import { COMPOUND_AMOUNTS } from '../../support/sample-repo/missing-feature.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { type CliSession, type CliSessionPlan, startCliSession } from './cli-session.ts';
import { configureServers, startedServers, tokensInLog } from './persons-servers.ts';
import { strictLines } from './strict-lines.ts';

async function commitAll(cwd: string, subject: string): Promise<void> {
  const as = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
  for (const args of [
    ['add', '-A'],
    [...as, 'commit', '--quiet', '-m', subject],
  ])
    await runCommand('git', args, { cwd, env: definedOnly(process.env) });
}

const [first = expect.fail(), second = expect.fail()] = COMPOUND_AMOUNTS.phases;

/** A whole session with servers of a person, of the person's plugin and of the project. */
const startWhole = (cli: HeadlessCli, plan: Pick<CliSessionPlan, 'work' | 'byTool' | 'lines'>) =>
  startCliSession({ ...plan, cli, before: (places) => configureServers(cli, places) });

/** Plays a session to its end, with a person at both gates. @param implemented how many agents build */
async function playWhole(cli: HeadlessCli, session: CliSession, implemented: number) {
  await session.until(({ status }) => status.kind === 'waiting' && status.for === 'qa_answers');
  await session.answer();
  await session.until(({ status }) => status.kind === 'waiting' && status.for === 'plan_approval');
  await session.approve();
  await session.until(({ status }) => status.kind === 'done', 1_200_000);

  const ended = await session.eventsOf('iteration_ended');
  expect(ended.map(({ phase, ending }) => `${phase} ${ending}`)).toEqual([
    'investigation signalled',
    'requirements signalled',
    ...Array(implemented).fill('implementation signalled'),
    'testing signalled',
    'quality signalled',
  ]);
  expect(ended.every(({ cost }) => (cost.inputTokens ?? 0) > 0 && (cost.outputTokens ?? 0) > 0)).toBe(true);
  const names = await readdir(session.paths.sessionDir);
  for (const kind of ['dive', 'requirements', 'plan', 'test-report', 'quality-review', 'summary']) {
    expect(names.some((name) => name.includes(`-${kind}-`))).toBe(true);
  }
  expect(await readFile(session.paths.overview, 'utf8')).toContain('Phase: done');
  expect(await session.git('status', '--porcelain')).toBe('?? .samocode');
  expect(await startedServers(session), 'no server is started by an agent').toEqual([]);
  expect(await tokensInLog(cli, session), "the agents' records are not the person's").toBeUndefined();
  const { worktree } = await session.state();
  const subjects = await session.git('-C', worktree?.path ?? '', 'log', '--format=%s', '-2');
  return { ended, names, subjects };
}

for (const cli of ['codex', 'gemini'] as const)
  test.concurrent(
    `a whole session from init to done through the real ${cli}, in the strict sandbox`,
    ciIf(cli === 'codex'),
    async ({ expect }) => {
      const work: PlannedWork = { ...COMPOUND_AMOUNTS, asks: true, phases: [first] };
      await using session = await startWhole(cli, { work, lines: strictLines });
      expect((await playWhole(cli, session, 1)).subjects).toMatch(/^Phase 1: Read compound amounts\n/);
    },
  );

test.concurrent(
  'a whole session from init to done through the real claude in the strict sandbox, which a parent starts by its tool, and whose agents write the comparison that the plan requests',
  ci,
  async ({ expect }) => {
    const work: PlannedWork = {
      ...COMPOUND_AMOUNTS,
      asks: true,
      phases: [{ ...first, proposals: 'two' }, second],
    };
    await using session = await startWhole('claude', { work, byTool: true, lines: strictLines });
    const { names, subjects } = await playWhole('claude', session, 2);
    expect(subjects).toBe('Phase 2: Convert them in the command\nPhase 1: Read compound amounts');

    const building = session.models.claude?.turns.find(({ job }) => job.phase === 'implementation');
    expect(building?.conversation.prompt).toContain('Before the first edit write');
    expect(names.filter((name) => name.includes('-comparison-'))).toHaveLength(1);
  },
);

const PLAN_FILE = `# Compound amounts

## Implementation Phases

### Phase 1: ${first.name}

- [ ] ${first.name}
`;

// One agent without questions and a plan, and three that carry out a plan.
test.concurrent.for([
  ['claude', 'quick'],
  ['codex', 'quick'],
  ['claude', 'plan'],
  ['codex', 'plan'],
] as const)('the real %s does the work of a %s session', async ([cli, way], { expect }) => {
  await using dir = await tempDir();
  const plan = join(dir.path, 'plan.md');
  await writeFile(plan, PLAN_FILE);
  await using session = await startCliSession({
    cli,
    work: { ...COMPOUND_AMOUNTS, phases: [first] },
    lines: { CHECK: 'npm test' },
    start: way === 'quick' ? { quick: true } : { plan },
  });
  if (way === 'plan') {
    const { worktree } = await session.until(({ status }) => status.kind === 'waiting');
    expect(worktree, 'nothing is made before the approval').toBeUndefined();
    await session.approve();
  }
  const { progress } = await session.until(({ status }) => status.kind === 'done', 1_200_000);
  const agents = { quick: ['implementation'], plan: ['implementation', 'testing', 'quality'] }[way];
  expect((await session.eventsOf('iteration_ended')).map(({ phase }) => phase)).toEqual(agents);
  expect(progress.way).toBe(way);
});

test.concurrent('a bug-fix session whose base is red goes from a chat to done through the real claude, and a model without a terminal answers what the red check is', async ({
  expect,
}) => {
  const work: PlannedWork = { ...COMPOUND_AMOUNTS, asks: true, phases: [first] };
  const [path, text] = Object.entries(first.newFiles ?? {}).find(([name]) => name.startsWith('tests/')) ?? [
    '',
    '',
  ];
  const check = `node ${path}`;
  await using session = await startCliSession({
    ...{ cli: 'claude', work, byTool: true, lines: { CHECK: check } },
    start: { task: 'Fix the failing tests', name: 'red' },
    before: async ({ mainRepo }) => {
      await writeFile(join(mainRepo, path), text);
      await commitAll(mainRepo, 'A test that fails');
    },
  });
  await using chat = await connect({ cwd: session.mainRepo, env: definedOnly(session.context.env) });
  const { folder } = session.paths;
  await session.until(({ status }) => status.kind === 'waiting' && status.for === 'qa_answers');
  const asked = await chat.ask('read_qa', { session: folder });
  expect(asked.questions.at(-1).text).toContain(`\`${check}\` (exit status 1) already fails`);
  expect(asked.about).toContain('parse-compound.js');
  await chat.ask('answer_qa', { session: folder, hash: asked.hash, accept_suggestions: true });
  await session.until(({ status }) => status.kind === 'waiting' && status.for === 'plan_approval');
  const { hash } = await chat.ask('read_plan', { session: folder });
  await chat.ask('approve_plan', { session: folder, hash });
  const done = await session.until(({ status }) => status.kind === 'done', 1_200_000);
  expect(done.baseChecks).toMatchObject({ result: 'red', choice: 'fix', failed: [{ command: check }] });
  expect(done.proved).toEqual({ commit: expect.any(String), commands: expect.arrayContaining([check]) });
  const planning = session.models.claude?.turns.find(({ job }) => job.phase === 'requirements');
  expect(planning?.conversation.prompt).toContain('Making them green is part of the task.');
});

test.concurrent('three CLIs share one session, phase by phase, and with PERMISSIONS=allow commits before implementation are refused', async ({
  expect,
}) => {
  const commit = 'echo confined > confined.txt && git add -A && git commit --quiet -m Confined';
  const refused: [string, boolean][] = [];
  await using session = await startCliSession({
    cli: 'gemini',
    others: ['codex', 'claude'],
    work: { ...COMPOUND_AMOUNTS, asks: true },
    lines: {
      PERMISSIONS: 'allow',
      PROVIDER_REQUIREMENTS: 'codex',
      PROVIDER_PLANNING: 'claude',
      MODEL_PLANNING: 'sonnet',
    },
    instead: ({ job, step, conversation }) => {
      const [result] = conversation.results;
      if (result && step === 1) refused.push([job.phase, result.failed]);
      return step === 0
        ? {
            say: 'Committing.',
            use: [{ name: 'Bash', input: { command: commit, description: 'Committing' } }],
          }
        : undefined;
    },
  });
  await session.until(({ status }) => status.kind === 'waiting' && status.for === 'qa_answers');
  await session.answer();
  await session.until(({ status }) => status.kind === 'waiting' && status.for === 'plan_approval');
  const started = await session.eventsOf('iteration_started');
  expect(started.map(({ phase, provider, model }) => [phase, provider, model])).toEqual([
    ['investigation', 'gemini', 'gemini-2.5-pro'],
    ['requirements', 'codex', ''],
    ['planning', 'claude', 'sonnet'],
  ]);
  const ended = await session.eventsOf('iteration_ended');
  expect(ended.map(({ ending }) => ending)).toEqual(Array(3).fill('signalled'));
  expect(refused).toEqual([
    ['investigation', true],
    ['requirements', true],
    ['planning', true],
  ]);
  expect(await session.git('log', '--format=%s', 'samocode/compound')).not.toContain('Confined');
});
