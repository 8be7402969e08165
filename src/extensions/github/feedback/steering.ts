import type { Author, Forge } from '../forge/forge.ts';

/**
 * Decides who may steer agents: people with write access, and trusted accounts.
 * @param trusted the accounts in PR_TRUST @returns the logins that may steer
 */
export async function steeringLogins(
  authors: readonly Author[],
  repository: string,
  { forge, trusted = [] }: { forge: Forge; trusted?: readonly string[] },
): Promise<ReadonlySet<string>> {
  const people = new Set(authors.filter(({ kind }) => kind === 'person').map(({ login }) => login));
  const may = new Set(trusted);
  for (const login of people)
    if (!may.has(login) && (await forge.hasWriteAccess(repository, login))) may.add(login);
  return may;
}

/** The accounts in the value of PR_TRUST. */
export function trustedIn(prTrust = ''): string[] {
  return prTrust
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}
