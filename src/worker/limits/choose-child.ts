import type { Phase } from '../../phases/table.ts';
import { providerNamed } from '../../providers/registry.ts';
import { type ChildChoice, childChoice } from '../core/child-choice.ts';
import type { Worker } from '../core/worker.ts';
import { readSharedLimit, type SharedLimit } from './shared-limit.ts';

export interface ChoiceNow extends ChildChoice {
  /** The phase's own provider is used up, and this one of FALLBACK goes on in its place. */
  insteadOf?: { provider: string; limit: SharedLimit };
  /** It is used up itself, and so is every other: the first of their limits to end. */
  limit?: SharedLimit & { provider: string };
}

/** Who works next in a phase: its own provider, or while that is used up the first of FALLBACK that is not. */
export async function chooseChild(worker: Worker, phase: Phase): Promise<ChoiceNow> {
  const own = childChoice(worker, phase);
  const limit = await readSharedLimit(worker, own.provider.name);
  if (limit === undefined) return own;
  const { fallback = [], fallbackModels = {} } = worker.file.settings;
  let first = { ...limit, provider: own.provider.name };
  for (const name of fallback) {
    if (name === own.provider.name) continue;
    const other = await readSharedLimit(worker, name);
    if (other !== undefined) {
      if (other.until < first.until) first = { ...other, provider: name };
      continue;
    }
    const insteadOf = { provider: own.provider.name, limit };
    return { provider: providerNamed(name), model: fallbackModels[name] ?? '', insteadOf };
  }
  return { ...own, limit: first };
}
