import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { getStatus } from '../../../../src/core/caller/facts/get-status.ts';
import type { SessionEvent } from '../../../../src/core/session/events/events.ts';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { ci } from '../../../support/ci.ts';
import { eventsOfType, noticesOf } from '../../../support/events-of.ts';
import { eventually } from '../../../support/eventually.ts';
import { processesOf } from '../../../support/live-session.ts';
import { trustLines } from '../../../support/project.ts';
import { DONE, shell } from '../../../support/scenario-rules.ts';
import { HANGS, type RigPlan, type SessionRig, startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';

const STAY = { act: 'end', did: 'Looked', signal: { status: 'continue' } };

const HANG = { when: { phase: 'implementation' }, do: [{ act: 'hang' }] };
/** The check counts its runs, so that an agent can wait for the last one of the base. */
const COUNTED = 'echo >>"$OUTSIDE/runs"; ';
const untilRuns = (count: number) => ({
  act: 'run',
  command: ['sh', '-c', `until [ "$(cat "$OUTSIDE/runs" | wc -l)" -ge ${count} ]; do sleep 0.1; done`],
});

/** A session whose first agent works in `phase` by `rules`; in implementation the next one hangs. */
async function inPhase(
  phase: 'done' | 'testing' | 'implementation',
  rules: object[],
  plan: Required<Pick<RigPlan, 'lines'>> & Pick<RigPlan, 'here' | 'before'>,
): Promise<SessionRig> {
  return await startRig({ here: true, phase, scenario: { rules: [...rules, HANG] }, ...plan });
}

/** The same in a repository with `files`. */
async function inPhaseWith(
  files: Readonly<Record<string, string>>,
  rules: object[],
  { lines }: Required<Pick<RigPlan, 'lines'>>,
): Promise<SessionRig> {
  return await startRig({
    here: true,
    repo: { files },
    phase: 'done',
    scenario: { rules: [...rules, HANG] },
    lines,
  });
}

const isBlocked = ({ status }: { status: { kind: string } }) => status.kind === 'blocked';

function decisions(events: readonly SessionEvent[]): string {
  return JSON.stringify(
    events.flatMap((event) => (event.type === 'iteration_ended' ? [event.decision] : [])),
  );
}

function scratchOf({ file }: SessionRig): string {
  return join(file.worktreesDir, '_checks', file.folder);
}

test.concurrent(
  "a check that passes only with the agent's ignored file returns the work, with its output",
  ci,
  async () => {
    const cheat = [
      { act: 'edit', path: 'flag', text: 'work\n' },
      { act: 'edit', path: '.gitignore', text: 'helper\n' },
      { act: 'commit', subject: 'Work' },
      { act: 'edit', path: 'helper', text: 'only here\n' },
      DONE,
    ];
    await using rig = await inPhase('done', [{ when: { phase: 'done' }, do: cheat }], {
      lines: { CHECK: 'test ! -e flag || cat helper' },
    });
    await rig.until(({ openIteration }) => openIteration?.phase === 'implementation');
    const prompt = await readFile(iterationPaths(rig.paths, 2).prompt, 'utf8');
    expect(prompt).toContain('Checks of the project failed: `test ! -e flag || cat helper` (exit status 1)');
    expect(prompt).toMatch(/> cat: helper: No such file/);
    const full = (await eventsOfType(rig, 'checks_ran')).find(({ set }) => set === 'full');
    const branch = ['rev-parse', rig.file.settings.branch, `${rig.file.settings.branch}^{tree}`];
    const [commit, tree] = (await rig.repo.git(branch)).split('\n');
    expect(full).toMatchObject({ in: 'clone', commit, tree, iteration: 1, runs: [{ exitCode: 1 }] });
    expect(await readFile(join(rig.paths.runDir, full?.runs[0]?.output ?? ''), 'utf8')).toContain(
      'No such file',
    );
    expect(existsSync(join(scratchOf(rig), 'full'))).toBe(false);
  },
);

const PASSED = { act: 'end', did: 'Passed', signal: { status: 'continue', phase: 'quality' } };

test.concurrent('work that is repeatedly left uncommitted blocks with the list of files', async () => {
  const leaves = [{ act: 'edit', path: 'left over.txt', text: 'x\n', append: true }, PASSED];
  const builds = ['sh', '-c', 'echo x >>built; git add built; git commit -qm Build'];
  const hands = { act: 'end', did: 'Built it', signal: { status: 'continue', phase: 'testing' } };
  await using rig = await inPhase(
    'testing',
    [
      { when: { phase: 'testing' }, do: leaves },
      { when: { phase: 'implementation' }, do: [{ act: 'run', command: builds }, hands] },
    ],
    { lines: { CHECK: 'true' } },
  );
  const { status, progress } = await rig.until(isBlocked);
  expect(status).toMatchObject({ rule: 'uncommitted', reason: 'Not committed: left over.txt' });
  expect(progress.testReturns).toBe(3);
  expect((await eventsOfType(rig, 'checks_ran')).filter(({ set }) => set === 'full')).toEqual([]);
});

test.concurrent(
  'no third agent is paid for work that two left uncommitted in the same worktree',
  ci,
  async () => {
    const leaves = [{ act: 'edit', path: 'left over.txt', text: 'x\n' }, PASSED];
    await using rig = await inPhase('testing', [{ when: { phase: 'testing' }, do: leaves }], {
      lines: { CHECK: 'true' },
    });
    const { status, progress } = await rig.until(isBlocked);
    expect(status).toMatchObject({
      rule: 'uncommitted',
      reason: expect.stringMatching(/^Not committed: left over\.txt\. Another agent was told so/),
    });
    expect(progress.totalIterations).toBe(2);
  },
);

test.concurrent('work is returned to an agent while a check fails on the committed files, with the list of uncommitted ones; checks that passed on a commit are not repeated on it', async () => {
  const goes = (phase: string) => ({ act: 'end', did: 'Fine', signal: { status: 'continue', phase } });
  const breaks = [
    { act: 'edit', path: 'broken', text: 'x\n' },
    { act: 'commit', subject: 'Break' },
  ];
  const repairs = shell('git rm -q broken; git commit -qm Repair');
  const leaves = { act: 'edit', path: 'left over.txt', text: 'x\n' };
  const commits = shell('git add -A; git commit -qm x');
  const leavesMore = { act: 'edit', path: 'one more.txt', text: 'x\n' };
  const removes = { act: 'run', command: ['rm', 'one more.txt'] };
  await using rig = await inPhase(
    'testing',
    [
      { when: { phase: 'testing', count: 1 }, do: [...breaks, goes('quality')] },
      { when: { phase: 'implementation', count: 1 }, do: [repairs, goes('testing')] },
      { when: { phase: 'testing', count: 2 }, do: [leaves, goes('quality')] },
      { when: { phase: 'testing', count: 3 }, do: [commits, goes('quality')] },
      { when: { phase: 'quality' }, do: [goes('done')] },
      { when: { phase: 'done', count: 1 }, do: [leavesMore, DONE] },
      { when: { phase: 'done', count: 2 }, do: [removes, DONE] },
    ],
    { lines: { CHECK: 'test ! -e broken' } },
  );
  const { proved } = await rig.until(({ status }) => status.kind === 'done');
  const events = await rig.events();
  const phases = events.flatMap((event) => (event.type === 'iteration_started' ? [event.phase] : []));
  expect(
    phases,
    'testing returns while a check fails, testing and done stay while work is uncommitted',
  ).toEqual(['testing', 'implementation', 'testing', 'testing', 'quality', 'done', 'done']);
  const listed = decisions(events).match(/Not committed: [^.]*\.txt/g);
  expect(listed, 'the list of uncommitted files').toEqual([
    'Not committed: left over.txt',
    'Not committed: one more.txt',
  ]);
  const full = (await eventsOfType(rig, 'checks_ran')).filter(({ set }) => set === 'full');
  expect(
    full.map(({ runs }) => runs[0]?.exitCode),
    'checks that passed for quality are not repeated for done',
  ).toEqual([1, 0]);
  expect(proved?.commit).toBe(await rig.repo.git(['rev-parse', rig.file.settings.branch]));
});

test.concurrent('a base that misses an ignored file passes once CHECK_COPY names it', async () => {
  await using rig = await startRig({
    repo: { files: { 'README.md': '# A\n', '.gitignore': '.env.test\n' } },
    lines: { GATES: 'none', CHECK: `${COUNTED}grep -q secret .env.test || exit 127` },
    start: { run: false },
    here: true,
    scenario: { rules: [{ when: {}, do: [untilRuns(1), STAY] }] },
  });
  await rig.repo.write({ '.env.test': 'secret\n' });
  await rig.resume();
  const { status } = await rig.until(isBlocked);
  expect(status).toMatchObject({
    rule: 'base_checks',
    reason: expect.stringContaining(
      'a clone has no ignored files unless SETUP creates or CHECK_COPY copies them',
    ),
  });
  await trustLines(rig.repo, 'CHECK_COPY=.env.test\n');
  await rig.resume();
  const { baseChecks } = await rig.until((state) => state.baseChecks?.result === 'green');
  expect(baseChecks?.failed).toEqual([]);
});

test.concurrent('checks of the base run beside the agent, end with their worker, and leave nothing', async () => {
  await using rig = await startRig({
    lines: { CHECK: 'touch "$OUTSIDE/begun"; sleep 600' },
    scenario: HANGS,
  });
  await eventually(async () => existsSync(join(rig.repo.root, 'begun')));
  const { host } = rig.context();
  expect(await processesOf(host, `${rig.file.id}-base`)).not.toEqual([]);
  await rig.stop();
  await endOfWorker(rig);
  expect(await processesOf(host, `${rig.file.id}-base`)).toEqual([]);
  expect(existsSync(scratchOf(rig))).toBe(false);
  expect(await eventsOfType(rig, 'checks_ran')).toEqual([]);
});

test.concurrent('a stop ends the checks of a killed worker while the agent runs', async () => {
  await using rig = await startRig({
    lines: { CHECK: 'touch "$OUTSIDE/begun"; sleep 600' },
    scenario: HANGS,
  });
  await eventually(async () => existsSync(join(rig.repo.root, 'begun')));
  const { host } = rig.context();
  const before = await processesOf(host, `${rig.file.id}-base`);
  await rig.killWorker();
  await rig.launch();
  await eventually(async () => (await rig.workerPid()) !== undefined);
  await rig.stop();
  await endOfWorker(rig);
  expect(before).not.toEqual([]);
  expect(await processesOf(host, `${rig.file.id}-base`)).toEqual([]);
});

test.concurrent("remains of a killed worker's checks are ended and removed by the next worker", async () => {
  const stays = { rules: [{ when: { iteration: 1 }, do: [{ act: 'sleep', ms: 3000 }, { act: 'normal' }] }] };
  await using rig = await startRig({
    lines: { CHECK: 'test -e "$OUTSIDE/begun" || { touch "$OUTSIDE/begun"; sleep 600; }' },
    scenario: stays,
  });
  await eventually(async () => existsSync(join(rig.repo.root, 'begun')));
  await rig.killWorker();
  expect(existsSync(join(scratchOf(rig), 'base'))).toBe(true);
  await rig.untilWaiting('qa_answers');
  await endOfWorker(rig);
  expect(await processesOf(rig.context().host, `${rig.file.id}-base`)).toEqual([]);
  expect(existsSync(join(scratchOf(rig), 'base'))).toBe(false);
});

/** As Express does for `sendFile`: what lies below a folder whose name begins with a dot is not there. */
const SERVER = `import { createServer } from 'node:http';
const isHidden = (path) => path.split('/').some((part) => part.startsWith('.'));
const server = createServer((_, response) => response.writeHead(isHidden(process.cwd()) ? 404 : 200).end());
server.listen(0, async () => {
  const { status } = await fetch(\`http://localhost:\${server.address().port}\`);
  process.exit(status === 200 ? 0 : 1);
});
`;

test.concurrent('a server that leaves out folders with a dot serves the files of the clone', async () => {
  await using rig = await inPhaseWith(
    { 'serve.mjs': SERVER },
    [
      {
        when: { phase: 'done' },
        do: [{ act: 'edit', path: 'a', text: 'x\n' }, { act: 'commit', subject: 'Work' }, DONE],
      },
    ],
    { lines: { CHECK: 'node serve.mjs' } },
  );
  await rig.until(({ status, openIteration }) => status.kind === 'done' || openIteration?.iteration === 2);
  const { runs, ...full } = (await eventsOfType(rig, 'checks_ran')).find(({ set }) => set === 'full') ?? {};
  expect({ ...full, exits: runs?.map(({ exitCode }) => exitCode) }).toMatchObject({
    in: 'clone',
    exits: [0],
  });
});

const BASE_RAN = 'until ls ../_checks/.base/*/result.json; do sleep 0.2; done';

test.concurrent('SETUP runs in each clone before the checks', async () => {
  const works = [{ act: 'edit', path: 'a', text: 'x\n' }, { act: 'commit', subject: 'Work' }, DONE];
  await using rig = await inPhaseWith(
    { 'package-lock.json': '{}\n', '.gitignore': 'node_modules\n' },
    [{ when: { phase: 'done' }, do: [shell(BASE_RAN), ...works] }],
    {
      lines: {
        SETUP: 'mkdir -p node_modules && echo installed >node_modules/a && pwd >>"$OUTSIDE/setups"',
        CHECK: 'grep -q installed node_modules/a && echo broken >node_modules/a',
      },
    },
  );
  await rig.until(({ status }) => status.kind === 'done');
  const setups = (await readFile(join(rig.repo.root, 'setups'), 'utf8')).trim().split('\n');
  const clones = setups.filter((path) => path.includes('_checks')).map((path) => basename(path));
  expect(clones).toEqual(['base', 'full', expect.stringMatching(/^old-/)]);
  const full = (await eventsOfType(rig, 'checks_ran')).find(({ set }) => set === 'full');
  expect(full?.runs.map(({ exitCode }) => exitCode)).toContain(0);
});

test.concurrent('a fast check that fails after an implementation iteration comes first in the next prompt', async () => {
  const works = [{ act: 'edit', path: 'a', text: 'x\n' }, { act: 'commit', subject: 'Phase 1: a' }, STAY];
  await using rig = await inPhase('implementation', [{ when: { iteration: 1 }, do: works }], {
    lines: { CHECK_FAST: 'test ! -e a || { echo "a is wrong"; exit 4; }' },
  });
  await rig.until(({ openIteration }) => openIteration?.iteration === 2);
  const prompt = await readFile(iterationPaths(rig.paths, 2).prompt, 'utf8');
  expect(prompt).toContain(
    '## First of all\n\n- `test ! -e a || { echo "a is wrong"; exit 4; }` failed (exit status 4)',
  );
  expect(prompt).toContain('> a is wrong');
  expect((await eventsOfType(rig, 'checks_ran')).find(({ set }) => set === 'fast')).toMatchObject({
    in: 'worktree',
    iteration: 1,
  });
});

test.concurrent('a branch that an agent has deleted is reported to the next one, instead of a fast check', async () => {
  const script = 'branch=$(git branch --show-current); git checkout -q --detach; git branch -qD "$branch"';
  const deletes = shell(script);
  await using rig = await inPhase('implementation', [{ when: { iteration: 1 }, do: [deletes, STAY] }], {
    lines: { CHECK_FAST: 'true' },
  });
  await rig.until(({ openIteration }) => openIteration?.iteration === 2);
  const prompt = await readFile(iterationPaths(rig.paths, 2).prompt, 'utf8');
  expect(prompt).toMatch(/The branch \S+ of this session is gone\. Recreate it at your last commit\./);
});

test.concurrent('while a check runs, status names it', async () => {
  await using rig = await inPhase('done', [{ when: { phase: 'done' }, do: [DONE] }], {
    lines: { CHECK: 'test ! -e "$OUTSIDE/slow" || sleep 600' },
  });
  await rig.until(({ openIteration }) => openIteration?.iteration === 1);
  await writeFile(join(rig.repo.root, 'slow'), '');
  await eventually(async () => {
    const { activity } = await getStatus({ session: rig.file.folder }, rig.context());
    return activity?.startsWith('checking: test ! -e');
  });
});

test.concurrent('with CHECK_IN=worktree uncommitted files are included, and the session says so', async () => {
  const leaves = [{ act: 'edit', path: 'helper', text: 'x\n' }, DONE];
  await using rig = await inPhase('done', [{ when: { phase: 'done' }, do: leaves }], {
    lines: { CHECK: 'cat helper', CHECK_IN: 'worktree' },
  });
  await rig.until(({ status }) => status.kind === 'done');
  expect(await noticesOf(rig, 'checks_in_worktree')).not.toEqual([]);
  expect(await eventsOfType(rig, 'checks_ran')).toMatchObject([{ set: 'full', in: 'worktree' }]);
});

test.concurrent('a base on which a check cannot run continues with CHECK_IN=worktree, but not before a person has trusted that line', async () => {
  const works = [
    { act: 'edit', path: '.gitignore', text: 'helper\n' },
    { act: 'commit', subject: 'Work' },
    { act: 'edit', path: 'helper', text: 'x\n' },
    DONE,
  ];
  await using rig = await inPhase(
    'done',
    [
      { when: { phase: 'done', count: 1 }, do: works },
      { when: { phase: 'done' }, do: [DONE] },
    ],
    { lines: { CHECK: 'cat helper || exit 127' } },
  );
  expect((await rig.until(isBlocked)).status).toMatchObject({ rule: 'base_checks' });
  await appendFile(join(rig.repo.path, '.samocode'), 'CHECK_IN=worktree\n');
  await expect(rig.resume()).rejects.toMatchObject({ code: 'project_not_trusted' });
  await trustLines(rig.repo);
  await rig.resume();
  await rig.until(({ status }) => status.kind === 'done');
  expect((await eventsOfType(rig, 'checks_ran')).at(-1)).toMatchObject({ set: 'full', in: 'worktree' });
});

test.concurrent('if no clone can be created the session blocks with the reason, and no agent is started to fix it', async () => {
  const block = async ({ file }: SessionRig) => {
    await mkdir(file.worktreesDir, { recursive: true });
    await writeFile(join(file.worktreesDir, '_checks'), 'in the way');
  };
  await using rig = await inPhase('done', [{ when: { phase: 'done' }, do: [DONE] }], {
    lines: { CHECK: 'true' },
    before: block,
  });
  const { status } = await rig.until((state) => isBlocked(state) || state.status.kind === 'done');
  expect(status).toMatchObject({ rule: 'clone_failed', reason: expect.stringContaining('ENOTDIR') });
  await rm(join(rig.file.worktreesDir, '_checks'));
  await rig.resume();
  await rig.until((state) => state.status.kind === 'done');
});

test.concurrent('checks in a clone are ended by a stop at once, and run again before the session is done', async () => {
  const works = [{ act: 'edit', path: 'a', text: 'x\n' }, { act: 'commit', subject: 'Work' }, DONE];
  await using rig = await inPhase('done', [{ when: { phase: 'done' }, do: works }], {
    lines: { CHECK: 'test ! -e a || test -e "$OUTSIDE/again" || { touch "$OUTSIDE/again"; sleep 600; }' },
  });
  await eventually(async () => existsSync(join(rig.repo.root, 'again')));
  await rig.stop();
  await rig.until(({ status }) => status.kind === 'stopped');
  expect(await rig.processesWithMark()).toEqual([]);
  await rig.resume();
  const { progress } = await rig.until(({ status }) => status.kind === 'done');
  expect(progress.totalIterations).toBe(1);
});

test.concurrent('after a worker is killed during the checks, the next one runs them again', async () => {
  const works = [{ act: 'edit', path: 'a', text: 'x\n' }, { act: 'commit', subject: 'Work' }, DONE];
  await using rig = await inPhase('done', [{ when: { phase: 'done' }, do: works }], {
    lines: { CHECK: 'test ! -e a || test -e "$OUTSIDE/again" || { touch "$OUTSIDE/again"; sleep 600; }' },
    here: false,
  });
  await eventually(async () => existsSync(join(rig.repo.root, 'again')));
  await rig.killWorker();
  const { progress } = await rig.until(({ status }) => status.kind === 'done');
  expect(progress.totalIterations).toBe(1);
  expect((await eventsOfType(rig, 'checks_ran')).filter(({ set }) => set === 'full')).toHaveLength(1);
  await endOfWorker(rig);
  expect(await rig.processesWithMark()).toEqual([]);
  expect(existsSync(scratchOf(rig))).toBe(false);
});

test.concurrent('a check whose command the shell does not find on the base blocks the session', async () => {
  // In testing, agents may stay until the result of the base is recorded.
  const waits = [{ when: { phase: 'testing' }, do: [untilRuns(1), STAY] }];
  await using rig = await inPhase('testing', waits, { lines: { CHECK: `${COUNTED}mytool --fast` } });
  const { status } = await rig.until(isBlocked);
  expect(status).toMatchObject({
    rule: 'base_checks',
    reason: expect.stringContaining('the shell cannot find "mytool"'),
  });
});
