import type { Project } from '../../../core/project/finding/open-project.ts';
import { valuesOf } from '../../../core/project/settings/settings.ts';
import { GITHUB_ROWS } from '../settings.ts';
import type { GitHub } from './github.ts';
import type { Author } from './github-answers.ts';

/**
 * Decides who may steer agents: people with write access, and trusted accounts.
 * @param trusted the accounts in PR_TRUST @returns the logins that may steer
 */
export async function trustedAuthors(
  authors: readonly Author[],
  repository: string,
  { forge, trusted = [] }: { forge: GitHub; trusted?: readonly string[] },
): Promise<ReadonlySet<string>> {
  const people = new Set(authors.filter(({ isPerson }) => isPerson).map(({ login }) => login));
  const may = new Set(trusted);
  for (const login of people)
    if (!may.has(login) && (await forge.hasWriteAccess(repository, login))) may.add(login);
  return may;
}

/** The accounts in PR_TRUST. */
export function trustedIn({ values }: Pick<Project, 'values'>): string[] {
  const { prTrust = '' } = valuesOf(GITHUB_ROWS, values);
  return prTrust
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}
