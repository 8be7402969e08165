import type { Clock } from '../../../core/kernel/clock.ts';
import type { Author, Forge } from '../forge/forge.ts';

const CACHE_MS = 5 * 60_000;

/** Decides who may steer agents: people with write access, and trusted accounts. Caches answers for a few minutes. */
export class Steering {
  readonly #writers = new Map<string, { may: boolean; atMs: number }>();

  /** @param trusted the accounts in PR_TRUST @returns the logins that may steer */
  async among(
    authors: readonly Author[],
    repository: string,
    { forge, clock, trusted = [] }: { forge: Forge; clock: Clock; trusted?: readonly string[] },
  ): Promise<ReadonlySet<string>> {
    const may = new Set(trusted);
    const nowMs = clock.monotonic();
    for (const { login, kind } of authors) {
      if (kind !== 'person' || may.has(login)) continue;
      const key = `${repository} ${login}`;
      const known = this.#writers.get(key);
      const isFresh = known !== undefined && nowMs - known.atMs < CACHE_MS;
      const access = isFresh ? known : { may: await forge.hasWriteAccess(repository, login), atMs: nowMs };
      this.#writers.set(key, access);
      if (access.may) may.add(login);
    }
    return may;
  }
}

/** The accounts in the value of PR_TRUST. */
export function trustedIn(prTrust = ''): string[] {
  return prTrust
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}
