import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Phase } from '../../src/core/kernel/phases/table.ts';
import { runCommand } from '../../src/core/kernel/processes/run-command.ts';
import { planHash } from '../../src/core/session/documents/plan.ts';
import { FORMAT_VERSION } from '../../src/core/session/events/bodies/format.ts';
import type { SessionFile } from '../../src/core/session/events/bodies/session-file.ts';
import type { NewEvent } from '../../src/core/session/events/events.ts';
import { type SessionPaths, sessionPaths } from '../../src/core/session/layout/paths.ts';
import { makeProject, type TempProject } from './project.ts';
import { checkRun } from './proved-events.ts';
import { did, diveText, logText, planText, qaText } from './report-texts.ts';
import { sessionFileSample } from './session-file-sample.ts';
import { writeBelow } from './temp-dir.ts';
import { STARTED, TAKEN } from './work-events.ts';

export interface ReportPlan {
  iterations: number;
  /** Text that is added to everything that an agent or a person can write. */
  also?: string;
  /** Name of the session, without its date. */
  name?: string;
  /** Approximate characters of each transcript; every third has ten times as many. */
  transcriptChars?: number;
  /** Its state; by default done; `asked`: waits for the answers to its first two questions. */
  ends?: 'asked' | 'done' | 'waiting' | 'planned' | 'blocked' | 'running' | 'queued' | 'stopped';
  project?: TempProject;
  /** The run of a recurring session that it is. */
  recurring?: SessionFile['recurring'];
  /** Other texts than those of the tests, for pictures. */
  words?: ReportWords;
}

/** The texts of a session: its task, `_qa.md`, its plan, what its agents did, why it is blocked and how it ended. */
export interface ReportWords {
  task: string;
  qa?: string;
  plan?: string;
  did?: readonly string[];
  reason?: string;
  summary?: string;
}

export interface ReportedSession {
  project: TempProject;
  folder: string;
  paths: SessionPaths;
}

const PLAN = '01-08-1030-plan-names.md';
const START_MS = Date.UTC(2026, 0, 8, 9);

/** A session that never ran, with all files that a report reads: its events, logs, documents and commits. */
export async function reportedSession(plan: ReportPlan): Promise<ReportedSession> {
  const { iterations, also = '', name = 'boat-names', project = await makeProject(), ends = 'done' } = plan;
  const folder = `26-01-08-${name}`;
  const paths = sessionPaths(project.sessionsDir, folder);
  const base = await project.repo.git(['rev-parse', 'HEAD']);
  const phases = phasesOf(iterations);
  const heads = await commitAll(project, { base, phases, branch: `samocode/${name}`, also });
  const { words } = plan;
  const text = words?.plan ?? planText(also);
  await writeBelow(paths.sessionDir, {
    [PLAN]: text,
    '_qa.md': words?.qa ?? qaText(also),
    '01-08-0930-dive-names.md': diveText(also),
    '_requirements.json': JSON.stringify({
      requirements: [
        { id: 'R1', text: `Every boat has a name ${also}`, check: 'npm test' },
        { id: 'R2', text: 'Names are readable on a phone', check: 'reviewed' },
      ],
    }),
  });
  const { settings } = sessionFileSample();
  const file = sessionFileSample({
    settings: {
      ...settings,
      checks: ['npm test'],
      ...(words && { gateChannels: [...settings.gateChannels, 'web'] }),
    },
    folder,
    task:
      words?.task ??
      `Give every boat a name, and show it in the list.\n\nNames come from the harbour's file; a boat without one is called “船 № 7”. ${also}`,
    mainRepo: project.repo.path,
    worktreesDir: project.worktreesDir,
    sessionsDir: project.sessionsDir,
    configPath: join(project.repo.path, '.samocode'),
    recurring: plan.recurring,
  });
  const events = eventsOf(
    { phases, heads, base, also, ends, words, worktree: join(project.worktreesDir, folder) },
    file,
    planHash(text),
  );
  // Renamed into place like that of a real start: a page that is open must never read a session without its log.
  const draft = join(dirname(paths.runDir), `.${folder}.draft`);
  await writeBelow(draft, {
    'session.json': JSON.stringify(file),
    'approved-plan.md': text,
    'events.jsonl': events.map((event) => `${JSON.stringify(event)}\n`).join(''),
  });
  await rename(draft, paths.runDir);
  for (const [at, phase] of phases.entries())
    await writeBelow(paths.logs, {
      [logOf(at, phase)]: logText(at, phase, also, (plan.transcriptChars ?? 2000) * (at % 3 === 2 ? 10 : 1)),
    });
  return { project, folder, paths };
}

function phasesOf(count: number): Phase[] {
  const ends: Phase[] = ['testing', 'quality', 'quality', 'testing'];
  const begins: Phase[] = ['investigation', 'requirements', 'requirements', 'planning'];
  const middle = Math.max(0, count - begins.length - ends.length);
  return [...begins, ...Array<Phase>(middle).fill('implementation'), ...ends].slice(0, count);
}

const logOf = (at: number, phase: Phase) => `01-08-0900-${String(at + 1).padStart(3, '0')}-${phase}.jsonl`;

interface Course {
  phases: Phase[];
  heads: string[];
  base: string;
  also: string;
  ends: NonNullable<ReportPlan['ends']>;
  words: ReportWords | undefined;
  worktree: string;
}

/** One commit per iteration that writes code. @returns the branch's tip after each iteration */
async function commitAll(
  { repo }: TempProject,
  { base, phases, branch, also }: { base: string; phases: Phase[]; branch: string; also: string },
): Promise<string[]> {
  const lines = [`reset refs/heads/${branch}\nfrom ${base}\n`];
  const marks: number[] = [];
  for (const [at, phase] of phases.entries()) {
    const writes = phase === 'implementation' || phase === 'testing';
    marks.push((marks.at(-1) ?? 0) + Number(writes));
    if (!writes) continue;
    const subject = `Name the boats of pier ${at} ${also}`;
    const code = Array.from(
      { length: 60 },
      (_, line) => `export const boat${line} = 'pier ${at + line}';\n`,
    ).join('');
    const source = `// ${also}\n${code}`;
    lines.push(
      `commit refs/heads/${branch}\ncommitter A <a@example.invalid> ${START_MS / 1000 + at} +0000\n`,
      `data ${Buffer.byteLength(subject)}\n${subject}\n`,
      `M 100644 inline src/pier-${at % 17}.ts\ndata ${Buffer.byteLength(source)}\n${source}\n`,
      `M 100644 inline "docs/Häfen <b>${at % 5}.md"\ndata 3\n${at % 10}\n\n\n`,
    );
  }
  const input = lines.join('');
  await runCommand('git', ['fast-import', '--quiet'], { cwd: repo.path, env: repo.env, input });
  const commits = (await repo.git(['rev-list', '--reverse', `${base}..${branch}`])).split('\n');
  return marks.map((mark) => commits[mark - 1] ?? base);
}

function eventsOf(
  { phases, heads, base, also, ends, words, worktree }: Course,
  file: SessionFile,
  hash: string,
) {
  const by = { channel: 'cli' } as const;
  const timed: [atMs: number, event: NewEvent][] = [];
  let now = START_MS;
  const push = (event: NewEvent, afterMs = 1000) => {
    now += afterMs;
    timed.push([now, event]);
  };
  push({
    type: 'session_created',
    sessionId: '01KEE000000000000000000000',
    runWanted: true,
    by,
    file,
    sandbox: 'guard',
  });
  push(TAKEN);
  push({
    type: 'prepared',
    phase: 'investigation',
    worktree: {
      path: worktree,
      branch: `samocode/${worktree.split('26-01-08-')[1]}`,
      base: 'main',
      baseCommit: base,
    },
    warnings: [],
  });
  push({
    type: 'checks_ran',
    set: 'base',
    in: 'clone',
    sandbox: 'guard',
    commit: base,
    tree: base,
    runs: [checkRun({ output: 'base-checks/1.txt' })],
  });
  for (const [at, phase] of phases.entries()) {
    const iteration = at + 1;
    const isLast = iteration === phases.length;
    // The phase in which a session of a picture stands is its own.
    const next = phases[at + 1] ?? (words === undefined || ends === 'done' ? 'done' : phase);
    push({
      ...{ ...STARTED, iteration, phase, provider: 'claude', model: 'opus' },
      ...{ log: logOf(at, phase), timeLimitMs: 1_800_000, sandbox: 'guard' },
    });
    if (isLast && ends === 'running') break;
    const durationMs = 120_000 + ((at * 7919) % 11) * 60_000;
    const ending = at % 23 === 9 ? 'timeout' : 'signalled';
    push(
      {
        type: 'iteration_ended',
        iteration,
        phase,
        ending,
        exitCode: 0,
        signalNotes: [],
        signal:
          ending === 'signalled'
            ? {
                status: 'continue',
                phase: next,
                summary: `${did(phase, at)} ${also}`,
                ...(phase === 'quality' && { reviewed: ['R2'] }),
              }
            : undefined,
        problem: ending === 'timeout' ? `it ran out of time ${also}` : undefined,
        decision:
          isLast && ends === 'done'
            ? { kind: 'done', phase: 'done', summary: 'Every boat has a name.' }
            : { kind: 'run', phase: next, notes: [], delay: 'none' },
        changed: true,
        treeChanged: true,
        cost: {
          usd: 0.1 + ((at * 31) % 17) / 10,
          inputTokens: 9000 + at * 90,
          outputTokens: 4000 + ((at * 37) % 9) * 700,
          cachedTokens: 180_000 + ((at * 53) % 13) * 40_000,
          model: 'claude-opus-4-8',
          version: '2.1.0',
          tools: { Bash: 9, Edit: 4, [`Read ${also}`]: 12 },
        },
        durationMs,
        head: heads[at],
        lastAction: words?.did?.[at % words.did.length] ?? `${did(phase, at)} ${also}`.trim(),
        next: words?.did?.[(at + 1) % words.did.length] ?? 'Show them in the list',
        flowLines: [],
      },
      durationMs,
    );
    if (phase === 'requirements' && next === 'requirements' && ends !== 'asked') {
      push(asking('Q1', 'Q2'));
      push(
        {
          type: 'answers_recorded',
          by,
          answers: [
            { id: 'Q1', question: 'a', text: 'B' },
            { id: 'Q2', question: 'b', text: also },
          ],
          open: [],
        },
        40 * 60_000,
      );
    }
    if (phase === 'planning' && next === 'implementation') {
      const plan = { name: PLAN, hash };
      push(awaitingApproval(plan));
      push({ type: 'plan_approved', by: { channel: 'phone' }, plan, phase: 'implementation' }, 9 * 3600_000);
    }
    if (phase === 'testing' && next !== 'done')
      push({
        type: 'checks_ran',
        set: 'full',
        iteration,
        in: 'clone',
        sandbox: 'guard',
        commit: heads[at] ?? base,
        tree: base,
        runs: [
          checkRun(),
          checkRun({
            command: `npm run lint ${also}`,
            exitCode: 1,
            how: 'exit status 1',
            tail: `\u001b[31merror\u001b[0m in src/pier.ts ${also}`,
          }),
        ],
      });
  }
  if (ends === 'blocked')
    push({
      type: 'blocked',
      phase: 'implementation',
      reason: words?.reason ?? `The harbour's file is gone. ${also}`,
      needs: 'human_decision',
      rule: 'agent',
    });
  if (ends === 'planned') push(awaitingApproval({ name: PLAN, hash }));
  if (ends === 'queued')
    push({ type: 'queued', reason: "the project's limit of parallel sessions is reached" });
  if (ends === 'stopped') push({ type: 'stopped', by, why: 'on request' });
  if (ends === 'waiting') push(asking('Q2'));
  if (ends === 'asked') push(asking('Q1', 'Q2'));
  if (ends === 'done') {
    const head = heads.at(-1) ?? base;
    push({
      type: 'checks_ran',
      set: 'full',
      iteration: phases.length,
      in: 'clone',
      sandbox: 'guard',
      commit: head,
      tree: base,
      runs: [checkRun(), checkRun({ command: 'npm run lint', tail: 'Checked 41 files. No fixes applied.' })],
    });
    push({
      type: 'done',
      summary:
        words?.summary ?? `Every boat has a name, and the list shows it in Latin, 漢字 and العربية. ${also}`,
      requirements: [{ id: 'R1', text: 'Every boat has a name', check: 'npm test' }],
    });
  }
  return timed.map(([atMs, event], index) => ({
    v: FORMAT_VERSION,
    n: index + 1,
    at: new Date(atMs).toISOString(),
    lease: 1,
    ...event,
  }));
}

const asking = (...openQuestions: string[]): NewEvent => ({
  ...{ type: 'parked', for: 'qa_answers', resumePhase: 'requirements', openQuestions, unconfirmed: [] },
});

function awaitingApproval(plan: { name: string; hash: string }): NewEvent {
  return {
    type: 'parked',
    for: 'plan_approval',
    resumePhase: 'implementation',
    openQuestions: [],
    unconfirmed: [],
    plan,
  };
}
