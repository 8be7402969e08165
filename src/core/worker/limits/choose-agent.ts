import { credentialNames, providerNamed } from '../../agents/registry.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import type { Limit } from '../../session/waits/limit-wait.ts';
import { type AgentChoice, agentChoice } from '../state/agent-choice.ts';
import { Blocked } from '../state/blocked.ts';
import { stateOf, type Worker } from '../state/worker.ts';
import { type KeptLimit, keptLimit } from './kept-windows.ts';
import { readSharedLimit } from './shared-limit.ts';

/** Of a provider that no agent starts on: it has reached its limit, or a person keeps the rest. */
export type LimitNow = Limit & Partial<Pick<KeptLimit, 'kept'>>;

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
export function requireSameAccount(worker: Worker, { provider }: AgentChoice): void {
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
