import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../../src/core/caller/context/context.ts';
import type { Decision } from '../../src/core/kernel/phases/decision.ts';
import { acquireLease } from '../../src/core/kernel/processes/lease.ts';
import { pendingCommandIds, readCommand, removeCommand } from '../../src/core/session/commands/commands.ts';
import { planHash } from '../../src/core/session/documents/plan.ts';
import type { PlanVersion } from '../../src/core/session/events/bodies/positions.ts';
import type { SessionFile } from '../../src/core/session/events/bodies/session-file.ts';
import type { NewEvent } from '../../src/core/session/events/events.ts';
import { sessionFolders } from '../../src/core/session/folder/session-list.ts';
import { type SessionPaths, sessionPaths } from '../../src/core/session/layout/paths.ts';
import { EventWriter } from '../../src/core/session/log/event-writer.ts';
import { readSessionFile } from '../../src/core/session/log/read-session-file.ts';
import { nowText } from '../../src/core/session/words/words.ts';
import { createdEvent } from '../../tests/support/session-file-sample.ts';
import {
  questionsText,
  RECORDED_ITERATIONS,
  RECORDED_PLAN,
  RECORDED_QUESTIONS,
  RECORDED_SUMMARY,
  type RecordedIteration,
} from './recorded-session.ts';
import type { Schedule } from './replay-clock.ts';

const MINUTE_MS = 60_000;
/** The time between two agents: the checkpoint, the decision, the prompt. */
const GAP_MS = 2000;
const PLAN_NAME = '11-20-0948-plan-jwt-auth.md';

interface Begun {
  paths: SessionPaths;
  file: SessionFile;
  writer: EventWriter;
}

/**
 * Stands in for a worker: takes the session that the parent starts, writes the recorded events through the real writer
 * when they are due, and waits for the parent's commands where a person is asked.
 */
export class RecordedWorker implements Schedule {
  readonly #context: ActionContext;
  readonly #sessionsDir: string;
  #begun: Begun | undefined;
  #due: { atMs: number; act: () => Promise<void> }[] = [];
  #askedRounds = 0;
  #iteration = 0;

  constructor(sessionsDir: string, context: ActionContext) {
    this.#sessionsDir = sessionsDir;
    this.#context = context;
  }

  dueAt(): number {
    return this.#due[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  async runDue(): Promise<void> {
    this.#begun ??= await this.#begin();
    for (const next of this.#due.filter(({ atMs }) => atMs <= this.#context.clock.monotonic())) {
      this.#due.shift();
      await next.act();
    }
    // With nothing due, the session rests until a command continues it.
    if (this.#begun && this.#due.length === 0) await this.#takeCommand(this.#begun);
  }

  async close(): Promise<void> {
    await this.#begun?.writer[Symbol.dispose]();
  }

  async #begin(): Promise<Begun | undefined> {
    const folder = (await sessionFolders(this.#sessionsDir))[0];
    if (folder === undefined) return undefined;
    const paths = sessionPaths(this.#sessionsDir, folder);
    const file = await readSessionFile(paths);
    if (!file) return undefined;
    const { host, clock } = this.#context;
    const writer = await EventWriter.open(paths, await acquireLease(paths.leases, { host, clock }), clock);
    await mkdir(paths.sessionDir, { recursive: true });
    await writer.append(createdEvent(file));
    return { paths, file, writer };
  }

  async #takeCommand({ paths, file, writer }: Begun): Promise<void> {
    const [id] = pendingCommandIds(paths);
    const reading = id === undefined ? undefined : await readCommand(paths, id);
    if (reading?.kind !== 'command') return;
    const { command } = reading;
    const { kind, by } = command;
    const accepted: NewEvent = { type: 'command_accepted', id: command.id, kind, by };
    if (kind === 'start') {
      const path = join(file.worktreesDir, file.folder);
      const worktree = {
        path,
        branch: file.settings.branch,
        base: 'origin/main',
        baseCommit: 'f'.repeat(40),
      };
      await writer.append(accepted, { type: 'prepared', worktree, phase: 'investigation', warnings: [] });
    } else if (kind === 'answer') {
      const answers = command.answers.map(({ id: of, text }) => ({ id: of, question: 'q', text }));
      await writer.append(accepted, { type: 'answers_recorded', by, answers, open: [] });
    } else if (kind === 'approve') {
      await writer.append(accepted, {
        type: 'plan_approved',
        by,
        plan: this.#plan(),
        phase: 'implementation',
      });
    } else throw new Error(`The recorded session cannot handle the command ${kind}.`);
    await removeCommand(paths, command.id);
    this.#in(GAP_MS, () => this.#startAgent());
  }

  async #startAgent(): Promise<void> {
    const iteration = RECORDED_ITERATIONS[this.#iteration];
    if (!iteration || !this.#begun) return;
    this.#iteration += 1;
    const { phase, minutes } = iteration;
    const log = `11-20-0900-${this.#iteration}-${phase}.jsonl`;
    await this.#begun.writer.append({
      ...{
        type: 'iteration_started',
        iteration: this.#iteration,
        phase,
        provider: 'claude',
        model: 'opus',
        log,
      },
      ...{
        childUuid: '6f1c9c0e-3f0e-4b9f-8d77-3a3a3a3a3a3a',
        timeLimitMs: 30 * MINUTE_MS,
        credentials: [],
        sandbox: 'none',
      },
    });
    await this.#writeNow();
    this.#in((minutes * MINUTE_MS) / 2, () => this.#writeNow(iteration.activity));
    this.#in(minutes * MINUTE_MS - GAP_MS, () => this.#endAgent(iteration));
  }

  async #endAgent(iteration: RecordedIteration): Promise<void> {
    const decision = await this.#decisionAfter(iteration);
    const { phase, minutes, lastAction, next } = iteration;
    const isCut = iteration.end === 'killed at its time limit';
    await this.#begun?.writer.append({
      ...{ type: 'iteration_ended', iteration: this.#iteration, phase, exitCode: isCut ? null : 0, decision },
      ...{ ending: isCut ? 'timeout' : 'signalled', signalNotes: [], flowLines: [], lastAction, next },
      ...(isCut ? {} : { signal: { status: 'continue', phase: decision.phase } as const }),
      ...{ changed: true, treeChanged: phase === 'implementation', durationMs: minutes * MINUTE_MS },
      cost: { usd: 0.6, inputTokens: 90_000, outputTokens: 6000, cachedTokens: 700_000, turns: 30 },
    });
    await this.#writeNow();
    this.#in(1000, () => this.#settle(decision));
  }

  async #settle(decision: Decision): Promise<void> {
    const { writer } = this.#begun ?? {};
    if (decision.kind === 'park') {
      const round = RECORDED_QUESTIONS[this.#askedRounds - 1] ?? [];
      const isPlan = decision.for === 'plan_approval';
      await writer?.append({
        ...{ type: 'parked', for: decision.for, resumePhase: decision.resumePhase, unconfirmed: [] },
        openQuestions: isPlan ? [] : round.map(({ id }) => id),
        ...(isPlan && { plan: this.#plan() }),
      });
    } else if (decision.kind === 'done') {
      await writer?.append({ type: 'done', summary: decision.summary });
    } else await this.#startAgent();
    await this.#writeNow();
  }

  async #decisionAfter({ phase, end }: RecordedIteration): Promise<Decision> {
    const { paths } = this.#begun ?? {};
    if (end === 'asks') {
      this.#askedRounds += 1;
      if (paths) await writeFile(paths.qa, questionsText(this.#askedRounds));
      return { kind: 'park', phase, for: 'qa_answers', resumePhase: phase };
    }
    if (end === 'plans') {
      if (paths) await writeFile(join(paths.sessionDir, PLAN_NAME), RECORDED_PLAN);
      return { kind: 'park', phase, for: 'plan_approval', resumePhase: 'implementation' };
    }
    if (end === 'done') return { kind: 'done', phase, summary: RECORDED_SUMMARY };
    const next = RECORDED_ITERATIONS[this.#iteration]?.phase ?? phase;
    const retry = end === undefined ? {} : { retry: 'timeout' as const };
    return { kind: 'run', phase: next, notes: [], delay: 'none', ...retry };
  }

  async #writeNow(activity?: string): Promise<void> {
    const { paths, file, writer } = this.#begun ?? {};
    if (paths && file && writer) await writeFile(paths.now, nowText(file, writer.state, activity));
  }

  #plan(): PlanVersion {
    return { name: PLAN_NAME, hash: planHash(RECORDED_PLAN) };
  }

  #in(ms: number, act: () => Promise<void>): void {
    this.#due.push({ atMs: this.#context.clock.monotonic() + ms, act });
    this.#due.sort((a, b) => a.atMs - b.atMs);
  }
}
