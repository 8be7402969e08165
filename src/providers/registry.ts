import { SamocodeError } from '../base/errors.ts';
import { nearestName } from '../base/nearest-name.ts';
import { claude } from './claude.ts';
import { codex } from './codex.ts';
import { gemini } from './gemini.ts';
import type { Provider } from './provider.ts';
import { rehearsal } from './rehearsal.ts';

/** Every provider that a setting or a call may name. */
export const PROVIDERS: readonly Provider[] = [claude, codex, gemini, rehearsal];

/**
 * The provider called `name`, in any letter case.
 * @throws UnknownProviderError
 */
export function providerNamed(name: string): Provider {
  const wanted = name.trim().toLowerCase();
  const provider = PROVIDERS.find((known) => known.name === wanted);
  if (!provider) throw new UnknownProviderError(name);
  return provider;
}

/** Whether the CLIs themselves keep all agents of these providers from what is not theirs: Codex does, if it may. */
export function areConfined(names: readonly string[], permissions: 'skip' | 'allow'): boolean {
  return permissions === 'allow' && names.every((name) => name === codex.name);
}

export class UnknownProviderError extends SamocodeError {
  readonly code = 'unknown_provider';

  constructor(name: string) {
    const names = PROVIDERS.map((provider) => provider.name);
    const meant = nearestName(name, names);
    super(
      `The provider "${name}" is not known.`,
      `The providers are: ${names.join(', ')}.`,
      meant ? `Did you mean "${meant}"? Set PROVIDER to it.` : `Set PROVIDER to one of them.`,
    );
  }
}
