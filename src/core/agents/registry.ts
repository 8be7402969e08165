import { nearestName } from '../kernel/nearest-name.ts';
import type { Permissions } from '../kernel/phases/grants.ts';
import { newRegistry } from '../kernel/registry.ts';
import { inWords } from '../kernel/text.ts';
import { claude } from './claude/claude.ts';
import { codex } from './codex/codex.ts';
import type { Provider } from './contract/provider.ts';
import { PROVIDER_ERRORS } from './contract/provider-errors.ts';
import { gemini } from './gemini/gemini.ts';

const CORE = [claude, codex, gemini] as const;

export type CoreProvider = (typeof CORE)[number]['name'];

export const furtherProviders = newRegistry<Provider>('providers');

export function allProviders(): readonly Provider[] {
  return [...CORE, ...furtherProviders.items];
}

export function providerNames(): string[] {
  return allProviders().map(({ name }) => name);
}

/** As in `a, b or c`. */
export function providerChoices(): string {
  return inWords(providerNames(), 'or');
}

/** The accounts that it accepts, as in `takes an API key`, if it refuses others that it accepted once. */
export function acceptedAccounts({ facts }: Pick<Provider, 'facts'>): string | undefined {
  return facts?.refused === undefined ? undefined : `takes ${facts.accounts}`;
}

/** Whether a script plays the agent, and its own scenario: it writes a document, whatever the task is. */
export function isRehearsal({
  provider,
  scenarioPath,
}: {
  provider: string;
  scenarioPath?: string;
}): boolean {
  return isBundled(provider) && scenarioPath === undefined;
}

/** Whether it is the agent that comes with this program: it has no settings, and costs nothing. */
export function isBundled(name: string): boolean {
  const provider = findProvider(name);
  return provider !== undefined && provider.settings === undefined;
}

/** Ignores case. */
export function providerNamed(name: string): Provider {
  const provider = findProvider(name.trim().toLowerCase());
  if (provider) return provider;
  const names = providerNames();
  throw PROVIDER_ERRORS.unknown_provider({ name, names, meant: nearestName(name, names) });
}

function findProvider(name: string): Provider | undefined {
  return allProviders().find((known) => known.name === name);
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Names, never values, of the credentials set for a provider; without any, its own login is used. */
export function credentialNames(provider: string, env: Environment): string[] {
  return (findProvider(provider)?.credentials ?? []).filter((name) => env[name]);
}

/** Whether the CLIs of these providers confine all their agents themselves. */
export function areConfined(names: readonly string[], permissions: Permissions): boolean {
  return permissions === 'allow' && names.every((name) => findProvider(name)?.confinesItself);
}

/** The title of the first of these providers that a repository can cause to run programs. */
export function openToRepositories(names: readonly string[]): string | undefined {
  return names.map(findProvider).find((provider) => provider?.needsGuard)?.title;
}
