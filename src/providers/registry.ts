import { nearestName } from '../base/nearest-name.ts';
import { claude } from './claude/claude.ts';
import { codex } from './codex/codex.ts';
import type { Provider } from './contract/provider.ts';
import { PROVIDER_ERRORS } from './contract/provider-errors.ts';
import { gemini } from './gemini/gemini.ts';
import { rehearsal } from './rehearsal.ts';

/** Every provider that a setting or a call may name. */
export const PROVIDERS: readonly Provider[] = [claude, codex, gemini, rehearsal];

/**
 * The provider called `name`, in any letter case.
 * @throws unknown_provider
 */
export function providerNamed(name: string): Provider {
  const wanted = name.trim().toLowerCase();
  const provider = PROVIDERS.find((known) => known.name === wanted);
  if (provider) return provider;
  const names = PROVIDERS.map((known) => known.name);
  throw PROVIDER_ERRORS.unknown_provider({ name, names, meant: nearestName(name, names) });
}

/** Whether the CLIs themselves keep all agents of these providers from what is not theirs: Codex does, if it may. */
export function areConfined(names: readonly string[], permissions: 'skip' | 'allow'): boolean {
  return permissions === 'allow' && names.every((name) => name === codex.name);
}
