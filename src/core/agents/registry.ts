import { ACP_PROVIDERS } from '../../extensions/acp/acp.ts';
import { rehearsal } from '../../extensions/rehearsal/rehearsal.ts';
import { nearestName } from '../kernel/nearest-name.ts';
import { claude } from './claude/claude.ts';
import { codex } from './codex/codex.ts';
import type { Provider } from './contract/provider.ts';
import { PROVIDER_ERRORS } from './contract/provider-errors.ts';
import { gemini } from './gemini/gemini.ts';

const ALL = [claude, codex, gemini, ...ACP_PROVIDERS, rehearsal] as const;

export type ProviderName = (typeof ALL)[number]['name'];

/** A provider with settings: an agent CLI of this machine, not the bundled agent. */
export type CliName = Extract<(typeof ALL)[number], { settings: object }>['name'];

/** The providers that a setting or a call can name. */
export const PROVIDERS: ReadonlyArray<Provider & { name: ProviderName }> = ALL;

export const PROVIDER_NAMES = PROVIDERS.map(({ name }) => name);

/** The names in a sentence, such as `a, b or c`. */
export const PROVIDER_CHOICES = `${PROVIDER_NAMES.slice(0, -1).join(', ')} or ${PROVIDER_NAMES.at(-1)}`;

/** The provider called `name`, ignoring case. @throws unknown_provider */
export function providerNamed(name: string): Provider {
  const provider = findProvider(name.trim().toLowerCase());
  if (provider) return provider;
  const names = PROVIDER_NAMES;
  throw PROVIDER_ERRORS.unknown_provider({ name, names, meant: nearestName(name, names) });
}

function findProvider(name: string): Provider | undefined {
  return PROVIDERS.find((known) => known.name === name);
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Names, never values, of the credentials set for a provider; without any, its own login is used. */
export function credentialNames(provider: string, env: Environment): string[] {
  return (findProvider(provider)?.credentials ?? []).filter((name) => env[name]);
}

/** Whether the CLIs of these providers confine all their agents themselves. */
export function areConfined(names: readonly string[], permissions: 'skip' | 'allow'): boolean {
  return permissions === 'allow' && names.every((name) => findProvider(name)?.confinesItself);
}

/** The title of the first of these providers that a repository can cause to run programs. */
export function openToRepositories(names: readonly string[]): string | undefined {
  return names.map(findProvider).find((provider) => provider?.needsGuard)?.title;
}
