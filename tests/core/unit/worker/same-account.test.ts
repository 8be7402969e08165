import { expect, test } from 'vitest';
import { systemClock as clock } from '../../../../src/core/kernel/clock.ts';
import { notePlanWindows } from '../../../../src/core/sandbox/plan-windows.ts';
import { ChildrenEnvironment } from '../../../../src/core/sandbox/programs/login-shell.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { Projector } from '../../../../src/core/worker/documents/projector.ts';
import { freeAgent, shareLimit } from '../../../../src/core/worker/limits/account.ts';
import { Blocked } from '../../../../src/core/worker/state/interrupts.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { createdEvent, sessionFileSample } from '../../../support/session-file-sample.ts';
import { type TempLog, tempLog } from '../../../support/temp-log.ts';

const CLI = { channel: 'cli' } as const;

function childOf(provider: string, credentials: string[]): NewEvent {
  return {
    type: 'iteration_started',
    iteration: 1,
    phase: 'investigation',
    provider,
    model: '',
    log: 'child.jsonl',
    childUuid: 'u',
    timeLimitMs: 1000,
    sandbox: 'none',
    credentials,
  };
}

/** The worker of a session on Claude Code, with Codex as fallback, after these agents. */
async function workerAfter(
  log: TempLog,
  env: Record<string, string>,
  events: readonly NewEvent[],
): Promise<Worker> {
  const { paths } = log;
  const { writer } = await log.open();
  await writer.append(createdEvent(), ...events);
  const sample = sessionFileSample({ folder: paths.folder, sessionsDir: paths.sessionsDir });
  const settings = { ...sample.settings, provider: 'claude', providers: {}, fallback: ['codex'] };
  const file = { ...sample, settings };
  const projector = new Projector(paths, file);
  const environment = new ChildrenEnvironment(env);
  const watch = { home: paths.sessionsDir } as Worker['watch'];
  const own = { HOME: paths.sessionsDir, ...env };
  const parts = { paths, file, clock, env: own, environment, watch, writer, projector };
  return parts as Partial<Worker> as Worker;
}

/** Why no agent may be chosen. */
const whyBlocked = async (worker: Worker) => {
  const error = await freeAgent(worker).catch((thrown: unknown) => thrown);
  return error instanceof Blocked ? error.block.reason : undefined;
};

test("an agent of another provider in between does not allow the first provider's account to change", async () => {
  await using log = await tempLog();
  const events = [childOf('claude', []), childOf('codex', ['OPENAI_API_KEY'])];
  const worker = await workerAfter(log, { ANTHROPIC_API_KEY: 'k' }, events);
  expect(await whyBlocked(worker)).toContain(
    'claude would use other credentials (set now: ANTHROPIC_API_KEY)',
  );
});

test('a provider that replaces one at its limit must keep its own account', async () => {
  await using log = await tempLog();
  const events = [childOf('codex', ['OPENAI_API_KEY']), childOf('claude', [])];
  const worker = await workerAfter(log, {}, events);
  expect((await freeAgent(worker))?.provider.name).toBe('claude');
  await shareLimit(worker, 'claude', { until: clock.now() + 60_000, guessed: false });
  const why = 'codex would use other credentials (no longer set: OPENAI_API_KEY)';
  expect(await whyBlocked(worker)).toContain(why);
});

test('what is kept of one plan lets another provider take over, until that one is kept as well', async () => {
  await using log = await tempLog();
  const worker = await workerAfter(log, { KEEP_5H: '20%' }, []);
  const home = { dir: log.paths.sessionsDir, env: worker.env };
  const seen = (endsInMs: number) => {
    const seenAt = clock.now();
    return [{ window: '5h', used: 0.8, endsAt: seenAt + endsInMs, seenAt, from: 'agent' } as const];
  };
  await notePlanWindows('claude', home, seen(7_200_000));
  expect(await freeAgent(worker)).toMatchObject({
    provider: { name: 'codex' },
    insteadOf: { provider: 'claude', limit: { kept: [{ window: '5h', keep: 20 }] } },
  });
  await notePlanWindows('codex', home, seen(3_600_000));
  expect(await freeAgent(worker)).toBeUndefined();
  expect(worker.writer.state.status).toMatchObject({ kind: 'limited', kept: [{ provider: 'codex' }] });
});

test.each([
  [
    'a person who resumes accepts the new account',
    { type: 'resumed', by: CLI, phase: 'investigation', resetsCounts: true },
    true,
  ],
  [
    'a changed file does not accept the new account',
    { type: 'resumed', by: { channel: 'file' }, phase: 'investigation', resetsCounts: false },
    false,
  ],
] as [string, NewEvent, boolean][])('%s', async (_who, resumed, accepted) => {
  await using log = await tempLog();
  const worker = await workerAfter(log, { ANTHROPIC_API_KEY: 'k' }, [childOf('claude', []), resumed]);
  expect((await whyBlocked(worker)) === undefined).toBe(accepted);
});
