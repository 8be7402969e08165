import { join } from 'node:path';
import * as z from 'zod';
import type { WindowUsed } from '../../agents/contract/events.ts';
import { credentialNames, providerNamed } from '../../agents/registry.ts';
import { isoUtc } from '../../kernel/clock.ts';
import { configFolder } from '../../kernel/config-folder.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';
import type { OutageKind } from '../../kernel/phases/ending.ts';
import { OUTAGE_TEXT, outageDurationMs, type Patience, waitAfter } from '../../kernel/phases/outage.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import { isSameWindow, type KeptWindow, keptText, keptWindows } from '../../kernel/phases/usage-windows.ts';
import { machineKeep } from '../../project/finding/machine-setting.ts';
import type { HomePlaces } from '../../sandbox/home.ts';
import { accountKey, askPlanWindows, notePlanWindows, windowsFor } from '../../sandbox/plan-windows.ts';
import type { FrozenSettings } from '../../session/events/bodies/session-file.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { GUESS_MS, isBelievable, type Limit, spread } from '../../session/waits/limit-wait.ts';
import { type AgentChoice, agentChoice } from '../state/agent-choice.ts';
import { Blocked } from '../state/interrupts.ts';
import { record, stateOf, type Worker } from '../state/worker.ts';

/** Of a provider that no agent starts on: it has reached its limit, or a person keeps the rest. */
export interface LimitNow extends Limit {
  kept?: KeptWindow[];
}

export interface ChoiceNow extends AgentChoice {
  /** Set if the phase's own provider is at its limit and this one from FALLBACK replaces it. */
  insteadOf?: { provider: string; limit: LimitNow };
  /** Set if it is at its limit like every other provider: the limit that ends first. */
  limit?: LimitNow & { provider: string };
}

/** The provider for a phase: its own or, while that is at its limit, the first free one in FALLBACK. */
export async function chooseAgent(worker: Worker, phase: Phase): Promise<ChoiceNow> {
  const own = agentChoice(worker, phase);
  const limit = await limitOf(worker, own.provider.name);
  if (limit === undefined) return own;
  const { fallback, fallbackModels } = worker.file.settings;
  let first: LimitNow & { provider: string } = { ...limit, provider: own.provider.name };
  for (const name of fallback) {
    if (name === own.provider.name) continue;
    const other = await limitOf(worker, name);
    if (other !== undefined) {
      if (other.until < first.until) first = { ...other, provider: name };
      continue;
    }
    const insteadOf = { provider: own.provider.name, limit };
    return { provider: providerNamed(name), model: fallbackModels[name] ?? '', insteadOf };
  }
  return { ...own, limit: first };
}

async function limitOf(worker: Worker, provider: string): Promise<LimitNow | undefined> {
  return (await readSharedLimit(worker, provider)) ?? (await keptLimit(worker, provider));
}

/**
 * A session continued by another program gets that program's environment. The account never changes silently: other
 * credentials block until a person resumes.
 * @throws Blocked
 */
function requireSameAccount(worker: Worker, { provider }: AgentChoice): void {
  const before = stateOf(worker).paidBy[provider.name];
  const change = before && credentialChange(provider.name, before, worker.env);
  if (change === undefined) return;
  const reason = `The worker that continued the session was started where ${provider.name} would use other credentials (${change}). Resume it from the right environment, or from here if you want that.`;
  throw new Blocked({ reason, needs: 'human_decision', rule: 'credentials_changed' });
}

/**
 * How a provider's credentials differ from the recorded ones, as text with names only.
 * @returns undefined when they are the same
 */
function credentialChange(
  provider: string,
  before: readonly string[],
  env: Worker['env'],
): string | undefined {
  const now = credentialNames(provider, env);
  const gone = before.filter((name) => !now.includes(name));
  const added = now.filter((name) => !before.includes(name));
  const parts = [
    ...(gone.length > 0 ? [`no longer set: ${gone.join(', ')}`] : []),
    ...(added.length > 0 ? [`set now: ${added.join(', ')}`] : []),
  ];
  return parts.length > 0 ? parts.join('; ') : undefined;
}

const LONG_OVER_MS = 10_000;
const SHORTEST_REPEAT_MS = 1000;

/**
 * The events for an agent's usage limit, which is shared with every session of the account. If another provider of
 * FALLBACK is free, the session continues at once.
 * @param stated milliseconds since the epoch; null if the provider stated none
 */
export async function limitEnd(worker: Worker, stated: number | null): Promise<NewEvent[]> {
  const until = stated === null || isOfWrongClock(worker, stated) ? null : stated;
  const provider = stateOf(worker).lastProvider ?? worker.file.settings.provider;
  const known = await readSharedLimit(worker, provider);
  const guessed = until === null && (known?.guessed ?? true);
  const end = Math.max(until ?? known?.until ?? worker.clock.now() + GUESS_MS, soonestAfterMany(worker));
  // A stated time overrides a guess; of two stated ones the later counts, because the other belongs to a shorter
  // window.
  if (known === undefined || known.guessed || end > known.until)
    await shareLimit(worker, provider, { until: end, guessed });
  const choice = await chooseAgent(worker, stateOf(worker).progress.phase);
  const isFree = choice.limit === undefined && choice.provider.name !== provider;
  const own = { until: end, guessed, provider };
  const event = limited(worker, choice.limit && choice.limit.until < end ? choice.limit : own);
  return isFree ? [event, { type: 'went_on', why: 'fallback' }] : [event];
}

/** Limits that end immediately would start one agent after another, so the wait grows each time. */
function soonestAfterMany({ clock, file, writer }: Worker): number {
  const repeated = (writer.state.limitsInARow ?? 0) - 1;
  if (repeated < 1) return 0;
  const firstMs = Math.max(file.settings.retryDelayMs, SHORTEST_REPEAT_MS);
  return clock.now() + Math.min(firstMs * 2 ** (repeated - 1), GUESS_MS);
}

/**
 * A time in the past would restart agents forever, one far in the future would never end: one of the clocks is wrong.
 */
function isOfWrongClock({ clock }: Worker, until: number): boolean {
  const now = clock.now();
  return !(until >= now - LONG_OVER_MS && isBelievable({ until, guessed: false }, now));
}

/**
 * The provider of the next agent. Another session may have reached a limit meanwhile, and one may have ended.
 * @returns undefined when the session now waits for a limit
 * @throws Blocked if the account is another one
 */
export async function freeAgent(worker: Worker): Promise<ChoiceNow | undefined> {
  const choice = await chooseAgent(worker, stateOf(worker).progress.phase);
  requireSameAccount(worker, choice);
  if (choice.limit === undefined) return choice;
  await record(worker, limited(worker, choice.limit));
  return undefined;
}

/** Records every change of the provider because of a limit, and the return to the phase's own. */
export async function announceChange(worker: Worker, { provider, insteadOf }: ChoiceNow): Promise<void> {
  const last = stateOf(worker).lastProvider;
  if (last === undefined || last === provider.name) return;
  if (insteadOf) {
    const until = isoUtc(insteadOf.limit.until);
    const { kept } = insteadOf.limit;
    const why = kept ? keptText(kept) : `${insteadOf.provider} has reached its usage limit`;
    const text = `${why} until ${until}; ${provider.name} takes over (FALLBACK).`;
    await record(worker, { type: 'notice', code: 'fallback', text });
  } else if (worker.file.settings.fallback.includes(last)) {
    await record(worker, {
      type: 'notice',
      code: 'fallback',
      text: `${provider.name} is used again instead of ${last}.`,
    });
  }
}

function limited(
  { clock }: Worker,
  { until, guessed, provider, kept }: LimitNow & { provider: string },
): NewEvent {
  return {
    type: 'limited',
    until: spread(until, clock.now()),
    guessed,
    provider,
    kept,
    flow: kept
      ? `${keptText(kept)}; continues automatically`
      : 'Usage limit reached; continues automatically',
  };
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

export function patienceOf({
  retryDelayMs,
  outageMs = MINUTE_MS,
  retryHours,
}: Pick<FrozenSettings, 'retryDelayMs' | 'outageMs' | 'retryHours'>): Patience {
  return { quickMs: retryDelayMs, firstMs: outageMs, maxMs: retryHours * HOUR_MS };
}

/** The wait of an outage after its quick retries. Unlike a usage limit, it affects no other session or provider. */
export function outageEnd(worker: Pick<Worker, 'clock' | 'file' | 'writer'>, kind: OutageKind): NewEvent {
  const { settings } = worker.file;
  const { lastProvider, outage = { tries: 1, workedMs: 0 } } = stateOf(worker);
  const patience = patienceOf(settings);
  const now = worker.clock.now();
  const until = spread(now + waitAfter(outage.tries, patience), now);
  return {
    type: 'limited',
    until,
    // As a guess, so that setting the clock back does not prolong the wait.
    guessed: true,
    provider: lastProvider ?? settings.provider,
    outage: { kind, asksAt: Math.max(until, now + patience.maxMs - outageDurationMs(outage, patience)) },
    flow: `Waiting: ${OUTAGE_TEXT[kind]}; retries automatically`,
  };
}

/** The usage limit of one account, shared by all sessions of this machine. Times are milliseconds since the epoch. */
export const SharedLimit = z.object({
  v: z.literal(1),
  until: z.number(),
  guessed: z.boolean(),
  at: z.number(),
});
export type SharedLimit = z.infer<typeof SharedLimit>;

type Machine = Pick<Worker, 'env' | 'clock'>;

/** The current limit of the account that a provider uses here; undefined when none is known. */
export async function readSharedLimit(machine: Machine, provider: string): Promise<SharedLimit | undefined> {
  const path = limitPath(machine, provider);
  const limit = path === undefined ? undefined : await plainJson(path, SharedLimit);
  const now = machine.clock.now();
  return limit !== undefined && limit.until > now && isBelievable(limit, now) ? limit : undefined;
}

/** Shares the limit with every session of the account. Optional: otherwise each session detects it separately. */
export async function shareLimit(
  machine: Machine,
  provider: string,
  { until, guessed }: Pick<SharedLimit, 'until' | 'guessed'>,
): Promise<void> {
  const path = limitPath(machine, provider);
  if (path === undefined) return;
  const limit: SharedLimit = { v: 1, until, guessed, at: machine.clock.now() };
  try {
    makeFolder(join(path, '..'), 0o700);
    await writeWhole(path, `${JSON.stringify(limit)}\n`, { mode: 0o600 });
  } catch {
    // The home folder is read-only or full.
  }
}

/** Called when a person states that the account can be used again: sessions stop waiting. */
export async function liftSharedLimit(machine: Machine, provider: string): Promise<void> {
  if ((await readSharedLimit(machine, provider)) === undefined) return;
  await shareLimit(machine, provider, { until: machine.clock.now(), guessed: false });
}

function limitPath({ env }: Machine, provider: string): string | undefined {
  if (!env.HOME) return undefined;
  return join(configFolder(env.HOME), 'limits', `${accountKey(provider, env)}.json`);
}

/** The windows of the account that a provider would use, if less is left of one than the person keeps. */
async function keptLimit(worker: Worker, provider: string): Promise<LimitNow | undefined> {
  const keep = await keepNow(worker);
  if (!keep['5h'] && !keep['7d']) return undefined;
  const home = homeOf(worker);
  const cli = providerNamed(provider);
  const { chosen } = stateOf(worker);
  const ofChoice = chosen?.provider === provider ? chosen.cliPath : undefined;
  const path = ofChoice ?? worker.file.settings.cliPaths[provider];
  if (path !== undefined) await askPlanWindows(cli, path, home, worker.clock);
  const { opened = [] } = stateOf(worker);
  const kept = keptWindows(await windowsFor(worker.file.id, provider, home), keep, worker.clock.now())
    .map(({ window, used, endsAt, keep }) => ({ provider, window, used, endsAt, keep }))
    .filter((each) => !opened.some((other) => isSameWindow(each, other)));
  if (kept.length === 0) return undefined;
  return { until: Math.max(...kept.map(({ endsAt }) => endsAt)), guessed: false, kept };
}

/** The larger of the machine's, as it is now, and of what the project's file raised at the start. */
async function keepNow({ environment, watch, file }: Worker) {
  // As for the cost per day, the supervisor's environment counts: a login shell's may be another one.
  const keep = await machineKeep({ env: environment.started, home: watch.home });
  const { keep: raised = {} } = file.settings;
  const larger = (window: '5h' | '7d') => Math.max(keep[window] ?? 0, raised[window] ?? 0);
  return { '5h': larger('5h'), '7d': larger('7d') };
}

/** Notes the figures of an agent; people see them, and its own session goes by them. */
export async function noteWindows(
  worker: Worker,
  provider: string,
  seen: readonly WindowUsed[] = [],
  printedAt = 0,
): Promise<void> {
  const windows = seen.map((each) => ({
    seenAt: printedAt,
    ...each,
    from: 'agent' as const,
    session: worker.file.id,
  }));
  await notePlanWindows(provider, homeOf(worker), windows);
}

function homeOf({ env, watch }: Worker): HomePlaces {
  return { dir: watch.home, env };
}
