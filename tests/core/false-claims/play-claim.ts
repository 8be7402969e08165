import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { systemClock } from '../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../src/core/kernel/processes/host.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { type Command, leaveCommand } from '../../../src/core/session/commands/commands.ts';
import { planHash } from '../../../src/core/session/documents/plan.ts';
import { withLedger } from '../../../src/core/session/documents/requirements.ts';
import type { NewEvent } from '../../../src/core/session/events/events.ts';
import { readSession } from '../../../src/core/session/folder/read-session.ts';
import { iterationPaths, type SessionPaths, sessionPaths } from '../../../src/core/session/layout/paths.ts';
import { readEvents } from '../../../src/core/session/log/event-log.ts';
import { runWorker } from '../../../src/core/worker/loop/run-worker.ts';
import type { TipOfBranch } from '../../../src/core/worker/state/evidence.ts';
import { CLI_ANSWERS } from '../../support/cli-samples.ts';
import { eventually } from '../../support/eventually.ts';
import { createdEvent, sessionFileSample } from '../../support/session-file-sample.ts';
import { makeRepo, type TempRepo } from '../../support/temp-repo.ts';
import { eventLines } from '../unit/session/events.ts';
import { type FalseClaim, HONEST_WORK, PLAN } from './claim.ts';

export interface ClaimEnd {
  status: string;
  /** The text for the session's person or its next agent. */
  said: string;
  iterations: number;
}

/**
 * The agent: it runs the script next to it, once; the next agent only reports that it was sent back. If the claim is
 * repeated, agents of other phases only report that they have worked.
 */
const AGENT = `#!/bin/sh
${CLI_ANSWERS}here=$(dirname "$0")
signal=$SESSION/_signal.json
if [ -e "$here/again" ] && ! grep -qF "**Phase:** $(cat "$here/again")"; then
  printf 'More work. ' >>"$SESSION/work.md"
  echo '{"status":"continue","phase":"testing"}' >"$signal"
elif [ -e "$here/played" ] && [ ! -e "$here/again" ]; then
  echo '{"status":"blocked","reason":"sent back"}' >"$signal"
else
  : >"$here/played"
  sh "$here/does.sh"
  if [ -e "$here/signal" ]; then cat "$here/signal" >"$signal"; fi
fi
echo '{"type":"result","subtype":"success","is_error":false}'
`;

/** Plays a claim in a real session with a real agent process, until the session waits or ends. */
export async function playClaim(claim: FalseClaim): Promise<ClaimEnd> {
  const { does = '', signal = { status: 'done', summary: 'All of it.' } } = claim;
  const pages = {
    'README.md': '# Boats\n',
    'blank.md': '# Blank\n',
    'ends.md': '# Ends\n',
    'binary.md': '# Binary\n',
  };
  const ofRepo = { ...pages, 'test.sh': `${claim.tests ?? 'true'}\n`, '.gitignore': 'ignored\n_samocode\n' };
  await using repo = await makeRepo({ files: ofRepo });
  const paths = sessionPaths(join(repo.root, 'sessions'), '26-01-08-boats');
  const env = { ...repo.env, SESSION: paths.sessionDir, REPO: repo.path, RUN: paths.runDir };
  await prepareRepo({ ...repo, env }, paths, claim);
  const agent = join(repo.root, 'agent');
  await mkdir(agent);
  const waits = 'touch "$HOME/works"; until test -e "$HOME/told"; do sleep 0.05; done\n';
  await writeFile(join(agent, 'does.sh'), claim.message === 'meanwhile' ? `${waits}${does}` : does);
  const word = typeof signal === 'string' ? signal : JSON.stringify(signal);
  if (signal !== false) await writeFile(join(agent, 'signal'), word);
  await writeFile(agentOf(repo), AGENT, { mode: 0o755 });
  if (claim.isAgain) await writeFile(join(agent, 'again'), claim.phase ?? 'done');
  if (claim.message === 'before') await sendMessage(paths);
  const { sessionsDir, folder } = paths;
  const working = runWorker({
    ...{ sessionsDir, folder, clock: systemClock, host: await systemHost(), env },
    ...{ rehearsalProgram: 'none', supervisorProgram: 'none' },
  });
  if (claim.message === 'meanwhile') {
    await eventually(async () => existsSync(join(repo.homeDir, 'works')));
    await sendMessage(paths);
    await writeFile(join(repo.homeDir, 'told'), '');
  }
  await working;
  return await endOf(paths);
}

/** A shell script in place of the claude CLI: a Node program takes longer to start than a claim to be judged. */
function agentOf({ root }: TempRepo): string {
  return join(root, 'agent/claude');
}

/** A prepared session with an approved plan, whose checks pass on the base. */
async function prepareRepo(repo: TempRepo, paths: SessionPaths, claim: FalseClaim): Promise<void> {
  const { plan = PLAN, checks = ['sh test.sh'] } = claim;
  const { phase = claim.quick ? 'implementation' : 'done', before = claim.quick ? '' : HONEST_WORK } = claim;
  const worktreesDir = join(repo.root, 'worktrees');
  const worktree = { path: join(worktreesDir, 'boats'), branch: 'boats', base: 'main' };
  const began = await repo.git(['rev-parse', 'HEAD']);
  await repo.git(['worktree', 'add', '-q', '-b', worktree.branch, worktree.path]);
  const baseCommit = claim.below ? await beganWith(claim.below, worktree.path, repo) : began;
  const tree = await repo.git(['rev-parse', `${baseCommit}^{tree}`]);
  for (const dir of [paths.sessionDir, paths.runDir, paths.commands]) await mkdir(dir, { recursive: true });
  const firstCommit = claim.chat && (await beganWith(claim.chat, worktree.path, repo));
  const worked = await runCommand('sh', ['-ec', before], { cwd: worktree.path, env: repo.env });
  if (worked.exitCode !== 0) throw new Error(worked.stderr);
  const head = await repo.git(['rev-parse', 'HEAD'], worktree.path);
  const name = '01-08-1000-plan-boats.md';
  if (!claim.quick) await writeFile(join(paths.sessionDir, name), plan);
  const ledger = claim.ledger && JSON.stringify({ requirements: claim.ledger });
  if (ledger) await writeFile(paths.requirements, ledger);
  const approved = withLedger(plan, ledger);
  if (!claim.quick) await writeFile(paths.approvedPlan, approved);
  const sample = sessionFileSample({ id: ulid(), folder: paths.folder, sessionsDir: paths.sessionsDir });
  const proving = { in: claim.checkIn ?? ('clone' as const), fast: [], copy: [], timeoutMs: 2000 };
  const settings = {
    ...sample.settings,
    provider: 'claude',
    providers: {},
    cliPaths: { claude: agentOf(repo) },
    sandbox: 'off' as const,
    branch: 'boats',
    checks: [...checks],
    proving,
  };
  const file = { ...sample, mainRepo: repo.path, worktreesDir, settings };
  const by = { channel: 'cli' as const };
  const events: NewEvent[] = [
    createdEvent(file),
    ...(claim.quick ? [{ type: 'way_chosen', way: 'quick' } as const] : []),
    {
      ...{ type: 'prepared', phase, warnings: [], worktree: { ...worktree, baseCommit }, firstCommit },
      judgedFrom: claim.below && began,
    },
    ...ranOnBase(claim, { commit: baseCommit, tree }),
    ...(claim.secondGoal ? nextGoal(head) : []),
  ];
  const hash = planHash(approved);
  if (!claim.quick) events.push({ type: 'plan_approved', by, plan: { name, hash }, phase });
  await writeFile(paths.events, eventLines(events));
  await writeFile(paths.sessionFile, JSON.stringify(file));
}

function ranOnBase(claim: FalseClaim, base: TipOfBranch): NewEvent[] {
  const { leftRed, checks: [command = ''] = [], quick } = claim;
  const resumePhase = quick ? ('implementation' as const) : ('done' as const);
  const given = { type: 'checks_ran', set: 'base', in: 'clone', sandbox: 'none', fresh: true } as const;
  const ran = { ...given, ...base };
  if (leftRed === undefined) return [{ ...ran, runs: [] }];
  const how = `exit status ${leftRed}`;
  const output = { outputHash: 'x', outputBytes: 0, output: 'base-checks/base-1.txt' };
  return [
    { ...ran, runs: [{ command, exitCode: leftRed, how, durationMs: 1, ...output }] },
    {
      ...{ type: 'parked', for: 'qa_answers', resumePhase, openQuestions: ['Q1'] },
      ...{ unconfirmed: [], asks: [{ kind: 'red_base', question: 'x', keys: [] }] },
    },
    {
      ...{ type: 'answers_recorded', by: { channel: 'cli' }, open: [] },
      answers: [{ id: 'Q1', question: 'x', text: 'B', choice: 'B' }],
    },
  ];
}

/** @returns the first commit of the branch */
async function beganWith(script: string, cwd: string, { env, git }: TempRepo): Promise<string> {
  const copied = await runCommand('sh', ['-ec', `${script}\ngit add -A; git commit -qm Files`], { cwd, env });
  if (copied.exitCode !== 0) throw new Error(copied.stderr);
  return await git(['rev-parse', 'HEAD'], cwd);
}

/** A session that was done and has a new goal. */
function nextGoal(head: string): NewEvent[] {
  const iteration = { iteration: 1, phase: 'done' as const };
  const agent = { provider: 'rehearsal', model: '', credentials: [], sandbox: 'none' as const };
  const begun = { ...agent, log: 'x.jsonl', childUuid: 'u', timeLimitMs: 1000 };
  const done = { kind: 'done' as const, phase: 'done' as const, summary: 'The first goal' };
  const ended = { ending: 'signalled' as const, exitCode: 0, signalNotes: [], decision: done, changed: true };
  const rest = { treeChanged: true, cost: {}, durationMs: 1, flowLines: [], head };
  const resumed = {
    phase: 'investigation' as const,
    goal: 'Name every harbour too',
    resetsCounts: true,
    oldTip: head,
  };
  return [
    { type: 'iteration_started', ...iteration, ...begun },
    { type: 'iteration_ended', ...iteration, ...ended, ...rest },
    { type: 'done', summary: done.summary },
    { type: 'resumed', by: { channel: 'cli' }, ...resumed },
  ];
}

async function sendMessage(paths: SessionPaths): Promise<void> {
  const command = { v: 1, id: ulid(), by: { channel: 'cli' }, at: '2026-01-08T10:00:00.000Z' };
  await leaveCommand(paths, { ...command, kind: 'message', text: 'Stop: the names are secret.' } as Command);
}

async function endOf(paths: SessionPaths): Promise<ClaimEnd> {
  const view = await readSession(paths, await systemHost());
  const events = await readEvents(paths, 0);
  const approved = events.findIndex(({ type }) => type === 'plan_approved');
  const first = events.slice(Math.max(0, approved)).find((event) => event.type === 'iteration_ended');
  if (first?.type !== 'iteration_ended')
    throw new Error(`No agent ended: ${JSON.stringify(view?.state.status)}`);
  const next = iterationPaths(paths, first.iteration + 1).prompt;
  const prompt = existsSync(next) ? await readFile(next, 'utf8') : '';
  const iterations = events.filter(({ type }) => type === 'iteration_ended').length;
  const { status, asks } = view?.state ?? {};
  const said = [status, asks].map((each) => JSON.stringify(each));
  return { status: status?.kind ?? 'lost', said: [...said, prompt].join('\n'), iterations };
}
