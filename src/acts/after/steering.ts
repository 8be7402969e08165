import type { Clock } from '../../base/clock.ts';
import type { Author, Forge } from '../../forge/forge.ts';

const TRUSTED_MS = 5 * 60_000;

/** Who may tell agents what to do: people with write access to a repository, asked about once in a few minutes. */
export class Steering {
  readonly #writers = new Map<string, { may: boolean; atMs: number }>();

  /** @param trusted accounts that PR_TRUST names @throws the errors of a forge */
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
      const isFresh = known !== undefined && nowMs - known.atMs < TRUSTED_MS;
      const asked = isFresh ? known : { may: await forge.hasWriteAccess(repository, login), atMs: nowMs };
      this.#writers.set(key, asked);
      if (asked.may) may.add(login);
    }
    return may;
  }
}

/** The accounts that a list in PR_TRUST names. */
export function trustedIn(prTrust = ''): string[] {
  return prTrust
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}
